"""The whole chain of metrics on real, large, published numbers (22,433 films, 14 findings)."""

import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from plainfilm.evaluation.bootstrap import draw_patients, interval, rank_draws
from plainfilm.evaluation.metrics import auroc, average_precision
from plainfilm.evaluation.reliability import ece
from published import benchmark, load_published

# requirements.md 4.5: AUROC, its interval from 300 draws over patients, average precision.
GOLDEN = {
    "Atelectasis": (0.8180, 0.806, 0.829, 0.3603),
    "Cardiomegaly": (0.9090, 0.892, 0.924, 0.2960),
    "Effusion": (0.8827, 0.873, 0.891, 0.5270),
    "Infiltration": (0.7156, 0.703, 0.728, 0.3445),
    "Mass": (0.8377, 0.818, 0.856, 0.2971),
    "Nodule": (0.7756, 0.757, 0.793, 0.2537),
    "Pneumonia": (0.7617, 0.733, 0.792, 0.0444),
    "Pneumothorax": (0.8776, 0.859, 0.895, 0.3421),
    "Consolidation": (0.8002, 0.784, 0.815, 0.1536),
    "Edema": (0.8945, 0.881, 0.910, 0.1405),
    "Emphysema": (0.9316, 0.918, 0.946, 0.3826),
    "Fibrosis": (0.8251, 0.799, 0.850, 0.1354),
    "Pleural_Thickening": (0.7889, 0.769, 0.810, 0.1361),
    "Hernia": (0.9175, 0.859, 0.962, 0.2176),
}


@pytest.fixture(scope="module", name="benchmark")
def fixture_benchmark() -> ModuleType:
    return benchmark("published_auroc")


@pytest.fixture(scope="module")
def published(shared_data: Path) -> Any:
    return load_published(shared_data)


def test_fourteen_published_aurocs_to_four_decimals(published: Any, benchmark: ModuleType) -> None:
    areas = [auroc(published.probabilities[:, i], published.labels[:, i]) for i in range(14)]
    expected = [GOLDEN[finding][0] for finding in benchmark.FINDINGS]
    assert [round(area, 4) for area in areas] == expected
    assert round(float(np.mean(areas)), 4) == 0.8383


def test_fourteen_average_precisions_to_four_decimals(
    published: Any, benchmark: ModuleType
) -> None:
    areas = [
        average_precision(published.probabilities[:, i], published.labels[:, i]) for i in range(14)
    ]
    assert [round(area, 4) for area in areas] == [GOLDEN[f][3] for f in benchmark.FINDINGS]
    assert round(float(np.mean(areas)), 4) == 0.2593


def test_the_micro_average_is_the_auroc_of_all_pairs_of_film_and_finding(published: Any) -> None:
    """S0-57."""
    area = auroc(published.probabilities.ravel(), published.labels.ravel())
    assert round(area, 5) == 0.88137


def test_calibration_errors_lie_where_they_were_measured(published: Any) -> None:
    errors = [ece(published.probabilities[:, i], published.labels[:, i]) for i in range(14)]
    assert round(min(errors), 4) == 0.0002
    assert round(max(errors), 4) == 0.0219
    assert round(float(np.mean(errors)), 3) == 0.009


ROUNDED = {  # requirements.md 4.5: average precision of probabilities rounded to 0 or 1
    "Atelectasis": 0.1664, "Effusion": 0.3123, "Pneumonia": 0.0116, "Emphysema": 0.1813,
    "Pleural_Thickening": 0.0347, "Hernia": 0.0019,
}  # fmt: skip


def test_s0_63_average_precision_of_rounded_scores_is_another_number(
    published: Any, benchmark: ModuleType
) -> None:
    """S0-63, S0-61: of rounded scores it nears the finding's share, and a warning tells."""
    found = []
    for column, finding in enumerate(benchmark.FINDINGS):
        rounded, labels = published.probabilities[:, column].round(), published.labels[:, column]
        with pytest.warns(UserWarning, match="rounded scores"):
            found.append(average_precision(rounded, labels))
        if finding in ROUNDED:
            assert round(found[-1], 4) == ROUNDED[finding]
    assert round(float(np.mean(found)), 4) == 0.1080
    with warnings.catch_warnings(action="error"):  # of scores there is none
        micro = average_precision(published.probabilities.ravel(), published.labels.ravel())
    assert micro > 0.3


@pytest.mark.slow
def test_intervals_over_patients_return_to_a_few_thousandths(
    published: Any, benchmark: ModuleType
) -> None:
    drawn = draw_patients(published.patients, 2000, seed=0)
    all_drawn = []
    for column, finding in enumerate(benchmark.FINDINGS):
        scores, labels = published.probabilities[:, column], published.labels[:, column]
        all_drawn.append(rank_draws(drawn, scores, labels).auroc)
        found = interval(auroc(scores, labels), all_drawn[-1])
        # The golden ends come from 300 draws. Hernia has 42 films of 29 patients: there another
        # seed of 300 draws moves the lower end by .01 (.848 to .861), so .003 cannot be asked.
        tolerance = 0.006 if finding == "Hernia" else 0.003
        assert (found.low, found.high) == pytest.approx(GOLDEN[finding][1:3], abs=tolerance)
    mean = interval(0.8383, np.mean(all_drawn, axis=0))
    assert (mean.low, mean.high) == pytest.approx((0.831, 0.844), abs=0.003)
