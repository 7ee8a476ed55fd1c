"""Does one place of the film decide alone? `Places` ↔ places.json, and its numbers.

Some films of a split are read again, each with one place painted over by the mean of these films at
that place, for every place of a grid; then with nothing but one place of their own, in the mean
film. Disease shows in more than one fixed place of the film, and a sound network hardly misses any
of them. A letter, a label or a clip that tells the sick lies in one: without it the network falls
towards chance, and with it alone does nearly as well as with the whole film.

The films go to the engine past the gate, which would refuse some of them. Several marks, each of
which would be enough, are not noticed here, nor is one that lies elsewhere on every film.

References
----------
Zeiler and Fergus 2014, ECCV (parts of the picture covered, and what it does to the answer).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plainfilm.datasets.fit import fit
from plainfilm.datasets.manifest import Manifest
from plainfilm.evaluation.audit_words import CHANCE, SHORTCUT
from plainfilm.evaluation.bootstrap import (
    TOO_FEW,
    Interval,
    PatientDraws,
    draw_patients,
    interval,
    rank_draws,
)
from plainfilm.evaluation.metrics import Floats, auroc
from plainfilm.evaluation.table import Predictions
from plainfilm.images import read_radiograph
from plainfilm.radiograph import Pixels
from plainfilm.reading import Reader
from plainfilm.reading.bundle import InputFit
from plainfilm.reading.engine import RunsGraph

FORMAT = "plainfilm.places/1"
NAME = "places.json"

MOST = 72  # films of a split, at most, that are read so
GRID = (
    8  # cells on each side; a place is two by two of them, so each mark of a cell is in one whole
)
TELLING = 0.75  # AUROC of the whole films; of a bundle that tells less nothing is said
_N_EACH = 24  # films with and without the finding that are wanted; of several findings, half of it
_BATCH = 8

Box = tuple[int, int, int, int]  # top, left, bottom, right; in cells


@dataclass(frozen=True)
class PlaceFilm:
    """One film: its labels and scores per finding (K,); None = not known.

    Parameters
    ----------
    without
        The scores without each of the places.
    alone
        Each finding's score with nothing but the place that is missed most for it.
    """

    patient: str
    labels: tuple[float | None, ...]
    whole: tuple[float, ...]
    without: tuple[tuple[float, ...], ...]
    alone: tuple[float, ...]


@dataclass(frozen=True)
class Places:
    """What a bundle says of films without one of their places, and with one alone.

    Parameters
    ----------
    displays
        The bundle's findings in their order: key to words.
    missed_most
        Per finding, the number of the place without which its AUROC is least; see `boxes`.
    """

    format: str
    displays: dict[str, str]
    missed_most: tuple[int, ...]
    films: tuple[PlaceFilm, ...]


def boxes() -> list[Box]:
    """The places, row by row: each of two by two cells, overlapping by one."""
    starts = range(GRID - 1)
    return [(top, left, top + 2, left + 2) for top in starts for left in starts]


def try_places(reader: Reader, films: Manifest, table: Predictions) -> Places | None:
    """Read some of the films without each place, and with one alone.

    None where nothing could be said of any finding: fewer than ten films with it or without it.

    Parameters
    ----------
    films
        The films of the table, in its order.
    table
        What was said of them, which tells the labels and who was refused.
    """
    if too_few_words(table):
        return None
    rows = _drawn(table)
    pixels = _fitted(reader.bundle.header.input, [films.samples[r].image for r in rows], films.root)
    labels, mean, scores = table.labels[rows], pixels.mean(axis=0), _scores(reader.engine, pixels)
    without = np.stack(
        [_scores(reader.engine, _swapped(pixels, mean, place)) for place in boxes()], axis=1
    )
    missed = [_missed_most(without[:, :, k], labels[:, k]) for k in range(labels.shape[1])]
    alone = {
        number: _scores(reader.engine, _swapped(np.broadcast_to(mean, pixels.shape), pixels, place))
        for number, place in enumerate(boxes())
        if number in missed
    }
    told = [[None if np.isnan(label) else float(label) for label in row] for row in labels]
    return Places(
        format=FORMAT,
        displays=dict(zip(table.about.findings, table.about.displays, strict=True)),
        missed_most=tuple(missed),
        films=tuple(
            PlaceFilm(
                patient=str(table.patient[row]),
                labels=tuple(told[place]),
                whole=tuple(scores[place].tolist()),
                without=tuple(tuple(each) for each in without[place].tolist()),
                alone=tuple(float(alone[number][place, k]) for k, number in enumerate(missed)),
            )
            for place, row in enumerate(rows)
        ),
    )


def too_few_words(table: Predictions, rows: NDArray[np.int64] | None = None) -> str:
    """Why nothing could be said of any finding, with the counts; "" where something can.

    `rows` = None: of the films that are drawn for the places.
    """
    labels = table.labels[_drawn(table) if rows is None else rows]
    present, absent = ((labels == kind).sum(axis=0) for kind in (1, 0))
    fewer = np.minimum(present, absent)
    nearest = int(fewer.argmax())
    if fewer[nearest] >= TOO_FEW:
        return ""
    return (
        f"of the {len(labels)} films that were drawn for it no finding is present on {TOO_FEW} "
        f"and absent on {TOO_FEW}; {table.about.displays[nearest]} comes nearest, with "
        f"{present[nearest]} and {absent[nearest]}"
    )


def _drawn(table: Predictions) -> NDArray[np.int64]:
    return sampled(np.where((table.refused == "")[:, None], table.labels, np.nan))


def sampled(labels: Floats, most: int = MOST, n_each: int | None = None) -> NDArray[np.int64]:
    """Which films (n, K) are read so, drawn once: of each finding, rare ones first, as many as are
    wanted with it and without it, while there is room; a film of no known label is not drawn.

    `n_each` = None wants 24 with the finding and 24 without; of several findings half of it.
    """
    usual = _N_EACH if labels.shape[1] == 1 else _N_EACH // 2
    wanted = usual if n_each is None else n_each
    order = np.random.default_rng(0).permutation(len(labels))
    chosen: list[int] = []
    for column in np.argsort((labels == 1).sum(axis=0), kind="stable"):
        for kind in (1, 0):
            of_kind = order[labels[order, column] == kind].tolist()
            there = set(chosen)
            n_there = sum(row in there for row in of_kind)
            new = [row for row in of_kind if row not in there][: max(0, wanted - n_there)]
            chosen += new[: most - len(chosen)]
    return np.sort(np.array(chosen, np.int64))


def place_numbers(places: Places, n_draws: int, seed: int) -> dict[str, object]:
    """Per finding, the place that is missed most: AUROC of the films whole, without it, with it
    alone; `words` names a shortcut, or says that there is none or that it cannot be said.
    """
    patients = np.array([film.patient for film in places.films], dtype=np.str_)
    draws = draw_patients(patients, n_draws, seed)
    findings = {}
    for column, (name, display) in enumerate(places.displays.items()):
        findings[name] = _finding(places, column, display, draws)
    return {"n_films": len(places.films), "n_places": len(boxes()), "findings": findings}


def place_alarms(numbers: Mapping[str, object]) -> list[str]:
    """The sentences of `place_numbers` that name a shortcut."""
    findings = numbers["findings"]
    rows = findings.values() if isinstance(findings, Mapping) else ()
    return [str(row["words"]) for row in rows if str(row["words"]).startswith(SHORTCUT)]


def _finding(places: Places, column: int, display: str, draws: PatientDraws) -> dict[str, object]:
    number = places.missed_most[column]
    labels = np.array([film.labels[column] for film in places.films], np.float64)
    whole, whole_drawn = area_of([film.whole[column] for film in places.films], labels, draws)
    without, drawn = area_of([film.without[number][column] for film in places.films], labels, draws)
    alone, _ = area_of([film.alone[column] for film in places.films], labels, draws)
    fall = interval(whole.value - without.value, whole_drawn - drawn)
    counts = [int((labels == kind).sum()) for kind in (1, 0)]
    found = {"whole": whole, "without": without, "alone": alone, "fall": fall}
    return {
        "display": display,
        "n_present": counts[0],
        "too_few": min(counts) < TOO_FEW,
        "place": place_words(boxes()[number]),
        "box": [edge / GRID for edge in boxes()[number]],
        **found,
        "words": _words(display, boxes()[number], found, few=min(counts) < TOO_FEW),
    }


def place_words(box: Box) -> str:
    """Where on the film, as displayed, a place lies: "the upper left"."""
    middle = ((box[0] + box[2]) / 2 / GRID, (box[1] + box[3]) / 2 / GRID)
    down, across = (min(2, int(3 * share)) for share in middle)
    if (down, across) == (1, 1):
        return "the middle"
    rows, columns = ("upper ", "", "lower "), ("left", "middle", "right")
    return f"the {rows[down]}{columns[across]}" if down != 1 else f"the {columns[across]}"


def _words(display: str, box: Box, found: Mapping[str, Interval], *, few: bool) -> str:
    whole, without, alone = found["whole"], found["without"], found["alone"]
    if few:
        return f"{display}: fewer than {TOO_FEW} films of one kind, too few to say of places."
    if not whole.value >= TELLING:
        return f"{display}: told too little on these films to say which place tells it."
    share = (box[2] - box[0]) * (box[3] - box[1]) / GRID**2
    half = CHANCE + (whole.value - CHANCE) / 2
    falls = without.value <= half and found["fall"].low > 0
    if falls and alone.value >= half and alone.low > CHANCE:
        return (
            f"{SHORTCUT}, {display}: one place decides, {share:.0%} of the film at "
            f"{place_words(box)}. With it alone the AUROC is {shown(alone)}, without it "
            f"{shown(without)}, of the whole films {shown(whole)}."
        )
    return (
        f"{display}: no place of {share:.0%} of the film decides; without the one that is missed "
        f"most, at {place_words(box)}, the AUROC is {without.value:.3f} instead of "
        f"{whole.value:.3f}."
    )


def shown(number: Interval) -> str:
    """As audits write a number with its interval."""
    return f"{number.value:.3f} [{number.low:.3f}, {number.high:.3f}]"


def area_of(
    scores: Sequence[float], labels: Floats, draws: PatientDraws
) -> tuple[Interval, Floats]:
    """The AUROC with its interval, and in each draw of patients, float64 (draws,)."""
    said = np.array(scores, np.float64)
    drawn = rank_draws(draws, said, labels).auroc
    return interval(auroc(said, labels), drawn), drawn


def _fitted(wanted: InputFit, images: Sequence[str], root: Path) -> Pixels:
    """float32 (n, S, S): the films as the graph fits them, which then leaves them as they are."""
    paths = (root / image for image in images)
    squares = [fit(read_radiograph(p).pixels, wanted.size, wanted.policy.value) for p in paths]
    return np.stack(squares).astype(np.float32) / np.float32(255)


def _missed_most(without: Floats, labels: Floats) -> int:
    """The number of the place without which the AUROC is least; the first where none is known."""
    areas = np.array([auroc(without[:, place], labels) for place in range(without.shape[1])])
    return 0 if np.isnan(areas).all() else int(np.nanargmin(areas))


def _swapped(films: Pixels, others: Pixels, place: Box) -> Pixels:
    """The films (n, S, S) with one place as it is in the others (S, S) or (n, S, S)."""
    edges = np.rint(np.linspace(0, films.shape[1], GRID + 1)).astype(int)
    top, left, bottom, right = edges[list(place)]
    swapped = films.copy()
    swapped[:, top:bottom, left:right] = others[..., top:bottom, left:right]
    return swapped


def _scores(engine: RunsGraph, films: Pixels) -> Floats:
    parts = [films[start : start + _BATCH] for start in range(0, len(films), _BATCH)]
    return np.concatenate([engine.run(part[:, None]).score for part in parts]).astype(np.float64)
