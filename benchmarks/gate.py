"""Does a bundle know which films it may judge? AUROC and flagged shares of its familiarity.

    python benchmarks/gate.py mine.bundle --prepared prepared/kermany --data FILMS \
        --out gate.json [--attach]

FILMS holds a folder for each of the data sets named below, with its films and a labels.csv.
Known films are the prepared folder's test split; the cut is the bundle's own, set on validation
films when it was exported. No film here was used to fit anything: real strangers are the test
patients of other data sets, and no stranger of any kind took part in fitting the familiarity.
Real films are read from their files; altered and synthetic ones are made from a fixed seed.

"flagged": cautioned or refused; "refused": no answer, by the familiarity or by the checks of the
picture itself (noise, one grey, inverted). Ages and body parts are not told to the reader, so
that the picture alone decides. Intervals: 95 %, bootstrap over patients, 1,000 draws.
"""

import argparse
import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plainfilm import Radiograph, Reader, read_radiograph
from plainfilm.datasets.manifest import Manifest
from plainfilm.evaluation.attaching import check_attachable
from plainfilm.evaluation.bootstrap import draw_patients, interval, rank_draws
from plainfilm.evaluation.metrics import auroc
from plainfilm.radiograph import Pixels
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.shelf import find_bundle
from plainfilm.training.card import card
from synthetic import SYNTHETIC, photographs

DRAWS = 1000
N_SYNTHETIC = 200

# Data set of the bundle → folders of strangers: what a person calls them, and their patient column.
STRANGERS = {
    "kermany": {
        "adults, NIH": ("nih-chestxray14-sample", "Patient ID"),
        "adults, bedside, Hannover": ("hannover-covid-chest", "patient_id"),
        "knees": ("knee-oa-kl", "patient_id"),
    },
    "chestxray14": {
        "children of 1 to 5 years, Guangzhou": ("kermany-chest-xray", "patient_key"),
        "adults, bedside, Hannover": ("hannover-covid-chest", "patient_id"),
        "knees": ("knee-oa-kl", "patient_id"),
    },
}
ORIGINALS = {"kermany": "kermany-chest-xray", "chestxray14": "nih-chestxray14-sample"}
ALTERED: dict[str, Callable[[Pixels], Pixels]] = {
    "known films, black and white swapped": lambda film: np.float32(1) - film,
    "known films, upside down": lambda film: film[::-1].copy(),
    "known films, turned by 90 degrees": lambda film: np.rot90(film).copy(),
}


@dataclass(frozen=True)
class Film:
    pixels: Pixels
    patient: str


@dataclass(frozen=True)
class Judged:
    familiarity: NDArray[np.float64]
    flagged: NDArray[np.float64]
    refused: NDArray[np.float64]
    patients: NDArray[np.str_]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bundle")
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--attach", action="store_true", help="also into the bundle's evaluation")
    chosen = parser.parse_args()
    path = find_bundle(chosen.bundle)
    if chosen.attach:
        check_attachable(chosen.bundle, Bundle.load(path), overwrite=True)
    figures = measure(Reader(path, threads=1), Manifest.load(chosen.prepared), chosen.data)
    chosen.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if chosen.attach:
        attach(path, figures)


def attach(path: Path, figures: dict[str, object]) -> None:
    """Write the figures into the bundle's evaluation.json and card."""
    bundle = Bundle.load(path)
    measured = {**(bundle.evaluation or {}), "gate": figures}
    text = card(bundle.header, measured)
    bundle.with_evaluation(measured, text).save(path, overwrite=True)


def measure(reader: Reader, manifest: Manifest, data: Path) -> dict[str, object]:
    """The figures for every kind of film, printed as they come."""
    header = reader.bundle.header
    test = list(_films_of(manifest.split("test")))
    known = judge(reader, test)
    rows = [_row("known test films", known, None)]
    originals = data / ORIGINALS[manifest.source] / "originals"
    kinds: dict[str, Iterable[Film]] = {"known films, original resolution": _files(originals)}
    for name, (folder, column) in STRANGERS[manifest.source].items():
        kinds[name] = _labelled(data / folder, column)
    for name, alter in ALTERED.items():
        kinds[name] = _altered(test, alter)
    for name, draw in SYNTHETIC.items():
        kinds[name] = _drawn(draw, N_SYNTHETIC)
    kinds["photographs in grey"] = (Film(p, str(i)) for i, p in enumerate(photographs()))
    for name, films in kinds.items():
        rows.append(_row(name, judge(reader, films), known))
    words = f"known films are the {len(test)} test films of {manifest.source}"
    cut = header.familiarity.caution_below if header.familiarity else None
    return {"bundle": f"{header.name} {header.version}", "known_films": words,
            "caution_below": cut, "draws": DRAWS, "rows": rows}  # fmt: skip


def judge(reader: Reader, films: Iterable[Film]) -> Judged:
    """What the bundle makes of films of which nothing but the picture is known."""
    cut = reader.bundle.header.familiarity
    if cut is None:
        raise SystemExit(f"{reader.bundle.header.name}: does not measure familiarity")
    shares, refused, patients = [], [], []
    for film in films:
        output = reader.engine.run(film.pixels[None, None])
        shares.append(float(output.familiarity[0]))
        answer = reader.read(Radiograph(film.pixels, "film"))
        refused.append(answer.refused is not None)
        patients.append(film.patient)
    familiarity, no_answer = np.array(shares), np.array(refused, np.float64)
    flagged = np.maximum(no_answer, familiarity < cut.caution_below)
    return Judged(familiarity, flagged, no_answer, np.array(patients))


def _row(name: str, found: Judged, known: Judged | None) -> dict[str, object]:
    row: dict[str, object] = {
        "films": name,
        "n_films": int(found.familiarity.size),
        "n_patients": int(np.unique(found.patients).size),
        "auroc": None if known is None else _auroc(known, found),
        "flagged": _share(found.flagged, found.patients),
        "refused": _share(found.refused, found.patients),
    }
    print(" | ".join(_cell(value) for value in row.values()), flush=True)
    return row


def _cell(value: object) -> str:
    if isinstance(value, list):
        return f"{value[0]:.3f} ({value[1]:.3f} to {value[2]:.3f})"
    return str(value)


def _auroc(known: Judged, strange: Judged) -> list[float]:
    scores = -np.concatenate([known.familiarity, strange.familiarity])
    labels = np.concatenate([np.zeros(known.familiarity.size), np.ones(strange.familiarity.size)])
    patients = np.concatenate(
        [np.char.add("known ", known.patients), np.char.add("strange ", strange.patients)]
    )
    drawn = rank_draws(draw_patients(patients, DRAWS, 0), scores, labels).auroc
    return _listed(interval(auroc(scores, labels), drawn))


def _share(values: NDArray[np.float64], patients: NDArray[np.str_]) -> list[float]:
    sums = draw_patients(patients, DRAWS, 0).sums(np.stack([values, np.ones_like(values)], 1))
    return _listed(interval(float(values.mean()), sums[:, 0] / sums[:, 1]))


def _listed(found: object) -> list[float]:
    return [round(float(value), 4) for value in (found.value, found.low, found.high)]  # type: ignore[attr-defined]


def _films_of(films: Manifest) -> Iterator[Film]:
    for sample in films.samples:
        yield Film(read_radiograph(films.root / sample.image).pixels, sample.patient)


def _altered(films: Iterable[Film], alter: Callable[[Pixels], Pixels]) -> Iterator[Film]:
    for film in films:
        yield Film(alter(film.pixels), film.patient)


def _files(folder: Path) -> Iterator[Film]:
    for path in sorted(folder.rglob("*.*")):
        yield Film(read_radiograph(path).pixels, path.name)


def _labelled(folder: Path, patient_column: str) -> Iterator[Film]:
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == "test"]
    for row in rows:
        places = (folder / row["file"], folder / "images" / row["file"])
        path = next(place for place in places if place.is_file())
        yield Film(read_radiograph(path).pixels, row[patient_column])


def _drawn(draw: Callable[[np.random.Generator], Pixels], n_films: int) -> Iterator[Film]:
    chance = np.random.default_rng(0)
    for i in range(n_films):
        yield Film(draw(chance), str(i))


if __name__ == "__main__":
    main()
