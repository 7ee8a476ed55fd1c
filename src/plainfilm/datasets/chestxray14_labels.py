"""The fourteen findings of ChestX-ray14: names, codes, spellings, and the releases of its labels.

References
----------
Wang et al. 2017, "ChestX-ray8: Hospital-scale Chest X-ray Database and Benchmarks", CVPR, 3462.
"""

from collections.abc import Mapping

import numpy as np

from plainfilm.datasets.sample import Labels
from plainfilm.errors import DatasetError
from plainfilm.findings import Code, Finding, LabelSet

NO_FINDING = "No Finding"

# Codes that a public standard lists or two public sources agree on. None for pleural thickening
# (no term is checked) and hernia (the term at hand, hiatal hernia, is narrower than the label).
FINDINGS: tuple[Finding, ...] = (
    Finding("atelectasis", "Atelectasis", Code("SCT", "46621007", "Atelectasis")),
    Finding("cardiomegaly", "Cardiomegaly", Code("SCT", "8186001", "Cardiomegaly")),
    Finding("effusion", "Pleural effusion", Code("SCT", "60046008", "Pleural effusion")),
    Finding("infiltration", "Infiltration", Code("DCM", "112121", "Infiltrate")),
    Finding("mass", "Mass", Code("SCT", "4147007", "Mass")),
    Finding("nodule", "Nodule", Code("SCT", "27925004", "Nodule")),
    Finding("pneumonia", "Pneumonia", Code("SCT", "233604007", "Pneumonia")),
    Finding("pneumothorax", "Pneumothorax", Code("SCT", "36118008", "Pneumothorax")),
    Finding("consolidation", "Consolidation", Code("SCT", "95436008", "Pulmonary consolidation")),
    Finding("edema", "Pulmonary oedema", Code("SCT", "19242006", "Pulmonary edema")),
    Finding("emphysema", "Emphysema", Code("SCT", "87433001", "Pulmonary emphysema")),
    Finding("fibrosis", "Fibrosis", Code("SCT", "51615001", "Fibrosis of lung")),
    Finding("pleural_thickening", "Pleural thickening"),
    Finding("hernia", "Hernia"),
)
LABEL_SET = LabelSet(FINDINGS)

_ALIASES: Mapping[str, str] = {
    "oedema": "edema",
    "pulmonary_edema": "edema",
    "pulmonary_oedema": "edema",
    "pleural_effusion": "effusion",
    "infiltrate": "infiltration",
    "pt": "pleural_thickening",
}
_PLACES: Mapping[str, int] = {name: place for place, name in enumerate(LABEL_SET.names)}

N_IMAGES, N_PATIENTS = 112_120, 30_805

# SHA-256 of Data_Entry_2017_v2020.csv, unpacked.
V2020_SHA256 = "dc1d2df67fdc1c5a7601d48699cda2b13dc2c4841488b4183dcf04884dbaca11"

# Films that show each finding, all 112,120 films, in the order of FINDINGS. The first release's
# are those printed in papers of its time; public lists return them within one film.
# fmt: off
_CURRENT_COUNTS = (11559, 2776, 13317, 19894, 5782, 6331, 1431,
                   5302, 4667, 2303, 2516, 1686, 3385, 227)
_FIRST_COUNTS = (11535, 2772, 13307, 19871, 5746, 6323, 1353,
                 5298, 4667, 2303, 2516, 1686, 3385, 227)
# fmt: on


def resolve(label: str) -> Finding:
    """The finding that a label means, in any of its usual spellings.

    >>> resolve("Oedema").name, resolve("Pleural Thickening").name, resolve("Infiltrate").name
    ('edema', 'pleural_thickening', 'infiltration')

    Raises
    ------
    DatasetError
        No such finding.
    """
    name = "_".join(label.strip().lower().replace("_", " ").split())
    place = _PLACES.get(_ALIASES.get(name, name))
    if place is None:
        known = ", ".join(LABEL_SET.names)
        raise DatasetError(f"unknown label {label!r}; expected {NO_FINDING!r} or one of {known}")
    return FINDINGS[place]


def parse_labels(cell: str) -> Labels:
    """float32 (14,): 1 for each finding in a `Finding Labels` cell ("Mass|Nodule"), else 0.

    Raises
    ------
    DatasetError
        An unknown label, an empty cell, or "No Finding" beside a finding.
    """
    labels = np.zeros(len(LABEL_SET), np.float32)
    words = cell.split("|")
    if words == [NO_FINDING]:
        return labels
    for word in words:
        labels[_PLACES[resolve(word).name]] = 1
    return labels


def release_of(labels: Labels, label_file_sha256: str) -> str:
    """Which release of the labels this is, told by the label file's hash and by the counts."""
    counts = (labels == 1).sum(axis=0)
    if label_file_sha256 == V2020_SHA256:
        return "NIH labels, v2020 (known by the label file's SHA-256)"
    if len(labels) != N_IMAGES:
        return f"part of the NIH labels ({len(labels):,} of {N_IMAGES:,} films); release not told"
    if np.array_equal(counts, _CURRENT_COUNTS):
        return "NIH labels with the counts of v2020"
    if int(np.abs(counts - np.array(_FIRST_COUNTS)).max()) <= 1:
        return "NIH 2017 first label release (known by its counts)"
    return "NIH labels of no known release: the counts per finding fit neither 2017 nor v2020"
