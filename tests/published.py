"""The published predictions of 22,433 films, by the loader of their benchmark."""

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from drawn_tables import about
from plainfilm.evaluation.table import Predictions

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@cache
def benchmark(name: str) -> ModuleType:
    """A script of benchmarks/ as a module."""
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def load_published(folder: Path) -> Any:
    """Probabilities and labels (22433, 14), patients (22433,)."""
    return benchmark("published_auroc").load(folder)


def published_table(folder: Path) -> Predictions:
    """The same as a table of predictions; scores are probabilities."""
    published, findings = load_published(folder), benchmark("published_auroc").FINDINGS
    names = tuple(finding.lower() for finding in findings)
    facts = about(findings=names, displays=findings, thresholds=(0.5,) * 14)
    n = len(published.patients)
    nothing = np.full(n, "")
    details = {"study": nothing, "split": nothing, "body_part": nothing}
    return Predictions(
        about=facts,
        name=np.array([f"{i}.png" for i in range(n)]),
        patient=published.patients,
        details={**details, "view": published.view, "sex": published.sex},
        age=published.age,
        labels=published.labels,
        scores=published.probabilities,
        probabilities=published.probabilities,
        familiarity=np.full(n, np.nan),
        refused=nothing,
    )
