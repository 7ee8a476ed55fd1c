from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn.metrics

from plainfilm.evaluation.answers import answers_of, honest_answers
from plainfilm.evaluation.averages import average_numbers, macro_roc, micro_draws
from plainfilm.evaluation.bootstrap import draw_patients
from plainfilm.evaluation.figures_all import all_curves
from plainfilm.evaluation.measure import measure
from plainfilm.evaluation.metrics import auroc
from published import load_published


def test_micro_takes_every_pair_of_film_and_finding(make_table: Any) -> None:
    """S0-57, S0-61: AUROC and average precision of the ravelled matrix."""
    table = make_table(n=80)
    table.labels[3, 1] = np.nan
    draws = draw_patients(table.patient, 40, 0)
    numbers: Any = average_numbers(answers_of(table, 0), draws)
    known = ~np.isnan(table.labels.ravel())
    labels, probability = table.labels.ravel()[known], table.probabilities.ravel()[known]
    assert numbers["n_pairs"] == labels.size == 159
    area = numbers["micro_auroc"]
    assert area.value == pytest.approx(sklearn.metrics.roc_auc_score(labels, probability))
    assert area.low < area.value < area.high
    expected = sklearn.metrics.average_precision_score(labels, probability)
    assert numbers["micro_average_precision"].value == pytest.approx(expected)
    called = probability >= np.tile([0.5, 0.4], 80)[known]
    assert numbers["f1"]["micro"].value == pytest.approx(sklearn.metrics.f1_score(labels, called))


def test_a_film_written_out_per_finding_weighs_what_its_patient_does() -> None:
    draws = draw_patients(np.array(["a", "b"]), 3, 0)
    assert micro_draws(draws, 3).patient_of.tolist() == [0, 0, 0, 1, 1, 1]


def test_one_finding_has_no_averages(make_table: Any) -> None:
    table = make_table(
        findings=("mass",), displays=("Mass",), thresholds=(0.5,), refit_rule=None
    )  # fmt: skip
    assert average_numbers(answers_of(table, 0), draw_patients(table.patient, 5, 0)) == {}


def test_the_mean_curve_of_one_finding_is_its_own() -> None:
    scores, labels = np.array([[0.1], [0.4], [0.35], [0.8]]), np.array([[0.0], [0], [1], [1]])
    across, up = macro_roc(scores, labels)
    assert across.tolist() == [0, 0.5, 1]
    assert up.tolist() == [0.5, 1, 1]  # the upper end of each step
    assert np.isnan(macro_roc(scores, labels * 0)[1]).all()


def test_s0_58_the_published_macro_curves(shared_data: Path) -> None:
    """S0-58: the interpolated curves' areas are not the mean of the areas, which is printed."""
    published = load_published(shared_data)
    scores, labels = published.probabilities, published.labels
    for thinned, area in ((True, 0.8382943766), (False, 0.8382688472)):
        across, up = macro_roc(scores, labels, thinned=thinned)
        assert np.trapezoid(up, across) == pytest.approx(area, abs=1e-10)
    areas = [auroc(scores[:, column], labels[:, column]) for column in range(14)]
    assert np.mean(areas) == pytest.approx(0.8382671332, abs=1e-10)


def test_s0_58_the_number_that_is_printed_is_the_mean_of_the_areas(make_table: Any) -> None:
    """S0-58: and not the area under the mean curve, which is another."""
    table = make_table(n=80)
    numbers: Any = measure(table, 5)
    areas = [auroc(table.scores[:, column], table.labels[:, column]) for column in (0, 1)]
    across, up = macro_roc(table.scores, table.labels)
    assert numbers["mean"]["auroc"][0] == pytest.approx(np.mean(areas), abs=1e-12)
    assert abs(np.trapezoid(up, across) - np.mean(areas)) > 1e-6
    drawn = all_curves(table, [honest_answers(table, column, 0) for column in (0, 1)], numbers)
    assert f">mean of findings {np.mean(areas):.3f} [" in drawn["roc-all"].svg
