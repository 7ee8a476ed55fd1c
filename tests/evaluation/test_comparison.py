import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.bootstrap import Interval, draw_patients
from plainfilm.evaluation.comparison import compare_with_published, read_published
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
    ],
)
def test_an_unfit_table_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "preds.csv"
    path.write_text(text)
    with pytest.raises(EvaluationError, match=words):
        read_published(path, ["film-0.png", "film-2.png"], ["mass", "pleural_thickening"])


def test_both_are_measured_on_the_same_films(make_table: Any) -> None:
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
    assert found["mean"]["n_findings"] == 2


def test_nothing_published_is_nothing_to_compare(make_table: Any) -> None:
    table = make_table(n=10)
    assert compare_with_published(table, draw_patients(table.patient, 5, 0)) == {}
