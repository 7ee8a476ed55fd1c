import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.bootstrap import Interval, draw_patients
from plainfilm.evaluation.comparison import (
    check_same_films,
    compare_with_published,
    read_published,
)
from plainfilm.evaluation.delong import delong
from plainfilm.evaluation.metrics import auroc

TABLE = """Image Index,prob_Mass,prob_Pleural Thickening,prob_Hernia
film-0.png,0.25,0.5,0.1
film-2.png,0.75,,0.1
"""


def test_films_are_matched_whatever_their_ending(tmp_path: Path) -> None:
    path = tmp_path / "preds.csv.gz"
    path.write_bytes(gzip.compress(TABLE.replace(",,", ",0.0,").encode()))
    films, findings = ["film-2.jpg", "film-1.jpg", "film-0.jpg"], ["pleural_thickening", "mass"]
    values = read_published(path, films, findings)
    assert values[[0, 2]].tolist() == [[0.0, 0.75], [0.5, 0.25]]
    assert np.isnan(values[1]).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TABLE, "'' is not a number"),
        ("Image Index,prob_Hernia\nfilm-0.png,0.1\n", "expected the columns"),
        ("film,prob_Mass\nfilm-0.png,0.1\n", "expected the columns"),
        ("Image Index,prob_Mass\nother.png,0.1\n", "none of the 2 films"),
        ("", "empty"),
        ("Image Index,prob_Mass\nfilm-0.png,0.1\nfilm-0.jpg,0.2\n", "2 films are called film-0"),
        ("Image Index,prob_Mass\nfilm-0.png,inf\n", "'inf' is not a probability"),
        ("Image Index,prob_Mass\nfilm-0.png\n", "line 2 has 1 cells"),
    ],
)
def test_an_unfit_table_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "preds.csv"
    path.write_text(text)
    with pytest.raises(EvaluationError, match=words):
        read_published(path, ["film-0.png", "film-2.png"], ["mass", "pleural_thickening"])


def test_films_of_one_name_in_many_folders_cannot_be_matched(tmp_path: Path) -> None:
    path = tmp_path / "preds.csv"
    path.write_text("Image Index,prob_Mass\nimage1.png,0.1\n")
    with pytest.raises(EvaluationError, match="this split: 2 films are called image1; names must"):
        read_published(path, ["image1.png", "image2.png", "image1.png"], ["mass"])


def test_a_table_that_is_not_there_is_named_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"^preds\.csv: no such file") as caught:
        read_published(tmp_path / "preds.csv", ["film-0.png"], ["mass"])
    assert str(tmp_path.parent) not in str(caught.value)


def test_a_finding_the_table_lacks_and_a_film_it_says_nothing_of_are_unknown(
    tmp_path: Path,
) -> None:
    path = tmp_path / "preds.csv"
    path.write_text("Image Index,prob_Mass\nfilm-0.png,0.1\nfilm-1.png,nan\nelse.png,0.4\n")
    values = read_published(path, ["film-0.png", "film-1.png", "film-2.png"], ["mass", "hernia"])
    np.testing.assert_array_equal(values, [[0.1, np.nan], [np.nan, np.nan], [np.nan, np.nan]])


def test_a_network_beside_itself_differs_by_nothing(make_table: Any) -> None:
    table = make_table(n=60)
    found: Any = compare_with_published(
        replace(table, published=table.probabilities), draw_patients(table.patient, 30, 0)
    )
    for row in (*found["findings"].values(), found["mean"]):
        assert row["difference"] == Interval(0.0, 0.0, 0.0)
        assert row["this_bundle"] == row["published"]
    assert (found["n_films"], found["n_without"]) == (60, 0)
    assert {row["p_holm"] for row in found["findings"].values()} == {1.0}


def test_a_refused_film_counts_for_neither(make_table: Any) -> None:
    table = make_table(n=60)
    refused = np.where(np.arange(60) < 20, "too dark", "")
    table = replace(table, published=table.probabilities, refused=refused)
    found: Any = compare_with_published(table, draw_patients(table.patient, 5, 0))
    assert (found["n_films"], found["n_without"]) == (40, 20)
    assert found["findings"]["mass"]["n_present"] == int(table.labels[20:, 1].sum())


def test_findings_that_nobody_has_leave_no_mean(make_table: Any) -> None:
    table = make_table(n=20)
    table.labels[:] = 0
    found: Any = compare_with_published(
        replace(table, published=table.probabilities), draw_patients(table.patient, 5, 0)
    )
    assert found["mean"] == {"n_findings": 0}
    assert found["findings"]["mass"]["too_few"] is True


def test_the_mean_s_difference_is_the_mean_of_the_differences(make_table: Any) -> None:
    table = make_table(n=80)
    worse = table.scores + np.random.default_rng(1).normal(0, 2, table.scores.shape)
    found: Any = compare_with_published(
        replace(table, published=worse), draw_patients(table.patient, 40, 0)
    )
    rows = found["findings"].values()
    expected = np.mean([row["difference"].value for row in rows])
    assert found["mean"]["difference"].value == pytest.approx(expected)
    assert found["mean"]["difference"].low < expected < found["mean"]["difference"].high


def test_both_are_measured_on_the_same_films(make_table: Any) -> None:
    """S0-44: both numbers, and their paired difference with its interval."""
    table = make_table(n=100)
    published = np.where(np.arange(100)[:, None] < 60, table.labels, np.nan)  # a perfect network
    table = replace(table, published=published)
    found: Any = compare_with_published(table, draw_patients(table.patient, 50, 0))
    row = found["findings"]["mass"]
    assert (found["n_films"], found["n_without"]) == (60, 40)
    assert row["this_bundle"].value == auroc(table.scores[:60, 1], table.labels[:60, 1])
    assert row["published"] == Interval(1.0, 1.0, 1.0)
    assert row["difference"].value == pytest.approx(row["this_bundle"].value - 1)
    assert row["difference"].high < 0
    tested = delong(
        table.scores[:60, 1], published[:60, 1], table.labels[:60, 1], table.patient[:60]
    )
    assert row["p_delong"] == pytest.approx(tested.p)
    assert found["mean"]["n_findings"] == 2


def test_s0_44_the_difference_is_of_the_same_draws(make_table: Any) -> None:
    """S0-44: a paired bootstrap; of two that hardly differ, it is far narrower than either's."""
    table = make_table(n=200)
    nearly = table.scores + np.random.default_rng(1).normal(0, 0.02, table.scores.shape)
    found: Any = compare_with_published(
        replace(table, published=nearly), draw_patients(table.patient, 200, 0)
    )

    def width(one: Interval) -> float:
        return one.high - one.low

    for row in (*found["findings"].values(), found["mean"]):
        assert 0 < width(row["difference"]) < 0.2 * width(row["this_bundle"])
        assert row["difference"].low <= row["this_bundle"].value - row["published"].value
        assert row["this_bundle"].value - row["published"].value <= row["difference"].high


def test_nothing_published_is_nothing_to_compare(make_table: Any) -> None:
    table = make_table(n=10)
    assert compare_with_published(table, draw_patients(table.patient, 5, 0)) == {}


def test_another_bundle_s_predictions_are_a_table_too(make_table: Any, tmp_path: Path) -> None:
    """S0-44: so two phases of a training are compared on the same films and draws."""
    table, path = make_table(n=20), tmp_path / "predictions.parquet"
    table.save(path)
    films = [*table.name.tolist()[::-1], "another.png"]

    values = read_published(path, films, table.about.findings)

    np.testing.assert_array_equal(values[:-1], table.probabilities[::-1])
    assert np.isnan(values[-1]).all()


def test_a_bundle_of_other_findings_is_no_comparison(make_table: Any, tmp_path: Path) -> None:
    table, path = make_table(n=4), tmp_path / "predictions.parquet"
    table.save(path)
    with pytest.raises(EvaluationError, match=r"predictions\.parquet: knows .*; expected hernia"):
        read_published(path, table.name.tolist(), ["hernia"])


def test_films_of_another_data_set_are_others_though_their_names_are_alike(
    make_table: Any, tmp_path: Path
) -> None:
    path = tmp_path / "predictions.parquet"
    make_table(n=4).save(path)
    check_same_films(path, "phantoms")
    check_same_films(tmp_path / "preds.csv", "anything")  # tells no data set
    words = r"^predictions\.parquet: holds what was said of films of phantoms; these are of ward"
    with pytest.raises(EvaluationError, match=words):
        check_same_films(path, "ward")
