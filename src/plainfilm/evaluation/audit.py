"""Does the bundle read the disease, or something beside it? Altered films tell.

| audit | the film is altered so | a sound bundle |
|---|---|---|
| `marker` | a bright letter L is pasted into a corner of a healthy film | says the same as before |
| `frame` | only the outer 12 % remain, the centre is grey | can tell nothing: AUROC near .5 |
| `centre` | the outer 12 % are grey | tells nearly as much as before |
| `mirrored` | left and right are swapped | tells nearly as much (a heart on the right aside) |
| `inverted` | black and white are swapped | should not be asked: AUROC is shown, not judged |
| `blanked` | the corners and a thin border are black | says the same as before |
| `unlettered` | letters and marks near the border are painted over | says the same as before |
| `untold` | not at all, but the network is told no age, sex and view | tells nearly as much |

The last is asked of bundles that are told facts; the others tell these what is known of the film.
The altered films go to the engine past the gate, which would refuse some of them.

References
----------
DeGrave, Janizek and Lee 2021, Nature Machine Intelligence 3:610; Zech et al. 2018, PLoS Medicine
15:e1002683.
"""

from collections.abc import Callable, Mapping

import numpy as np

from plainfilm.evaluation.audit_words import shortcut_words
from plainfilm.evaluation.bootstrap import (
    Interval,
    PatientDraws,
    interval,
    mean_interval,
    rank_draws,
)
from plainfilm.evaluation.degrade import DEGRADED, PREFIX
from plainfilm.evaluation.lettering import without_letters
from plainfilm.evaluation.metrics import Floats, auroc
from plainfilm.evaluation.operating import calibration_numbers
from plainfilm.evaluation.table import Predictions
from plainfilm.radiograph import Pixels
from plainfilm.reading.engine import RunsGraph
from plainfilm.reading.facts import without_facts

FRAME = 0.12  # of height and width, on each side
GREY = np.float32(0.5)
MARKER_HEIGHT = 0.10  # of the film's shorter side
MARKER_INSET = 0.04
CORNER, BORDER = 0.10, 0.03  # of height and width; what `blank` paints black


def paste_marker(pixels: Pixels) -> Pixels:
    """The film with a white letter L in the upper corner at the patient's left (image right)."""
    side = min(pixels.shape)
    height = max(5, round(MARKER_HEIGHT * side))
    width, stroke = max(3, round(0.6 * height)), max(1, round(0.2 * height))
    top, right = (round(MARKER_INSET * extent) for extent in pixels.shape)
    left = pixels.shape[1] - right - width
    marked = pixels.copy()
    marked[top : top + height, left : left + stroke] = 1.0
    marked[top + height - stroke : top + height, left : left + width] = 1.0
    return marked


def keep_frame(pixels: Pixels) -> Pixels:
    """Only the outer 12 % on each side; the centre is one grey."""
    rows, columns = _centre(pixels)
    framed = pixels.copy()
    framed[rows, columns] = GREY
    return framed


def keep_centre(pixels: Pixels) -> Pixels:
    """Only the centre; the outer 12 % on each side are one grey."""
    rows, columns = _centre(pixels)
    centred = np.full_like(pixels, GREY)
    centred[rows, columns] = pixels[rows, columns]
    return centred


def blank(pixels: Pixels) -> Pixels:
    """The four corners and a thin border black."""
    blanked = pixels.copy()
    for share, both in ((BORDER, False), (CORNER, True)):
        top, left = (max(1, round(share * extent)) for extent in pixels.shape)
        edges = [np.zeros(extent, np.bool_) for extent in pixels.shape]
        for edge, width in zip(edges, (top, left), strict=True):
            edge[:width] = edge[-width:] = True
        rows, columns = edges[0][:, None], edges[1][None, :]
        blanked[(rows & columns) if both else (rows | columns)] = 0.0
    return blanked


def mirror(pixels: Pixels) -> Pixels:
    """Left and right swapped."""
    return np.ascontiguousarray(pixels[:, ::-1])


def invert(pixels: Pixels) -> Pixels:
    """Black and white swapped."""
    return np.float32(1.0) - pixels


AUDITS: dict[str, Callable[[Pixels], Pixels]] = {
    "marker": paste_marker,
    "frame": keep_frame,
    "centre": keep_centre,
    "mirrored": mirror,
    "inverted": invert,
    "blanked": blank,
    "unlettered": without_letters,
}
UNTOLD, UNTOLD_PROBABILITY = "untold", "untold probability"
CHANGES = ("marker", "blanked", "unlettered")  # whose answer is a probability, to be compared


def audit_film(engine: RunsGraph, pixels: Pixels, *, degraded: bool = False) -> dict[str, Floats]:
    """What the bundle says of each alteration of a film, float64 (K,).

    The answers of `CHANGES` are probabilities, to be compared with the film's own; the others' are
    scores, which are only ranked. `degraded` adds those of degrade.py. The engine tells what is
    known of the film (`reading.telling`), but for `UNTOLD`.
    """
    alterations = dict(AUDITS)
    if degraded:
        alterations |= {PREFIX + name: alter for name, alter in DEGRADED.items()}
    answers = {}
    for name, alter in alterations.items():
        output = engine.run(alter(pixels)[None, None])
        answer = output.probability if name in CHANGES else output.score
        answers[name] = answer[0].astype(np.float64)
    if names := engine.bundle.header.input.fact_names:
        untold = engine.run(pixels[None, None], without_facts(names, 1))
        answers[UNTOLD] = untold.score[0].astype(np.float64)
        answers[UNTOLD_PROBABILITY] = untold.probability[0].astype(np.float64)
    return answers


def audit_numbers(table: Predictions, draws: PatientDraws) -> dict[str, dict[str, object]]:
    """Per finding, what the audits measured; empty where the films were not audited.

    The marker counts films on which no finding is known to be present: `mean_absolute_change`,
    `largest_change` and `mean_change` of the probability, the means with intervals; a film that
    is sick anyway says little. What is blanked or painted over counts on all films. ECE and Brier
    score, `told_` and `untold_`, are of the probabilities as shipped. `words` says what it means.
    """
    if not any(name in AUDITS for name in table.audits):
        return {}
    healthy = ~(table.labels == 1).any(axis=1) & ~np.isnan(table.labels).all(axis=1)
    numbers: dict[str, dict[str, object]] = {}
    for column, finding in enumerate(table.about.findings):
        found: dict[str, object] = {}
        for name in (*AUDITS, UNTOLD):
            if name not in table.audits:  # a table from before this audit
                continue
            answers = table.audits[name]
            if name in CHANGES:
                change = answers[:, column] - table.probabilities[:, column]
                counted = healthy if name == "marker" else np.ones_like(healthy)
                found[name] = _change(np.where(counted, change, np.nan), draws)
            else:
                found[f"{name}_auroc"] = _auroc(answers, table.labels, column, draws)
        whole = auroc(table.scores[:, column], table.labels[:, column])
        found |= _believed(table, column, draws)
        found["words"] = shortcut_words(table.about.displays[column], whole, found)
        numbers[finding] = found
    return numbers


def _change(change: Floats, draws: PatientDraws) -> Mapping[str, object]:
    n_films = int(np.isfinite(change).sum())
    if n_films == 0:
        return {"n_films": 0}
    return {
        "n_films": n_films,
        "mean_absolute_change": mean_interval(draws, np.abs(change)),
        "largest_change": float(np.nanmax(np.abs(change))),
        "mean_change": mean_interval(draws, change),
    }


def _auroc(answers: Floats, labels: Floats, column: int, draws: PatientDraws) -> Interval:
    known = np.where(np.isnan(answers[:, column]), np.nan, labels[:, column])
    scores = answers[:, column]
    return interval(auroc(scores, known), rank_draws(draws, scores, known).auroc)


def _believed(table: Predictions, column: int, draws: PatientDraws) -> dict[str, object]:
    """How far the probabilities can be believed with the facts told and not; of others nothing."""
    if UNTOLD_PROBABILITY not in table.audits:
        return {}
    answers = {"told": table.probabilities, "untold": table.audits[UNTOLD_PROBABILITY]}
    found: dict[str, object] = {}
    for name, probabilities in answers.items():
        numbers = calibration_numbers(draws, probabilities[:, column], table.labels[:, column])
        found |= {f"{name}_ece": numbers.ece, f"{name}_brier": numbers.brier}
    return found


def _centre(pixels: Pixels) -> tuple[slice, slice]:
    edges = [round(FRAME * extent) for extent in pixels.shape]
    rows, columns = (slice(e, n - e) for e, n in zip(edges, pixels.shape, strict=True))
    return rows, columns
