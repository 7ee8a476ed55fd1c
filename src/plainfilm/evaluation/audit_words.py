"""What the audits' numbers mean, in plain sentences; a shortcut is named."""

import math
from collections.abc import Iterator, Mapping

from plainfilm.evaluation.bootstrap import Interval

MOVED = 0.02  # of the probability, on average; by more a mark beside the body moves the answer
BEHIND = 0.15  # AUROC; the frame alone must tell less than the whole film by at least this
CHANCE = 0.5  # the AUROC of a coin
SHORTCUT = "SHORTCUT"

# These change a little of the film itself too, so they are told and not called a shortcut.
_TOLD = {
    "blanked": "corners and border are blackened (with the little of the body that they hold)",
    "unlettered": "letters and other bright marks near the border are painted over",
}


def shortcut_words(display: str, whole: float, found: Mapping[str, object]) -> list[str]:
    """What was found, one sentence each; a shortcut's begins with that word.

    Parameters
    ----------
    display
        The finding's words.
    whole
        AUROC of the whole films; NaN = not known.
    found
        What `audit_numbers` measured of the finding.
    """
    shortcuts = list(_shortcuts(display, whole, found))
    told = [
        f"{display}: the probability moves by {_shown(moved)} on average when {words}."
        for name, words in _TOLD.items()
        if (moved := _moved(found.get(name))) is not None and moved.value > MOVED
    ]
    told += _untold(display, whole, found)
    if shortcuts or told or math.isnan(whole):
        return [*shortcuts, *told]
    return [f"{display}: no letter, border or frame was seen to do the work of the film."]


def _untold(display: str, whole: float, found: Mapping[str, object]) -> Iterator[str]:
    untold = found.get("untold_auroc")
    if isinstance(untold, Interval) and not math.isnan(whole):
        yield (
            f"{display}: told what is known of age, sex and view, the AUROC is {whole:.3f}; of the "
            f"same films with nothing told, {_shown(untold)}."
        )
        keys = ("told_ece", "told_brier", "untold_ece", "untold_brier")
        numbers = [each for key in keys if isinstance(each := found.get(key), Interval)]
        if len(numbers) == len(keys):  # an older table has no probabilities with nothing told
            ece, brier, *untold_ones = (_shown(number) for number in numbers)
            yield (
                f"{display}: told that, the calibration error is {ece} and the Brier score "
                f"{brier}; with nothing told, {' and '.join(untold_ones)}."
            )


def alarms(audits: Mapping[str, Mapping[str, object]]) -> list[str]:
    """The sentences of `shortcut_words` that name a shortcut, of all findings."""
    said = [found.get("words") for found in audits.values()]
    every = [words for words in said if isinstance(words, list)]
    return [sentence for words in every for sentence in words if sentence.startswith(SHORTCUT)]


def _shortcuts(display: str, whole: float, found: Mapping[str, object]) -> Iterator[str]:
    moved = _moved(found.get("marker"))
    if moved is not None and moved.value > MOVED:
        yield (
            f"{SHORTCUT}, {display}: a letter pasted beside the body moves the probability by "
            f"{_shown(moved)} on average (more than {MOVED:g})."
        )
    frame = found.get("frame_auroc")
    if isinstance(frame, Interval) and frame.low > CHANCE and frame.value > whole - BEHIND:
        yield (
            f"{SHORTCUT}, {display}: the frame alone, without the body, gives an AUROC of "
            f"{_shown(frame)}; the whole films {whole:.3f}."
        )


def _moved(change: object) -> Interval | None:
    moved = change.get("mean_absolute_change") if isinstance(change, Mapping) else None
    return moved if isinstance(moved, Interval) else None


def _shown(number: Interval) -> str:
    return f"{number.value:.3f} [{number.low:.3f}, {number.high:.3f}]"
