"""Own films for adapting: drawn, labelled by chance from a tiny bundle's own scores."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from phantoms import phantom
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.evaluation.calibration import sigmoid
from plainfilm.images import read_radiograph
from plainfilm.reading import Reader
from plainfilm.reading.bundle import Bundle, Calibration

N_FILMS = 160


def uncalibrated(bundle: Bundle) -> Bundle:
    """As an imported bundle states itself: model scores, no population."""
    never = Calibration(False, "", "", {})
    return replace(bundle, header=replace(bundle.header, calibration=never, population=None))


def draw_own_films(folder: Path, parent: Path) -> Path:
    """A prepared folder: two films a patient, three of four patients for train, else for test."""
    folder.mkdir()
    rng, reader = np.random.default_rng(0), Reader(Bundle.load(parent))
    scores = np.zeros((N_FILMS, 2))
    for number in range(N_FILMS):
        path, share = folder / f"{number:03}.png", rng.random()
        film = share * phantom("PA", (64, 64), number) + (1 - share) * phantom("KNEE", (64, 64))
        Image.fromarray((film * 255).astype(np.uint8)).save(path)
        results = reader.read(read_radiograph(path), override_population=True).results
        scores[number] = [result.score for result in results]
    spread = (scores - scores.mean(axis=0)) / scores.std(axis=0)
    labels = (rng.random((N_FILMS, 2)) < sigmoid(2 * spread)).astype(np.float32)
    samples = tuple(
        Sample(
            f"{n:03}.png", f"p{n // 2}", f"s{n}", "PA", "F", 30.0 + n % 40,
            "test" if n % 8 > 5 else "train", labels[n],
        )
        for n in range(N_FILMS)
    )  # fmt: skip
    label_set = Bundle.load(parent).header.label_set
    Manifest(label_set, samples, "table:own.csv", folder, {}, "chest").save(folder)
    return folder
