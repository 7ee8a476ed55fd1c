import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.side_by_side import curves_side_by_side, write_comparison


def reports(make_table: Any, folder: Path) -> list[Path]:
    """Two reports of the same films: one bundle, and the same with worse scores."""
    table = make_table(n=120)
    rng = np.random.default_rng(2)
    worse = replace(table, scores=table.scores + rng.normal(0, 2, table.scores.shape))
    folders = [folder / name for name in ("with-weights", "without-weights")]
    for each, made in zip(folders, (table, worse), strict=True):
        each.mkdir()
        made.save(each / "predictions.parquet")
    return folders


def test_s0_66_both_roc_and_both_precision_recall_curves_stand_side_by_side(
    make_table: Any, tmp_path: Path
) -> None:
    """S1-05: what weights do is seen in both pairs of curves, and told with its interval."""
    folders = reports(make_table, tmp_path)
    found: Any = write_comparison(folders, tmp_path / "out", draws=20)

    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [f"comparison.{ending}" for ending in ("html", "json", "png", "svg")]
    assert json.loads((tmp_path / "out" / "comparison.json").read_text("utf-8")) == found
    page = (tmp_path / "out" / "comparison.html").read_text(encoding="utf-8")
    assert page.count("<p>Caution: ") == 2  # neither report was finished
    for title in ("Pneumonia, ROC", "Pneumonia, precision-recall", "Mass, ROC"):
        assert f">{title}</text>" in page
    for name in ("with-weights", "without-weights"):
        assert page.count(f">{name}</text>") == 2  # a legend per ROC panel
    row = found["against"][0]["findings"]["mass"]
    for measure in ("auroc", "average_precision"):
        value, low, high = row[measure]["difference"]
        assert f"{value:.3f} [{low:.3f}, {high:.3f}]" in page


def test_a_finding_without_both_kinds_leaves_its_panel_empty(make_table: Any) -> None:
    table = make_table(n=20)
    table.labels[:, 1] = 0
    svg = curves_side_by_side([table, table], ["a" * 40, "b"]).svg
    assert f">{'a' * 29}…</text>" in svg
    assert svg.count(">b</text>") == 1


def test_a_folder_that_holds_something_is_left_alone(make_table: Any, tmp_path: Path) -> None:
    folders = reports(make_table, tmp_path)
    with pytest.raises(EvaluationError, match=r"^with-weights: holds 1 files or folders already"):
        write_comparison(folders, folders[0], draws=5)


def test_reports_of_other_films_are_refused_before_anything_is_written(
    make_table: Any, tmp_path: Path
) -> None:
    folders = reports(make_table, tmp_path)
    table = make_table(n=120)
    other = replace(table, about=replace(table.about, split_sha256="2" * 64))
    other.save(folders[1] / "predictions.parquet")
    with pytest.raises(EvaluationError, match="another split hash"):
        write_comparison(folders, tmp_path / "out", draws=5)
    assert not (tmp_path / "out").exists()
