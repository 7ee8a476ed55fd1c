import numpy as np
import pytest

from plainfilm.datasets.chestxray14_labels import (
    FINDINGS,
    LABEL_SET,
    V2020_SHA256,
    parse_labels,
    release_of,
    resolve,
)
from plainfilm.errors import DatasetError

V2020 = [11559, 2776, 13317, 19894, 5782, 6331, 1431, 5302, 4667, 2303, 2516, 1686, 3385, 227]
FIRST = [11535, 2772, 13307, 19871, 5746, 6323, 1353, 5298, 4667, 2303, 2516, 1686, 3385, 227]


def labels_with_counts(counts: list[int], n: int = 112_120) -> np.ndarray:
    return (np.arange(n)[:, None] < np.array(counts)).astype(np.float32)


def test_s0_03_the_findings_stand_in_canonical_order() -> None:
    assert LABEL_SET.names == (
        "atelectasis", "cardiomegaly", "effusion", "infiltration", "mass", "nodule", "pneumonia",
        "pneumothorax", "consolidation", "edema", "emphysema", "fibrosis", "pleural_thickening",
        "hernia",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Edema", "edema"), ("Oedema", "edema"), ("Pulmonary oedema", "edema"),
        ("Pleural_Thickening", "pleural_thickening"), ("Pleural Thickening", "pleural_thickening"),
        ("Effusion", "effusion"), ("Pleural Effusion", "effusion"),
        ("Infiltrate", "infiltration"), ("Infiltration", "infiltration"), (" mass ", "mass"),
    ],
)  # fmt: skip
def test_s0_03_every_usual_spelling_means_its_finding(label: str, name: str) -> None:
    assert resolve(label).name == name


def test_every_finding_resolves_by_its_name_and_its_display_words() -> None:
    for finding in FINDINGS:
        assert resolve(finding.name) == resolve(finding.display) == finding


@pytest.mark.parametrize("label", ["", "Fracture", "No Finding"])
def test_s0_03_an_unknown_label_raises(label: str) -> None:
    with pytest.raises(DatasetError, match="unknown label"):
        resolve(label)


def test_a_snomed_code_passes_its_check_digit() -> None:
    for finding in FINDINGS:
        if finding.code is not None and finding.code.scheme == "SCT":
            assert verhoeff(finding.code.value) == 0, finding.name


def verhoeff(number: str) -> int:
    """0 where the last digit is right (SNOMED CT Technical Implementation Guide, check-digit)."""
    turn = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
    check = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit)
        for _ in range(place % 8):
            value = turn[value]
        check = dihedral(check, value)
    return check


def dihedral(a: int, b: int) -> int:
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b - 5) % 5
    return 5 + (a - 5 - b) % 5 if b < 5 else (a - b) % 5


def test_a_cell_becomes_one_place_per_finding() -> None:
    assert np.flatnonzero(parse_labels("Effusion|Pneumothorax")).tolist() == [2, 7]
    assert parse_labels("No Finding").sum() == 0


@pytest.mark.parametrize("cell", ["", "Mass|", "No Finding|Mass", "Mass,Nodule"])
def test_a_cell_that_makes_no_sense_is_refused(cell: str) -> None:
    with pytest.raises(DatasetError):
        parse_labels(cell)


@pytest.mark.parametrize(
    ("labels", "sha256", "said"),
    [
        (labels_with_counts(V2020), "", "counts of v2020"),
        (labels_with_counts(FIRST), "", "2017 first label release"),
        (labels_with_counts([*FIRST[:-1], 228]), "", "2017 first label release"),
        (labels_with_counts([*FIRST[:-1], 229]), "", "no known release"),
        (labels_with_counts(V2020), V2020_SHA256, "known by the label file's SHA-256"),
        (labels_with_counts([1] * 14, n=9), "", "9 of 112,120 films"),
    ],
)
def test_s4_02_the_release_is_told_by_hash_or_counts(
    labels: np.ndarray, sha256: str, said: str
) -> None:
    assert said in release_of(labels, sha256)
