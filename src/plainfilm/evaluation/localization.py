"""Does the heat lie where a reader drew the box? Maps scored, beside two that see no film.

| measure | of one box |
|---|---|
| pointing | the hottest place is in the box (the first one in reading order, where several are) |
| energy | share of the positive heat that is in the box |
| IoU | area common to box and heat of at least half its maximum, by the area of both together |
| IoBB | how much of the predicted box, around that heat's hottest part, is in the box |

The floors need no film: the centre of every film, and the finding's usual place, which is the mean
of the other patients' boxes of that finding. A map that does not beat them may have learned nothing
but where the finding usually is. All is compared on a grid of 128 x 128 cells over the film; a box
holds every cell it touches.

References
----------
Zhang et al. 2018, International Journal of Computer Vision 126:1084 (pointing game); Wang et al.
2017, CVPR, 3462 (IoU and IoBB on these boxes); Saporta et al. 2022, Nature Machine Intelligence
4:867 (saliency maps beside radiologists).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plainfilm.evaluation.bootstrap import TOO_FEW, Interval, PatientDraws, draw_patients, interval
from plainfilm.evaluation.boxes import GRID, Box, Cells
from plainfilm.evaluation.metrics import Floats
from plainfilm.radiograph import Pixels
from plainfilm.reading.regions import region_at

HALF = 0.5  # of the maximum: heat from there on is the region
OVERLAPS = (0.1, 0.3, 0.5, 0.7)  # an IoU or IoBB from there on counts as a hit


@dataclass(frozen=True)
class Score:
    """How well one map finds one box; all in [0, 1], and 0 where no heat is positive."""

    pointing: float
    energy: float
    iou: float
    iobb: float


@dataclass(frozen=True)
class BoxRow:
    """One box, and how the bundle's map and the two floors find it.

    Parameters
    ----------
    image, patient, finding
        Of the box.
    present
        Whether the bundle calls the finding present on this film.
    map, usual
        The bundle's map, and the usual place of the finding (None: no other patient has a box).
    centre
        1 where the film's centre is in the box, else 0.
    """

    image: str
    patient: str
    finding: str
    present: bool
    map: Score
    usual: Score | None
    centre: float


def score_map(heat: Pixels, box: Cells) -> Score:
    """Score a heatmap, (GRID, GRID) over the whole film, by a box's cells."""
    energy = np.clip(heat, 0, None).astype(np.float64)
    total, peak = float(energy.sum()), float(energy.max())
    if peak <= 0:
        return Score(0.0, 0.0, 0.0, 0.0)
    row, column = np.unravel_index(int(energy.argmax()), energy.shape)
    region = energy >= HALF * peak
    rows, columns = np.nonzero(region_at(region, int(row), int(column)))
    predicted = np.zeros_like(box)
    predicted[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
    return Score(
        pointing=float(box[row, column]),
        energy=float(energy[box].sum()) / total,
        iou=float((region & box).sum() / (region | box).sum()),
        iobb=float((predicted & box).sum() / predicted.sum()),
    )


def centre_hit(box: Cells) -> float:
    """1 where the film's centre is in the box, else 0."""
    return float(box[GRID // 2, GRID // 2])


class UsualPlaces:
    """Where each finding usually is, by the boxes of everybody but one patient.

    Parameters
    ----------
    boxes
        All that are known; also those of films that nobody reads.
    """

    def __init__(self, boxes: Sequence[Box]) -> None:
        self._all: dict[str, Pixels] = defaultdict(lambda: np.zeros((GRID, GRID), np.float32))
        self._own: dict[tuple[str, str], Pixels] = defaultdict(
            lambda: np.zeros((GRID, GRID), np.float32)
        )
        for box in boxes:
            cells = box.cells()
            self._all[box.finding] += cells
            self._own[box.finding, box.patient] += cells

    def without(self, finding: str, patient: str) -> Pixels | None:
        """How many boxes of the finding, of other patients, hold each cell; None = there is none.

        float32 (GRID, GRID), whole numbers.
        """
        if finding not in self._all:
            return None
        own = self._own.get((finding, patient))
        others = self._all[finding] - (0 if own is None else own)
        return others if others.any() else None


def localization_numbers(
    rows: Sequence[BoxRow], displays: Mapping[str, str], n_draws: int, seed: int
) -> dict[str, object]:
    """Per finding, and of all boxes, how the maps do beside the floors; empty without boxes.

    `displays` has the findings' words, in the order of the result.
    """
    if not rows:
        return {}
    found = {
        name: _numbers([row for row in rows if row.finding == name], words, n_draws, seed)
        for name, words in displays.items()
        if any(row.finding == name for row in rows)
    }
    return {"findings": found, "all": _numbers(rows, "All boxes", n_draws, seed)}


def _numbers(rows: Sequence[BoxRow], words: str, n_draws: int, seed: int) -> dict[str, object]:
    draws = draw_patients(np.array([row.patient for row in rows]), n_draws, seed)
    usual = [row.usual for row in rows]
    maps = [row.map for row in rows]
    behind = np.array([np.nan if u is None else m.pointing - u.pointing
                       for m, u in zip(maps, usual, strict=True)])  # fmt: skip
    difference = mean_interval(behind, draws)
    return {
        "display": words,
        "n_boxes": len(rows),
        "n_patients": len({row.patient for row in rows}),
        "n_called_present": sum(row.present for row in rows),
        "too_few": len(rows) < TOO_FEW,
        "map": _of_scores(maps, draws),
        "usual_place": _of_scores(usual, draws),
        "centre_pointing": mean_interval(np.array([row.centre for row in rows]), draws),
        "pointing_beyond_usual_place": difference,
        "words": _words(words, difference, few=len(rows) < TOO_FEW),
    }


def _of_scores(scores: Sequence[Score | None], draws: PatientDraws) -> dict[str, object]:
    def column(name: str) -> Floats:
        return np.array([np.nan if score is None else getattr(score, name) for score in scores])

    def hits(name: str) -> dict[str, object]:
        values = column(name)
        shares = {t: np.where(np.isnan(values), np.nan, values >= t) for t in OVERLAPS}
        return {f"{t:g}": mean_interval(share, draws) for t, share in shares.items()}

    means = {name: mean_interval(column(name), draws) for name in ("pointing", "energy", "iou")}
    return {**means, "iou_at": hits("iou"), "iobb_at": hits("iobb")}


def mean_interval(values: Floats, draws: PatientDraws) -> Interval:
    """The mean of the values that are not NaN, with its interval over patients."""
    usable = np.isfinite(values)
    if not usable.any():
        return Interval(np.nan, np.nan, np.nan)
    both = np.stack([np.where(usable, values, 0.0), usable.astype(np.float64)], axis=1)
    totals = draws.sums(both)
    drawn = totals[:, 0] / np.where(totals[:, 1] > 0, totals[:, 1], np.nan)
    return interval(float(values[usable].mean()), drawn)


def _words(display: str, difference: Interval, *, few: bool) -> str:
    """Above or below the floor, in a sentence."""
    place = "the usual place, which sees no film"
    if few:
        return f"{display}: fewer than {TOO_FEW} boxes, too few to say."
    if difference.low > 0:
        return f"{display}: the map points into the box more often than {place}."
    if difference.high < 0:
        return f"{display}: the map points into the box LESS often than {place}."
    return f"{display}: the map is not told apart from {place}."
