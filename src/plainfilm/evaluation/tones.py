"""Films read in one common tone, and other films in each film's tone: `Tones` ↔ tones.json.

A tone (datasets/film_tones.py) tells how much of a film is how bright, not where. Some films of a
split are read again in the mean tone of all of them, so that no tone tells them apart; and a few of
them in the tone of each of the others, so that nothing but the tone does. tone_numbers.py says what
follows. The films go to the engine past the gate, which would refuse some of them.

References
----------
Geirhos et al. 2019, ICLR (pictures of one content in the look of another, and which one decides).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plainfilm.datasets.film_tones import Square, in_tone, tone_facts, tone_of
from plainfilm.datasets.fit import fit
from plainfilm.datasets.manifest import Manifest
from plainfilm.evaluation.metrics import Floats
from plainfilm.evaluation.places import sampled, too_few_words
from plainfilm.evaluation.table import Predictions
from plainfilm.images import read_radiograph
from plainfilm.radiograph import Pixels
from plainfilm.reading import Reader
from plainfilm.reading.bundle import InputFit
from plainfilm.reading.engine import RunsGraph

FORMAT = "plainfilm.tones/1"
NAME = "tones.json"

MOST = 300  # films of a split, at most, that are read so
STAND_INS = 4  # films that are read in the tone of each of the others
_N_EACH, _N_EACH_OF_MORE = 150, 24  # films with and without; of one finding, of each of several
_BATCH = 8


@dataclass(frozen=True)
class ToneFilm:
    """One film: its labels and scores per finding (K,); None = not known.

    Parameters
    ----------
    alike
        The scores in the common tone.
    alone
        The mean scores of a few other films in this one's tone.
    tone
        Its own, as `film_tones.TONE_FACTS`.
    """

    patient: str
    labels: tuple[float | None, ...]
    whole: tuple[float, ...]
    alike: tuple[float, ...]
    alone: tuple[float, ...]
    tone: tuple[float, ...]


@dataclass(frozen=True)
class Tones:
    """What a bundle says of films in one tone, and of the tones alone.

    Parameters
    ----------
    displays
        The bundle's findings in their order: key to words.
    """

    format: str
    displays: dict[str, str]
    films: tuple[ToneFilm, ...]


def try_tones(reader: Reader, films: Manifest, table: Predictions) -> Tones | None:
    """Read some of the films in one tone, and a few of them in the tone of each.

    None where nothing could be said of any finding: fewer than ten films with it or without it.

    Parameters
    ----------
    films
        The films of the table, in its order.
    table
        What was said of them, which tells the labels and who was refused.
    """
    rows = tone_rows(table)
    if too_few_words(table, rows):
        return None
    labels, engine = table.labels[rows], reader.engine
    images = [films.samples[row].image for row in rows]
    squares = _fitted(reader.bundle.header.input, images, films.root)
    own = np.stack([tone_of(square) for square in squares])
    chosen = np.random.default_rng(0).permutation(len(rows))[:STAND_INS]
    whole = _scores(engine, (square.astype(np.float32) / np.float32(255) for square in squares))
    alike = _scores(engine, (in_tone(square, own.mean(axis=0)) for square in squares))
    lent = (_scores(engine, (in_tone(squares[one], tone) for tone in own)) for one in chosen)
    alone = np.mean(list(lent), axis=0)
    facts = np.stack(list(tone_facts(own).values()), axis=1)
    told = [[None if np.isnan(label) else float(label) for label in row] for row in labels]
    return Tones(
        format=FORMAT,
        displays=dict(zip(table.about.findings, table.about.displays, strict=True)),
        films=tuple(
            ToneFilm(
                patient=str(table.patient[row]),
                labels=tuple(told[place]),
                whole=tuple(whole[place].tolist()),
                alike=tuple(alike[place].tolist()),
                alone=tuple(alone[place].tolist()),
                tone=tuple(facts[place].tolist()),
            )
            for place, row in enumerate(rows)
        ),
    )


def tone_rows(table: Predictions) -> NDArray[np.int64]:
    """Which films of the table are read so, drawn once."""
    known = np.where((table.refused == "")[:, None], table.labels, np.nan)
    return sampled(known, MOST, _N_EACH if known.shape[1] == 1 else _N_EACH_OF_MORE)


def _fitted(wanted: InputFit, images: Sequence[str], root: Path) -> list[Square]:
    """The films (S, S) as the graph fits them, which then leaves them as they are."""
    paths = (root / image for image in images)
    return [fit(read_radiograph(p).pixels, wanted.size, wanted.policy.value) for p in paths]


def _scores(engine: RunsGraph, films: Iterable[Pixels]) -> Floats:
    """float64 (n, K): of films that are made as they are read, a few at a time."""
    left, parts = iter(films), list[Floats]()
    while part := list(islice(left, _BATCH)):
        parts.append(engine.run(np.stack(part)[:, None]).score.astype(np.float64))
    return np.concatenate(parts)
