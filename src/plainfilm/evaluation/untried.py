"""Which audits an evaluation does not hold, and why: a sentence each, in numbers, report and card.

An audit that needs what is not there (films of both kinds, maps, a list of boxes) leaves nothing
behind; without these sentences a reader could not tell that from an audit that found nothing.
"""

from collections.abc import Callable, Mapping

from plainfilm.evaluation.audit_sections import (
    BOXES,
    FACTS_ALONE,
    MAPS,
    ONE_PLACE,
    POOR_FILMS,
    TONE,
)
from plainfilm.evaluation.degrade import PREFIX
from plainfilm.evaluation.html_parts import record
from plainfilm.evaluation.places import too_few_words
from plainfilm.evaluation.table import Predictions
from plainfilm.evaluation.tones import tone_rows

KEY = "not_tried"  # of evaluation.json

Numbers = Mapping[str, object]
Why = Callable[[Predictions, Numbers], str]

_GONE = "these films were read before there was such an audit, or what it found is gone"


def untried(table: Predictions, numbers: Numbers) -> dict[str, str]:
    """Audit → the sentence that says why it is not there; empty where all are.

    Parameters
    ----------
    table
        The predictions that the numbers were made from.
    numbers
        Of evaluation.json.
    """
    return {
        key: f'"{title}" was not tried: {_always(table) or why(table, numbers) or _GONE}.'
        for key, (title, why) in _AUDITS.items()
        if not _holds(numbers, key)
    }


def _holds(numbers: Numbers, key: str) -> bool:
    found = record(numbers.get(key))
    if key == "boxes":  # without maps, that is what is said
        found = record(numbers.get("explanations"))
        return not found or bool(found.get(key))
    return found.get("share_below") is not None if key == "familiarity" else bool(found)


def _always(table: Predictions) -> str:
    """Why none of them could be tried; "" where it could."""
    if not table.about.network_sha256:
        return "it is made of networks, and this is a baseline"
    return "" if (table.refused == "").any() else "no film was answered"


def _unknown(_table: Predictions, _numbers: Numbers) -> str:
    return ""


def _no_place(table: Predictions, _numbers: Numbers) -> str:
    return too_few_words(table)


def _no_tone(table: Predictions, _numbers: Numbers) -> str:
    return too_few_words(table, tone_rows(table))


def _none_degraded(table: Predictions, _numbers: Numbers) -> str:
    asked = any(name.startswith(PREFIX) for name in table.audits)
    return "none of the films that were drawn for it was answered" if asked else ""


def _no_familiarity(table: Predictions, _numbers: Numbers) -> str:
    return "the bundle measures no familiarity" if table.about.caution_below is None else ""


def _no_maps(_table: Predictions, _numbers: Numbers) -> str:
    return f"the bundle gives no maps; or {_GONE}"


def _no_boxes(_table: Predictions, numbers: Numbers) -> str:
    explained = record(numbers.get("explanations"))
    elsewhere, refused = (explained.get(f"n_boxes_{where}") for where in ("elsewhere", "refused"))
    if not (elsewhere or refused):
        return "no list of boxes was given (--boxes)"
    return (
        f"of the boxes in the list {elsewhere} are on films, or of findings, that were not "
        f"measured, and {refused} on refused films"
    )


_AUDITS: dict[str, tuple[str, Why]] = {
    "facts_alone": (FACTS_ALONE, _unknown),
    "audits": ("Shortcuts", _unknown),
    "familiarity": ("Films it does not know", _no_familiarity),
    "places": (ONE_PLACE, _no_place),
    "tones": (TONE, _no_tone),
    "degradation": (POOR_FILMS, _none_degraded),
    "explanations": (MAPS, _no_maps),
    "boxes": (BOXES, _no_boxes),
}
