"""Small data sets of drawn films, laid out as their publishers lay them out."""

import gzip
from pathlib import Path

import numpy as np
from PIL import Image

from phantoms import somebody

HEADER_2017 = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)


def draw_film(path: Path, seed: int, size: tuple[int, int] = (40, 48), view: str = "PA") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.rint(somebody(view, size=size, seed=seed) * 255).astype(np.uint8)
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


def draw_knees(folder: Path) -> Path:
    """The knees in small: 9 patients of two knees, of grades 0 to 4, in train, val and test."""
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


def draw_mura(folder: Path) -> Path:
    """MURA in small: per body part two train patients (one abnormal) and one valid patient.

    Every study has two films, of different sizes; train patient 1 has an elbow and a finger.
    """
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
                draw_film(folder / film, 100 * number + image, (40 + image, 50), view="KNEE")
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return folder


def draw_table(folder: Path) -> Path:
    """Our own films: a table of 20 patients of one film each, without a split, and the films."""
    lines = ["path,patient,sex,age,label:Mass,label:Pleural Effusion"]
    for number in range(20):
        draw_film(folder / "films" / f"{number}.png", seed=number)
        lines.append(f"films/{number}.png,P{number:02d},F,{20 + number},{number % 2},")
    (folder / "films.csv").write_text("\n".join(lines) + "\n")
    return folder


def draw_sorted(folder: Path) -> Path:
    """Twenty films sorted by class: Normal, Mass and Rib Fracture."""
    for number in range(20):
        name = ("Normal", "Mass", "Rib Fracture", "Normal")[number % 4]
        draw_film(folder / name / f"{number:02d}.png", seed=number)
    return folder


def draw_label_list(folder: Path) -> Path:
    """A label list of image and findings alone: 10 patients of three films, named as NIH's are."""
    lines = ["image,findings"]
    for patient in range(1, 11):
        for follow_up, findings in enumerate(("", "Mass|Pleural_Thickening", "Mass")):
            name = f"films/{patient:08d}_{follow_up:03d}.png"
            draw_film(folder / name, seed=3 * patient + follow_up)
            lines.append(f"{name},{findings}")
    (folder / "label list.csv").write_text("\n".join(lines) + "\n")
    return folder
