"""Tiny data set folders, drawn, in the publishers' layouts."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from phantoms import phantom
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.findings import Finding, LabelSet

HEADER_2017 = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)


def draw_film(path: Path, seed: int, size: tuple[int, int] = (40, 48)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.rint(phantom(size=size, seed=seed) * 255).astype(np.uint8)
    Image.fromarray(pixels).save(path)


def nih_line(patient: int, follow_up: int, findings: str, age: str = "58") -> str:
    name = f"{patient:08d}_{follow_up:03d}.png"
    return f"{name},{findings},{follow_up},{patient},{age},M,PA,2682,2749,0.143,0.168"


@pytest.fixture
def nih_folder(tmp_path: Path) -> Path:
    """ChestX-ray14 in small: 20 patients of two films, the last 5 in the official test list."""
    folder = tmp_path / "nih"
    lines, names = [], {"train_val": list[str](), "test": list[str]()}
    for patient in range(1, 21):
        for follow_up, findings in enumerate(("No Finding", "Mass|Pleural_Thickening")):
            name = f"{patient:08d}_{follow_up:03d}.png"
            lines.append(nih_line(patient, follow_up, findings))
            names["test" if patient > 15 else "train_val"].append(name)
            place = folder / f"images_{1 + patient % 2:03d}" / "images"
            draw_film(place / name, seed=2 * patient + follow_up)
    (folder / "Data_Entry_2017_v2020.csv").write_text("\n".join([HEADER_2017, *lines]) + "\n")
    for part, listed in names.items():
        (folder / f"{part}_list.txt").write_text("\n".join(listed))
    return folder


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
