import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.delong import delong
from plainfilm.evaluation.metrics import auroc
from plainfilm.evaluation.versus import compare_reports, compare_tables


def noisier(table: Any, by: float, **about: Any) -> Any:
    """The same films, answered by a bundle that guesses more."""
    rng = np.random.default_rng(9)
    scores = table.scores + rng.normal(0, by, table.scores.shape)
    return replace(table, scores=scores, about=replace(table.about, bundle="noisy", **about))


def test_the_better_bundle_wins_with_its_p(make_table: Any) -> None:
    """S0-44: two phases of a training, by the paired bootstrap and by DeLong's test."""
    table = make_table(n=300)
    other = noisier(table, 3.0)
    found: Any = compare_tables([other, table], draws=200)
    assert [row["bundle"] for row in found["bundles"]] == ["tiny", "noisy"]
    row = found["against"][0]["findings"]["mass"]
    expected = auroc(other.scores[:, 1], table.labels[:, 1]) - auroc(
        table.scores[:, 1], table.labels[:, 1]
    )
    assert row["auroc"]["difference"][0] == pytest.approx(expected)
    assert row["auroc"]["difference"][2] < 0
    tested = delong(other.scores[:, 1], table.scores[:, 1], table.labels[:, 1], table.patient)
    assert row["p_delong"] == tested.p <= row["p_holm"] < 0.001
    assert row["p_bootstrap"] == pytest.approx(2 / 201)
    assert row["brier"]["difference"][0] == 0  # the probabilities were left as they were
    assert found["n_films"] == 300


def test_a_bundle_against_itself_differs_nowhere(make_table: Any) -> None:
    table = make_table()
    found: Any = compare_tables([table, table], draws=20)
    for row in found["against"][0]["findings"].values():
        assert row["auroc"]["difference"] == [0, 0, 0]
        assert row["p_delong"] == row["p_holm"] == row["p_bootstrap"] == 1


def test_films_that_one_of_them_refused_are_left_out(make_table: Any) -> None:
    table = make_table(n=60)
    other = noisier(table, 1.0)
    other = replace(other, refused=np.where(np.arange(60) < 10, "dark", ""))
    found: Any = compare_tables([table, other], draws=10)
    assert (found["n_films"], found["n_without"]) == (50, 10)
    row = found["against"][0]["findings"]["mass"]
    assert row["auroc"]["first"][0] == auroc(table.scores[10:, 1], table.labels[10:, 1])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"split_sha256": "2" * 64}, r"another split hash \(111111111111 and 222222222222\)"),
        ({"data_set": "others"}, r"another data set \(phantoms and others\)"),
        ({"split": "val"}, r"another split \(test and val\)"),
        ({"findings": ("a", "b")}, "no finding in common"),
    ],
)
def test_numbers_of_different_films_never_stand_in_one_column(
    make_table: Any, change: dict[str, Any], words: str
) -> None:
    table = make_table(n=20)
    other = replace(table, about=replace(table.about, **change))
    with pytest.raises(EvaluationError, match=words):
        compare_tables([table, other], draws=5)


def test_other_films_or_labels_of_one_split_are_refused(make_table: Any) -> None:
    table = make_table(n=20)
    with pytest.raises(EvaluationError, match="one split, but other films"):
        compare_tables([table, table.rows(np.arange(19))], draws=5)
    with pytest.raises(EvaluationError, match="mass has other labels"):
        compare_tables(
            [table, replace(table, labels=np.stack([table.labels[:, 0], np.zeros(20)], 1))],
            draws=5,
        )
    with pytest.raises(EvaluationError, match="1 report to compare"):
        compare_tables([table])
    with pytest.raises(EvaluationError, match="no film that all of them answered"):
        compare_tables([table, replace(table, refused=np.full(20, "dark"))])


def test_only_findings_in_common_are_compared(make_table: Any) -> None:
    table = make_table(n=40)
    other = replace(table, about=replace(table.about, findings=("mass2", "mass")))
    found: Any = compare_tables([table, other], draws=5)
    assert list(found["against"][0]["findings"]) == ["mass"]
    assert found["bundles"][0]["n_findings"] == 1


def test_reports_are_compared_by_their_folders(make_table: Any, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        make_table(n=30).save(tmp_path / name / "predictions.parquet")
    found: Any = compare_reports([tmp_path / "a", tmp_path / "b"], draws=5)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert [words[:21] for words in found["cautions"]] == [f"{n}: no evaluation.json" for n in "ab"]
