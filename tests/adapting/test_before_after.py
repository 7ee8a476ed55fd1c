import numpy as np
import pytest

from plainfilm.adapting.before_after import (
    change_in_words,
    compare,
    in_words,
    is_chance,
    summary_lines,
    table_lines,
)
from plainfilm.evaluation.bootstrap import draw_patients
from plainfilm.evaluation.calibration import CrossFit
from plainfilm.evaluation.metrics import Floats


def sides(before: Floats, after: Floats) -> tuple[CrossFit, CrossFit]:
    half = np.full(before.shape, 0.5)
    return CrossFit(before, half), CrossFit(after, half)


def four(after: float = 0.5) -> dict[str, object]:
    """Four patients, half of them ill, all called 0.9 before."""
    labels, scores = np.array([1.0, 0, 1, 0, np.nan]), np.array([2.0, -1, 1, 0, 0])
    draws = draw_patients(np.array(["a", "b", "c", "d", "e"]), 200)
    return compare(scores, labels, *sides(np.full(5, 0.9), np.full(5, after)), draws)


def test_a_change_is_what_can_be_worked_out_by_hand() -> None:
    row = four()
    assert (row["n_films"], row["n_present"]) == (4, 2)
    assert row["auroc"][0] == 1.0  # type: ignore[index]
    assert row["before"]["ece"][0] == pytest.approx(0.4)  # type: ignore[index]
    assert row["before"]["brier"][0] == pytest.approx((0.01 + 0.81) / 2)  # type: ignore[index]
    assert row["difference"]["ece"][0] == pytest.approx(-0.4)  # type: ignore[index]
    assert row["difference"]["brier"][0] == pytest.approx(0.25 - 0.41)  # type: ignore[index]
    assert row["before"]["sensitivity"][0] == 1.0  # type: ignore[index]


def test_no_change_is_exactly_none_and_called_so() -> None:
    row = four(after=0.9)
    assert row["difference"] == {"ece": [0, 0, 0], "brier": [0, 0, 0]}
    assert change_in_words(row).endswith("cannot be told from chance")


@pytest.mark.parametrize(("shift", "verdict"), [(0.3, "better"), (-0.3, "worse")])
def test_a_sure_change_is_called_by_its_name(shift: float, verdict: str) -> None:
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.35, 0.65, 900)
    labels = (rng.random(900) < truth).astype(float)
    pair = sides(truth + abs(shift), truth) if shift > 0 else sides(truth, truth - shift)
    draws = draw_patients(np.array([str(n // 2) for n in range(900)]), 200)
    row = compare(truth, labels, *pair, draws)
    assert change_in_words(row).endswith(verdict)
    _, low, high = row["difference"]["brier"]  # type: ignore[index]
    assert low < -0.09 * np.sign(shift) < high  # 0.3 squared
    assert not is_chance(row)


def test_the_table_has_a_line_for_each_finding() -> None:
    head, rule, line = table_lines({"mass": four()}, ["Mass"])
    assert head.count("|") == rule.count("|") == line.count("|")
    assert line.startswith("| Mass | 4 | 2 | 1.000 (")
    assert line.endswith("| 1.000, 0.000 | 1.000, 0.000 |")


def test_the_summary_has_a_line_for_each_finding_before_and_after() -> None:
    (line,) = summary_lines({"mass": four()}, ["Mass"])
    before, _arrow, after = line.partition(" -> ")
    assert before.startswith("  Mass  calibration error 0.400 (0.")
    assert after.startswith("0.000 (0.000 to 0.")
    assert after.endswith(": cannot be told from chance")  # of four patients
    learned = four() | {"difference": {"ece": [0.1, 0.05, 0.2], "auroc": [0.1, 0.05, 0.2]}}
    assert [text.rpartition(": ")[2] for text in summary_lines({"m": learned}, ["M"])] == [
        "worse",
        "better",
    ]


def test_scores_in_no_order_are_called_chance() -> None:
    labels = np.tile([1.0, 0, 0, 1], 20)
    draws = draw_patients(np.array([str(n) for n in range(80)]), 100)
    scores = np.tile([0.0, 0, 1, 1], 20)
    assert is_chance(compare(scores, labels, *sides(np.full(80, 0.9), np.full(80, 0.5)), draws))


def test_what_is_no_number_is_a_dash() -> None:
    assert in_words(None) == in_words([None, None, None]) == "—"
    assert in_words([0.5, None, None]) == "0.500 (no interval)"


def test_scores_that_changed_have_an_auroc_of_both_sides_and_its_change() -> None:
    labels = np.tile([1.0, 0], 30)
    draws = draw_patients(np.array([str(n) for n in range(60)]), 100)
    pair = sides(np.full(60, 0.5), labels * 0.8)
    row = compare(np.tile([0.0, 0, 1, 1], 15), labels, *pair, draws, learned=True)
    assert (row["before"]["auroc"][0], row["auroc"][0]) == (0.5, 1.0)  # type: ignore[index]
    assert row["difference"]["auroc"][:2] == [0.5, pytest.approx(0.3, abs=0.2)]  # type: ignore[index]
    assert "AUROC 0.500 before, 1.000 after; change 0.500 (" in change_in_words(row)
    assert change_in_words(row).endswith("better")
    head, _, line = table_lines({"mass": row}, ["Mass"])
    assert "AUROC before | after | change | calibration error before" in head
    assert head.count("|") == line.count("|")
