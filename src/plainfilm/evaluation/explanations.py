"""The maps of a split put to the test: `Explanations` ↔ explanations.json, and its numbers.

Measured while the films are read, since maps are too many to keep: what is found of each box (see
localization.py) and of each film of a sample (see faithfulness.py, randomised.py). The numbers
follow from that file alone. A film that the bundle refuses has no map; it is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.errors import ImageError
from plainfilm.evaluation.bootstrap import draw_patients
from plainfilm.evaluation.boxes import GRID, Box
from plainfilm.evaluation.explanation_words import map_words
from plainfilm.evaluation.faithfulness import Curves, curves
from plainfilm.evaluation.localization import (
    BoxRow,
    UsualPlaces,
    centre_hit,
    localization_numbers,
    mean_interval,
    score_map,
)
from plainfilm.evaluation.metrics import Floats
from plainfilm.evaluation.randomised import rank_correlation, with_random_head
from plainfilm.evaluation.read_sample import read_sample
from plainfilm.findings import FindingResult, Prediction
from plainfilm.images import read_radiograph
from plainfilm.radiograph import Pixels, Radiograph
from plainfilm.reading import Engine, Reader
from plainfilm.reading.heatmap import heatmap
from plainfilm.reading.regions import body_mask, sampled, share_outside
from plainfilm.reading.telling import telling

FORMAT = "plainfilm.explanations/1"
NAME = "explanations.json"

SAMPLE = 40  # films of a split, at most, whose maps are put to the test
_HEADS = 3  # how many last layers are drawn at random
_GREY = np.full((1, 1, 256, 256), 0.5, np.float32)


@dataclass(frozen=True)
class FilmRow:
    """One film's map of the finding that a report would show first.

    Parameters
    ----------
    outside
        Share of the positive heat outside the body; None where no heat is positive.
    random_head
        Spearman's correlation of the map and that of each bundle with a random last layer; empty
        where the graph has none that could be drawn. Their sizes are averaged: a map turned round
        is no other map.
    """

    image: str
    patient: str
    finding: str
    outside: float | None
    random_head: tuple[float, ...]
    curves: Curves


@dataclass(frozen=True)
class Explanations:
    """What was measured of a bundle's maps on a split.

    Parameters
    ----------
    displays
        The bundle's findings in their order: key to words.
    n_refused
        Sampled films that were refused or cannot be read.
    constant
        Per finding, how much the map of a film of one grey varies, as a share of the scale on
        which maps are drawn.
    n_boxes_elsewhere, n_boxes_refused
        Boxes on films that are not in the split, or whose finding the bundle does not know; on
        films that were refused.
    """

    format: str
    displays: dict[str, str]
    n_refused: int
    films: tuple[FilmRow, ...]
    constant: dict[str, float]
    n_boxes_elsewhere: int
    n_boxes_refused: int
    boxes: tuple[BoxRow, ...]


def explain_split(
    reader: Reader, manifest: Manifest, split: str, boxes: Sequence[Box] = ()
) -> Explanations | None:
    """Put the maps of a bundle to the test on a split's films; None where it has no maps.

    Parameters
    ----------
    boxes
        A whole list: those of films elsewhere tell where a finding usually is.
    """
    header = reader.bundle.header
    if header.map is None:
        return None
    films = manifest.split(split)
    chosen = np.sort(np.random.default_rng(0).permutation(len(films))[:SAMPLE])
    heads = [with_random_head(reader.bundle, seed) for seed in range(_HEADS)]
    engines = [Engine(head, threads=1) for head in heads if head is not None]
    rows = [_film_row(reader, engines, films, films.samples[row]) for row in chosen]
    grey = reader.engine.run(_GREY).map
    flat = np.zeros(len(header.label_set)) if grey is None else np.ptp(grey[0], axis=(1, 2))
    names = header.label_set.names
    found, n_elsewhere, n_refused = _box_rows(reader, films, boxes)
    return Explanations(
        format=FORMAT,
        displays={each.name: each.display for each in header.label_set.findings},
        n_refused=sum(row is None for row in rows),
        films=tuple(row for row in rows if row is not None),
        constant={
            name: float(value / header.map.display_max)
            for name, value in zip(names, flat, strict=True)
        },
        n_boxes_elsewhere=n_elsewhere,
        n_boxes_refused=n_refused,
        boxes=found,
    )


def explanation_numbers(found: Explanations, n_draws: int, seed: int) -> dict[str, object]:
    """What evaluation.json says of the maps."""
    boxed = localization_numbers(found.boxes, found.displays, n_draws, seed)
    numbers: dict[str, object] = {
        "n_films": len(found.films),
        "n_refused": found.n_refused,
        "constant_film": max(found.constant.values()),
        "n_boxes_elsewhere": found.n_boxes_elsewhere,
        "n_boxes_refused": found.n_boxes_refused,
        "boxes": boxed,
    }
    if found.films:
        draws = draw_patients(np.array([row.patient for row in found.films]), n_draws, seed)
        for name, values in _columns(found.films).items():
            numbers[name] = mean_interval(values, draws)
    return {**numbers, "words": map_words(numbers)}


def _columns(rows: Sequence[FilmRow]) -> dict[str, Floats]:
    outside = [np.nan if row.outside is None else row.outside for row in rows]
    heads = [float(np.abs(row.random_head).mean()) if row.random_head else np.nan for row in rows]
    return {
        "outside_body": np.array(outside),
        "random_head": np.array(heads),
        "deletion_lead": np.array([row.curves.deletion_lead for row in rows]),
        "insertion_lead": np.array([row.curves.insertion_lead for row in rows]),
    }


def _film_row(
    reader: Reader, engines: Sequence[Engine], films: Manifest, sample: Sample
) -> FilmRow | None:
    read = _read(reader, films, sample)
    if read is None:
        return None
    film, prediction = read
    results, engine = prediction.results, telling(reader.engine, prediction)
    column = max(
        range(len(results)), key=lambda k: results[k].probability / max(results[k].threshold, 1e-9)
    )
    values = results[column].map
    if values is None:
        return None
    one = film.pixels[None, None]
    others = [output for engine in engines if (output := engine.run(one).map) is not None]
    return FilmRow(
        image=Path(sample.image).name,
        patient=sample.patient,
        finding=results[column].finding.name,
        outside=share_outside(_heat(reader, values, film.pixels.shape), body_mask(film.pixels)),
        random_head=tuple(rank_correlation(values, other[0, column]) for other in others),
        curves=curves(lambda x: engine.run(x).score[:, column], film.pixels, values),
    )


def _box_rows(
    reader: Reader, films: Manifest, boxes: Sequence[Box]
) -> tuple[tuple[BoxRow, ...], int, int]:
    """The rows, and how many boxes are elsewhere and on refused films."""
    places = UsualPlaces(boxes)
    names = reader.bundle.header.label_set.names
    samples = {Path(sample.image).stem: sample for sample in films.samples}
    there = [box for box in boxes if box.image in samples and box.finding in names]
    rows: list[BoxRow] = []
    for image in dict.fromkeys(box.image for box in there):
        sample = samples[image]
        read = _read(reader, films, sample)
        for box in there:
            if read is not None and box.image == image:
                result = read[1].results[names.index(box.finding)]
                rows.append(_box_row(reader, box, result, read[0], places))
    return tuple(rows), len(boxes) - len(there), len(there) - len(rows)


def _box_row(
    reader: Reader, box: Box, result: FindingResult, film: Radiograph, places: UsualPlaces
) -> BoxRow:
    cells, usual = box.cells(), places.without(box.finding, box.patient)
    heat = np.zeros((GRID, GRID), np.float32)
    if result.map is not None:
        heat = sampled(_heat(reader, result.map, film.pixels.shape), GRID)
    return BoxRow(
        image=box.image,
        patient=box.patient,
        finding=box.finding,
        present=result.present,
        map=score_map(heat, cells),
        usual=None if usual is None else score_map(usual, cells),
        centre=centre_hit(cells),
    )


def _read(reader: Reader, films: Manifest, sample: Sample) -> tuple[Radiograph, Prediction] | None:
    """A film and what is said of it; None where it cannot be read or is refused."""
    try:
        film = read_radiograph(films.root / sample.image)
    except ImageError:
        return None
    prediction = read_sample(reader, films, sample, film)
    return None if prediction.refused is not None else (film, prediction)


def _heat(reader: Reader, values: Pixels, shape: tuple[int, ...]) -> Pixels:
    return heatmap(values, (shape[0], shape[1]), reader.bundle.header.input.policy)
