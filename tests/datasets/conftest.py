"""Tiny data set folders, drawn, in the publishers' layouts."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from drawn_sets import (
    draw_film,
    draw_knees,
    draw_label_list,
    draw_mura,
    draw_nih,
    draw_sorted,
    draw_table,
)
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
    """See `draw_knees`."""
    return draw_knees(tmp_path / "knees")


@pytest.fixture
def mura_folder(tmp_path: Path) -> Path:
    """See `draw_mura`."""
    return draw_mura(tmp_path / "MURA-v1.1")


@pytest.fixture
def table_folder(tmp_path: Path) -> Path:
    """See `draw_table`."""
    return draw_table(tmp_path / "own")


@pytest.fixture
def folders_folder(tmp_path: Path) -> Path:
    """See `draw_sorted`."""
    return draw_sorted(tmp_path / "sorted")


@pytest.fixture
def label_list_folder(tmp_path: Path) -> Path:
    """See `draw_label_list`."""
    return draw_label_list(tmp_path / "listed")


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
