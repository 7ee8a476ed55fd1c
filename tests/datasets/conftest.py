"""Tiny data set folders, drawn, in the publishers' layouts."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from drawn_sets import draw_film, draw_nih
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.findings import Finding, LabelSet


@pytest.fixture
def nih_folder(tmp_path: Path) -> Path:
    """ChestX-ray14 in small: see `draw_nih`."""
    return draw_nih(tmp_path / "nih")


@pytest.fixture
def kermany_folder(tmp_path: Path) -> Path:
    """The paediatric set in small: 20 healthy, 20 ill of 2 films in train; 2 in val; 4 in test."""
    folder = tmp_path / "chest_xray"
    seed = 0
    for part, first, n in (("train", 100, 20), ("val", 150, 1), ("test", 1, 2)):
        for number in range(first, first + n):
            for name in (
                f"NORMAL/IM-{number:04d}-0001.jpeg",
                f"PNEUMONIA/person{number}_bacteria_{number}.jpeg",
                f"PNEUMONIA/person{number}_virus_{number}.jpg",
            ):
                seed += 1
                draw_film(folder / part / name, seed)
    return folder


@pytest.fixture
def knee_folder(tmp_path: Path) -> Path:
    """The knees in small: 9 patients of two knees, of grades 0 to 4, in train, val and test."""
    folder = tmp_path / "knees"
    for patient in range(9):
        part = ("train", "train", "val", "test")[patient % 4]
        for place, side in enumerate("LR"):
            film = f"{part}/{(patient + place) % 5}/{9_000_000 + patient}{side}.png"
            draw_film(folder / film, seed=2 * patient + place, view="KNEE")
    for empty in (
        folder / part / str(grade) for part in ("train", "val", "test") for grade in range(5)
    ):
        empty.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def mura_folder(tmp_path: Path) -> Path:
    """MURA in small: per body part two train patients (one abnormal) and one valid patient.

    Every study has two films, of different sizes; train patient 1 has an elbow and a finger.
    """
    root = tmp_path / "MURA-v1.1"
    parts = ("ELBOW", "FINGER", "FOREARM", "HAND", "HUMERUS", "SHOULDER", "WRIST")
    tables: dict[str, list[str]] = {}
    for place, part in enumerate(parts):
        for number, name, label in (
            (max(1, 2 * place - 1), "train", "negative"),
            (2 * place + 20, "train", "positive"),
            (place + 50, "valid", ("positive", "negative")[place % 2]),
        ):
            study = f"{name}/XR_{part}/patient{number:05d}/study1_{label}/"
            line = f"MURA-v1.1/{study},{int(label == 'positive')}"
            tables.setdefault(f"{name}_labeled_studies", []).append(line)
            for image in (1, 2):
                film = f"{study}image{image}.png"
                tables.setdefault(f"{name}_image_paths", []).append(f"MURA-v1.1/{film}")
                draw_film(root / film, 100 * number + image, (40 + image, 50), view="KNEE")
    for name, lines in tables.items():
        (root / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return root


@pytest.fixture
def table_folder(tmp_path: Path) -> Path:
    """Our own films: a table of 20 patients of one film each, without a split, and the films."""
    folder = tmp_path / "own"
    lines = ["path,patient,sex,age,label:Mass,label:Pleural Effusion"]
    for number in range(20):
        draw_film(folder / "films" / f"{number}.png", seed=number)
        lines.append(f"films/{number}.png,P{number:02d},F,{20 + number},{number % 2},")
    (folder / "films.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def folders_folder(tmp_path: Path) -> Path:
    """Twenty films sorted by class: Normal, Mass and Rib Fracture."""
    folder = tmp_path / "sorted"
    for number in range(20):
        name = ("Normal", "Mass", "Rib Fracture", "Normal")[number % 4]
        draw_film(folder / name / f"{number:02d}.png", seed=number)
    return folder


@pytest.fixture
def make_manifest(tmp_path: Path) -> Callable[..., Manifest]:
    """make_manifest(splits, patients=…, labels=…): a manifest with one finding, films drawn."""

    def make(
        splits: Sequence[str],
        patients: Sequence[str] | None = None,
        labels: Sequence[float] | None = None,
    ) -> Manifest:
        samples = []
        for row, split in enumerate(splits):
            image = f"films/{row}.png"
            draw_film(tmp_path / image, seed=row)
            samples.append(
                Sample(
                    image=image,
                    patient=patients[row] if patients else f"p{row}",
                    study=f"s{row}",
                    view="PA" if row % 2 else None,
                    sex=None if row % 2 else "F",
                    age=None if row % 2 else 1 / 12 + row,
                    split=split,
                    labels=np.array([labels[row] if labels else row % 2], np.float32),
                )
            )
        return Manifest(
            LabelSet((Finding("mass", "Mass"),)), tuple(samples), "drawn", tmp_path, {}, "chest"
        )

    return make
