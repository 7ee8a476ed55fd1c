"""Small data sets of drawn films, laid out as their publishers lay them out."""

import gzip
from pathlib import Path

import numpy as np
from PIL import Image

from phantoms import phantom

HEADER_2017 = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)


def draw_film(path: Path, seed: int, size: tuple[int, int] = (40, 48), view: str = "PA") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.rint(phantom(view, size=size, seed=seed) * 255).astype(np.uint8)
    Image.fromarray(pixels).save(path)


def nih_line(patient: int, follow_up: int, findings: str, age: str = "58") -> str:
    name = f"{patient:08d}_{follow_up:03d}.png"
    return f"{name},{findings},{follow_up},{patient},{age},M,PA,2682,2749,0.143,0.168"


def write_published(path: Path) -> None:
    """A published network's table: of one film of each of `draw_nih`'s patients."""
    findings = ("Mass", "Pleural_Thickening", "Nodule")
    lines = [",".join(["Image Index", *(f"prob_{finding}" for finding in findings)])]
    for patient in range(1, 21):
        chances = (f"{(patient * k % 7 + 1) / 10}" for k in (1, 2, 3))
        lines.append(",".join([f"{patient:08d}_{patient % 2:03d}.png", *chances]))
    path.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))


def draw_nih(folder: Path, size: tuple[int, int] = (40, 48)) -> Path:
    """ChestX-ray14 in small: 20 patients of two films, the last 5 in the official test list."""
    lines, names = [], {"train_val": list[str](), "test": list[str]()}
    for patient in range(1, 21):
        for follow_up, findings in enumerate(("No Finding", "Mass|Pleural_Thickening")):
            name = f"{patient:08d}_{follow_up:03d}.png"
            lines.append(nih_line(patient, follow_up, findings))
            names["test" if patient > 15 else "train_val"].append(name)
            place = folder / f"images_{1 + patient % 2:03d}" / "images"
            draw_film(place / name, 2 * patient + follow_up, size)
    (folder / "Data_Entry_2017_v2020.csv").write_text("\n".join([HEADER_2017, *lines]) + "\n")
    for part, listed in names.items():
        (folder / f"{part}_list.txt").write_text("\n".join(listed))
    return folder
