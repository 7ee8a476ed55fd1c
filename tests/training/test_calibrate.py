import numpy as np
import pytest
from numpy.typing import NDArray

from plainfilm.errors import RunError
from plainfilm.evaluation.calibration import fit_platt, softmax
from plainfilm.evaluation.metrics import Floats
from plainfilm.training.calibrate import (
    IDENTITY,
    Seen,
    calibrate,
    calibrate_choice,
    choice_probabilities,
    choose_thresholds,
    prevalence,
    probabilities,
)

NAMES = ("common", "rare")


def seen_films(n_rare: int, n: int = 400) -> Seen:
    """Scores that tell somewhat; finding 0 on half of the films, finding 1 on `n_rare`."""
    chance = np.random.default_rng(0)
    labels = np.zeros((n, 2), np.float32)
    labels[: n // 2, 0] = 1
    labels[:n_rare, 1] = 1
    scores = 2 * labels + chance.normal(size=(n, 2))
    return Seen(scores, np.zeros(n), labels, 1.0)


def plain(seen: Seen) -> Floats:
    return probabilities(seen, (IDENTITY, IDENTITY))


def known(seen: Seen, labels: NDArray[np.float32]) -> Seen:
    return Seen(seen.scores, seen.familiarity, labels, seen.map_peak)


def test_a_common_finding_gets_a_calibrator_of_its_own() -> None:
    seen = seen_films(n_rare=40)
    calibrated = calibrate(seen, NAMES)
    assert calibrated.platts[1] == fit_platt(seen.scores[:, 1], seen.labels[:, 1])
    assert calibrated.method == "Platt scaling per finding"


def test_a_rare_finding_shares_a_temperature_and_the_words_say_so() -> None:
    calibrated = calibrate(seen_films(n_rare=29), NAMES)
    assert calibrated.platts[1].intercept == 0
    assert "Platt scaling for common" in calibrated.method
    assert "for rare (fewer than 30 films with or without it)" in calibrated.method


def test_unknown_labels_change_nothing() -> None:
    seen = seen_films(n_rare=40)
    labels = np.concatenate([seen.labels, np.full((50, 2), np.nan, np.float32)])
    scores = np.concatenate([seen.scores, np.full((50, 2), 9.0)])
    more = Seen(scores, np.zeros(450), labels, 1.0)
    assert calibrate(more, NAMES) == calibrate(seen, NAMES)
    platts = calibrate(seen, NAMES).platts
    rule = "youden-plateau"
    expected = choose_thresholds(seen, probabilities(seen, platts), NAMES, rule)
    assert choose_thresholds(more, probabilities(more, platts), NAMES, rule) == expected


def test_prevalence_is_the_share_of_the_films_on_which_a_finding_is_known() -> None:
    labels = np.array([[1, np.nan], [0, np.nan], [np.nan, np.nan], [0, np.nan]], np.float32)
    seen = Seen(np.zeros((4, 2)), np.zeros(4), labels, 1.0)
    assert prevalence(seen, NAMES) == {"common": pytest.approx(1 / 3), "rare": 0.0}


def test_films_without_a_class_cannot_calibrate() -> None:
    seen = seen_films(n_rare=0)
    with pytest.raises(RunError, match="cannot calibrate"):
        calibrate(known(seen, np.zeros_like(seen.labels)), NAMES)


def test_a_very_rare_findings_threshold_is_its_share() -> None:
    seen = seen_films(n_rare=8)
    chosen = choose_thresholds(seen, plain(seen), NAMES, "youden-plateau")
    assert chosen.values["rare"] == pytest.approx(8 / 400)
    assert "its share of the films for rare" in chosen.words.replace("the finding's", "its")
    assert 0 < chosen.values["common"] < 1


def test_a_specificity_rests_on_the_films_without_a_rare_finding() -> None:
    seen = seen_films(n_rare=3)
    chosen = choose_thresholds(seen, plain(seen), NAMES, "specificity-0.9")
    absent = seen.labels[:, 1] == 0
    probability = IDENTITY.apply(seen.scores[absent, 1])
    assert 0.9 <= (probability < chosen.values["rare"]).mean() < 0.91
    assert "rare" not in chosen.words


def test_the_rule_half_asks_nobody() -> None:
    seen = seen_films(n_rare=0)
    chosen = choose_thresholds(seen, plain(seen), NAMES, "half")
    assert chosen.values == {"common": 0.5, "rare": 0.5}


def test_sensitivity_095_finds_that_many() -> None:
    seen = seen_films(n_rare=100)
    platts = calibrate(seen, NAMES).platts
    chosen = choose_thresholds(seen, probabilities(seen, platts), NAMES, "sensitivity-0.95")
    probability = platts[1].apply(seen.scores[:, 1])
    assert (probability[seen.labels[:, 1] == 1] >= chosen.values["rare"]).mean() >= 0.95


def test_findings_that_exclude_each_other_share_one_temperature() -> None:
    chance = np.random.default_rng(0)
    labels = np.eye(2, dtype=np.float32)[chance.integers(2, size=60)]
    seen = Seen(2 * labels + chance.normal(size=(60, 2)), np.zeros(60), labels, 1.0)
    calibrated = calibrate_choice(seen, NAMES)
    assert len(set(calibrated.platts)) == 1
    slope = calibrated.platts[0].slope
    assert calibrated.method == (
        f"one temperature, {1 / slope:.2f}, for findings that exclude each other"
    )
    shares = choice_probabilities(seen, calibrated.platts)
    np.testing.assert_allclose(shares, softmax(slope * seen.scores))
    chosen = choose_thresholds(seen, shares, NAMES, "half")
    assert chosen.values == {"common": 0.5, "rare": 0.5}


def test_a_film_of_several_such_findings_is_told() -> None:
    seen = seen_films(n_rare=40)
    with pytest.raises(RunError, match="expected exactly one"):
        calibrate_choice(seen, NAMES)
