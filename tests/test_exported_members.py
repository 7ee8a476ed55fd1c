"""What `import plainfilm` offers, and that it costs nothing until it is used."""

import subprocess
import sys
from importlib import import_module

import pytest

import plainfilm
from plainfilm import errors


def test_the_public_names_are_these() -> None:
    assert plainfilm.__all__ == [
        "AuditError",
        "Bundle",
        "BundleError",
        "BundleTooNew",
        "CorruptBundle",
        "DatasetError",
        "DeidentifyError",
        "EvaluationError",
        "Finding",
        "FindingResult",
        "ImageError",
        "KeysError",
        "LabelSet",
        "Laterality",
        "LeakError",
        "ManyProblems",
        "MissingExtra",
        "NotARadiograph",
        "PlainfilmError",
        "Prediction",
        "Radiograph",
        "Reader",
        "RecipeError",
        "ReportError",
        "RunError",
        "ServeError",
        "ServerBusy",
        "Sex",
        "Study",
        "ToldElsewhere",
        "UnreadableImage",
        "View",
        "read_radiograph",
    ]


@pytest.mark.parametrize("name", plainfilm.__all__)
def test_a_public_name_leads_to_its_documented_thing(name: str) -> None:
    namespace: dict[str, object] = {}
    exec(f"from plainfilm import {name}", namespace)
    assert (namespace[name].__doc__ or "").strip()
    assert name in dir(plainfilm)


def test_every_error_is_public() -> None:
    kinds = {
        name
        for name, thing in vars(errors).items()
        if isinstance(thing, type) and name[0].isupper()
    }
    assert kinds <= set(plainfilm.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'plainfilm' has no attribute 'Readr'"):
        import_module("plainfilm").Readr  # noqa: B018


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, plainfilm; print(*sorted(sys.modules))"
    modules = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert not {"numpy", "PIL", "pydicom", "onnxruntime", "torch"} & set(modules)
