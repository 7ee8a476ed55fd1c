"""The page's golden vectors are what the script draws and what Python reads."""

import base64
import json
import runpy
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
FILE = REPOSITORY / "web" / "tests" / "images" / "vectors" / "films.json"
VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))

script = runpy.run_path(str(REPOSITORY / "scripts" / "write_image_vectors.py"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_python_reads_in_a_vector_what_the_page_must_read(vector: dict[str, Any]) -> None:
    found = script["reading"](base64.b64decode(vector["file"]))
    expected = vector["reading"]
    if "pixels" in expected:
        assert found.pop("pixels") == pytest.approx(expected.pop("pixels"), abs=2e-7)
    assert found == expected


def test_the_script_draws_every_vector_and_no_other() -> None:
    drawn = {name: script["reading"](content) for name, content in script["drawn_files"]()}
    assert list(drawn) == [vector["name"] for vector in VECTORS]


def test_the_vectors_are_small_and_cover_each_answer() -> None:
    assert FILE.stat().st_size < 300_000
    answers = {vector["reading"].get("refusal", "read") for vector in VECTORS}
    assert answers == {"read", "unreadable", "not-a-radiograph"}
