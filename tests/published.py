"""The published predictions of 22,433 films, by the loader of their benchmark."""

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

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
