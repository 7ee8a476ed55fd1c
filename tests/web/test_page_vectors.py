"""The numbers that the page's own tests compare with are those that Python gives today."""

import json
import runpy
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def same(found: object, expected: object) -> bool:
    if isinstance(expected, float):
        return found == pytest.approx(expected, abs=1e-4)
    if isinstance(expected, dict) and isinstance(found, dict):
        return found.keys() == expected.keys() and all(same(found[k], expected[k]) for k in found)
    if isinstance(expected, list) and isinstance(found, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    return found == expected


def test_the_page_s_vectors_are_current() -> None:
    script = runpy.run_path(str(REPOSITORY / "scripts" / "write_page_vectors.py"))
    found = json.loads(json.dumps(script["vectors"]()))
    expected = json.loads((REPOSITORY / "tests" / "golden" / "page.json").read_text("utf-8"))
    assert found.keys() == expected.keys()
    for name, cases in found.items():
        assert same(cases, expected[name]), f"{name}: run python scripts/write_page_vectors.py"
