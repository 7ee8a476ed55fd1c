"""Fourteen published AUROCs, computed again from the published probabilities and NIH's labels.

    python benchmarks/published_auroc.py FOLDER [DRAWS]

FOLDER holds `nih-chestxray14-published-predictions/preds.csv.gz` (John R. Zech, reproduce-chexnet,
BSD-3-Clause) and `nih-chestxray14-metadata/Data_Entry_2017_v2020.csv.gz` (NIH Clinical Center).
No network is run: this checks the whole chain of metrics and intervals on real, large data.
"""

import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainfilm.datasets.files import read_table
from plainfilm.evaluation.bootstrap import draw_patients, interval, rank_draws
from plainfilm.evaluation.comparison import read_published
from plainfilm.evaluation.metrics import auroc, average_precision

FINDINGS = (
    "Atelectasis",
    "Cardiomegaly",
    "Effusion",
    "Infiltration",
    "Mass",
    "Nodule",
    "Pneumonia",
    "Pneumothorax",
    "Consolidation",
    "Edema",
    "Emphysema",
    "Fibrosis",
    "Pleural_Thickening",
    "Hernia",
)
PREDICTIONS = "nih-chestxray14-published-predictions/preds.csv.gz"
LABELS = "nih-chestxray14-metadata/Data_Entry_2017_v2020.csv.gz"


class Published(NamedTuple):
    """Probabilities and labels float64 (n, 14), patients, sex and view str (n,), age (n,)."""

    probabilities: NDArray[np.float64]
    labels: NDArray[np.float64]
    patients: NDArray[np.str_]
    sex: NDArray[np.str_]
    view: NDArray[np.str_]
    age: NDArray[np.float64]


def load(folder: Path) -> Published:
    header, rows = read_table(folder / PREDICTIONS)
    films = [row[header.index("Image Index")] for row in rows]
    names = [finding.lower() for finding in FINDINGS]
    probabilities = read_published(folder / PREDICTIONS, films, names)
    header, rows = read_table(folder / LABELS)
    entries = {row[header.index("Image Index")]: row for row in rows}

    def column(name: str) -> list[str]:
        place = header.index(name)
        return [entries[film][place] for film in films]

    present = [words.split("|") for words in column("Finding Labels")]
    labels = np.array([[f in words for f in FINDINGS] for words in present], np.float64)
    patients, sex, view = (
        np.array(column(name)) for name in ("Patient ID", "Patient Gender", "View Position")
    )
    age = np.array(column("Patient Age"), np.float64)
    return Published(probabilities, labels, patients, sex, view, age)


def main(folder: Path, draws: int = 2000) -> None:
    published = load(folder)
    started = time.perf_counter()
    drawn = draw_patients(published.patients, draws, seed=0)
    print(f"{len(published.patients)} films of {drawn.counts.shape[1]} patients, {draws} draws")
    print(
        "| finding | present | AUROC | 95 % | average precision | 95 % |\n|---|---|---|---|---|---|"
    )
    areas, all_drawn = [], []
    for column, finding in enumerate(FINDINGS):
        scores, labels = published.probabilities[:, column], published.labels[:, column]
        ranked = rank_draws(drawn, scores, labels)
        area = interval(auroc(scores, labels), ranked.auroc)
        mean = interval(average_precision(scores, labels), ranked.average_precision)
        areas.append(area.value)
        all_drawn.append(ranked.auroc)
        print(
            f"| {finding} | {labels.sum():.0f} "
            f"| {area.value:.4f} | {area.low:.3f} to {area.high:.3f} "
            f"| {mean.value:.4f} | {mean.low:.3f} to {mean.high:.3f} |"
        )
    mean = interval(float(np.mean(areas)), np.mean(all_drawn, axis=0))
    print(f"| mean | | {mean.value:.4f} | {mean.low:.3f} to {mean.high:.3f} | | |")
    print(f"{time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
