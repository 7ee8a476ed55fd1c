"""Manifests without any film behind them, for laws about labels, patients and splits."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.findings import Finding, LabelSet

NAMES = ("mass", "pleural_thickening", "hernia")


def bare_manifest(
    labels: Sequence[Sequence[float]],
    patients: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
) -> Manifest:
    """One film per row of labels (of one to three findings), named by its row."""
    values = np.array(labels, np.float32)
    samples = tuple(
        Sample(
            image=f"{row}.png",
            patient=patients[row] if patients else f"p{row}",
            study=f"s{row}",
            view=None,
            sex=None,
            age=None,
            split=splits[row] if splits else "train",
            labels=values[row],
        )
        for row in range(len(labels))
    )
    findings = tuple(Finding(name, name.title()) for name in NAMES[: values.shape[1]])
    return Manifest(LabelSet(findings), samples, "drawn", Path(), {}, "chest")
