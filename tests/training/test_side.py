from pathlib import Path

import numpy as np
import pytest

from plainfilm.datasets.manifest import Manifest, Sample
from plainfilm.training.side import AGE_STEPS, side_columns
from tiny_training import LABEL_SET

NAN = float("nan")


def manifest(
    *, view: str | None = None, sex: str | None = None, age: float | None = None,
    labels: tuple[float, float] = (0.0, 0.0),
) -> Manifest:  # fmt: skip
    sample = Sample("a.png", "p", "s", view, sex, age, "train", np.array(labels, np.float32))
    return Manifest(LABEL_SET, (sample,), "drawn", Path(), {}, "chest")


@pytest.mark.parametrize(("sex", "expected"), [("M", 1.0), ("F", 0.0), (None, NAN)])
def test_sex_is_male_female_or_unknown(sex: str | None, expected: float) -> None:
    np.testing.assert_equal(side_columns(manifest(sex=sex), ["sex"]), [[np.float32(expected)]])


@pytest.mark.parametrize(
    ("view", "expected"), [("AP", 1.0), ("PA", 0.0), ("LATERAL", NAN), (None, NAN)]
)
def test_view_is_ap_pa_or_unknown(view: str | None, expected: float) -> None:
    np.testing.assert_equal(side_columns(manifest(view=view), ["view"]), [[np.float32(expected)]])


def test_age_is_how_many_steps_it_has_passed() -> None:
    assert side_columns(manifest(age=50.0), ["age"]).tolist() == [[1, 1, 0, 0, 0]]
    assert side_columns(manifest(age=71.0), ["age"]).tolist() == [[1, 1, 1, 1, 1]]
    assert np.isnan(side_columns(manifest(), ["age"])).all()


@pytest.mark.parametrize(
    ("labels", "expected"),
    [((0, 0), 1.0), ((1, 0), 0.0), ((1, NAN), 0.0), ((0, NAN), NAN)],
)
def test_normal_is_no_finding_at_all(labels: tuple[float, float], expected: float) -> None:
    columns = side_columns(manifest(labels=labels), ["normal"])

    np.testing.assert_equal(columns, [[np.float32(expected)]])


def test_columns_stand_in_the_order_asked_for() -> None:
    columns = side_columns(manifest(sex="M", view="PA", age=30.0), ["view", "age", "sex"])

    assert columns.tolist() == [[0, 1, 0, 0, 0, 0, 1]]
    assert columns.shape[1] == 2 + len(AGE_STEPS)


def test_nothing_asked_for_is_no_column() -> None:
    assert side_columns(manifest(), []).shape == (1, 0)
