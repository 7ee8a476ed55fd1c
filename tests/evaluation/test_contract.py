from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bare_manifests import bare_manifest
from drawn_tables import about
from plainfilm.datasets.reads import NAME
from plainfilm.errors import EvaluationError
from plainfilm.evaluation.contract import settled


def test_points_come_of_validation_films_and_each_read_is_counted(
    make_table: Any, tmp_path: Path
) -> None:
    manifest = bare_manifest([[0.0], [1.0]], splits=["val", "test"])
    found = settled(about(), tmp_path, manifest, lambda: make_table(n=200))
    assert found.points["youden-plateau"][0] is not None
    assert found.points_from == "the 200 validation films of drawn"
    assert found.test_reads == 1
    assert settled(found, tmp_path, manifest, lambda: make_table(n=200)).test_reads == 2


def test_without_validation_films_the_reason_is_told(tmp_path: Path) -> None:
    def refused() -> Any:
        raise EvaluationError("tiny: holds 3 films it learned from")

    only_test = bare_manifest([[0.0]], splits=["test"])
    assert settled(about(), tmp_path, only_test, refused).points_from == (
        "drawn has no validation films, so no point was chosen"
    )
    manifest = bare_manifest([[0.0], [1.0]], splits=["val", "test"])
    found = settled(about(), tmp_path, manifest, refused)
    assert "3 films it learned from" in found.points_from
    assert found.points == {}


@pytest.mark.parametrize("split", ["val", "train"])
def test_another_split_is_not_counted(split: str, tmp_path: Path) -> None:
    facts = replace(about(), split=split)
    assert settled(facts, tmp_path, bare_manifest([[0.0]]), lambda: 1 / 0) == facts  # type: ignore[arg-type,return-value]
    assert not (tmp_path / NAME).exists()
