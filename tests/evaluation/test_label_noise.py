from typing import Any

import numpy as np

from plainfilm.evaluation.answers import answers_of
from plainfilm.evaluation.label_noise import contradictions


def test_planted_wrong_labels_come_first_by_their_row(make_table: Any) -> None:
    table = make_table(n=300)
    table.probabilities[:] = np.where(table.labels == 1, 0.9, 0.1)
    table.labels[[17, 230], 1] = 1 - table.labels[[17, 230], 1]
    table.labels[5, 1] = np.nan
    found: Any = contradictions(answers_of(table, 0))
    assert [row["film"] for row in found["mass"][:2]] == [17, 230]
    assert len(found["mass"]) == 3  # 1 % of 299, rounded up
    assert {abs(row["label"] - row["probability"]) for row in found["mass"][:2]} == {0.9}
    assert set(found["mass"][0]) == {"film", "label", "probability"}  # nothing names a patient


def test_a_finding_without_labels_is_left_out(make_table: Any) -> None:
    table = make_table(n=10)
    table.labels[:, 0] = np.nan
    found: Any = contradictions(answers_of(table, 0))
    assert (list(found), len(found["mass"])) == (["mass"], 1)
