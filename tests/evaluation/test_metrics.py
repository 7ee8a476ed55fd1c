import math
from random import Random

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.metrics import (
    Confusion,
    auroc,
    average_precision,
    brier,
    confusion_at,
    known,
    roc_counts,
)
from plainfilm.evaluation.papers import paper_results

Array = NDArray[np.float64]

# Few values, so that ties are common; a label is absent, present or unknown.
FILMS = st.lists(
    st.tuples(st.sampled_from([-2.0, 0.0, 0.25, 0.5, 3.0]), st.sampled_from([0.0, 1.0, math.nan])),
    max_size=30,
)


def columns(films: list[tuple[float, float]]) -> tuple[Array, Array]:
    pairs = np.array(films, dtype=np.float64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def slow_auroc(scores: Array, labels: Array) -> float:
    pairs = [(a, b) for a in scores[labels == 1] for b in scores[labels == 0]]
    if not pairs:
        return math.nan
    return sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs) / len(pairs)


def slow_average_precision(scores: Array, labels: Array) -> float:
    scores, labels = scores[~np.isnan(labels)], labels[~np.isnan(labels)]
    if not (labels == 1).any():
        return math.nan
    total, last = 0.0, 0.0
    for threshold in sorted(set(scores.tolist()), reverse=True):
        called = scores >= threshold
        recall = float((called & (labels == 1)).sum() / (labels == 1).sum())
        total += (recall - last) * float((labels[called] == 1).mean())
        last = recall
    return total


@given(FILMS)
def test_auroc_equals_counting_pairs(films: list[tuple[float, float]]) -> None:
    scores, labels = columns(films)
    assert auroc(scores, labels) == pytest.approx(slow_auroc(scores, labels), nan_ok=True)


@given(FILMS)
def test_average_precision_equals_walking_down_the_thresholds(
    films: list[tuple[float, float]],
) -> None:
    scores, labels = columns(films)
    expected = slow_average_precision(scores, labels)
    assert average_precision(scores, labels) == pytest.approx(expected, nan_ok=True)


@given(FILMS)
def test_unknown_labels_change_no_metric(films: list[tuple[float, float]]) -> None:
    scores, labels = columns(films)
    known = ~np.isnan(labels)
    for metric in (auroc, average_precision, brier):
        without = metric(scores[known], labels[known])
        assert metric(scores, labels) == pytest.approx(without, nan_ok=True)


@given(FILMS)
def test_turning_scores_and_labels_round_leaves_auroc(films: list[tuple[float, float]]) -> None:
    scores, labels = columns(films)
    turned = auroc(-scores, 1 - labels)
    assert auroc(scores, labels) == pytest.approx(turned, nan_ok=True)


@given(FILMS, st.floats(0.01, 100), st.floats(-50, 50))
def test_only_the_order_of_scores_counts(
    films: list[tuple[float, float]], stretch: float, shift: float
) -> None:
    scores, labels = columns(films)
    for metric in (auroc, average_precision):
        moved = metric(scores * stretch + shift, labels)
        assert moved == pytest.approx(metric(scores, labels), nan_ok=True)


@given(FILMS, st.randoms(use_true_random=False))
def test_the_order_of_films_does_not_count(
    films: list[tuple[float, float]], random: Random
) -> None:
    scores, labels = columns(films)
    order = list(range(len(films)))
    random.shuffle(order)
    for metric in (auroc, average_precision, brier):
        expected = metric(scores, labels)
        assert metric(scores[order], labels[order]) == pytest.approx(expected, nan_ok=True)


@given(FILMS)
def test_scores_of_one_value_tell_nothing(films: list[tuple[float, float]]) -> None:
    _, labels = columns(films)
    flat = np.full(labels.shape, 0.3)
    if {0.0, 1.0} <= set(labels.tolist()):
        assert auroc(flat, labels) == 0.5
    if (labels == 1).any():
        share = float((labels == 1).sum() / (~np.isnan(labels)).sum())
        assert average_precision(flat, labels) == pytest.approx(share)


@given(FILMS)
def test_a_metric_is_a_share_or_not_a_number(films: list[tuple[float, float]]) -> None:
    scores, labels = columns(films)
    for value in (auroc(scores, labels), average_precision(scores, labels)):
        assert math.isnan(value) or 0 <= value <= 1 + 1e-12


@given(FILMS, st.sampled_from([-3.0, 0.0, 0.25, 0.4, 4.0]))
def test_the_confusion_counts_every_known_film_once(
    films: list[tuple[float, float]], threshold: float
) -> None:
    scores, labels = columns(films)
    counts = confusion_at(scores, labels, threshold)
    pairs = [(score >= threshold, label == 1) for score, label in films if not math.isnan(label)]
    assert counts == Confusion(
        true_present=pairs.count((True, True)),
        false_present=pairs.count((True, False)),
        true_absent=pairs.count((False, False)),
        false_absent=pairs.count((False, True)),
    )


COUNTS = st.builds(Confusion, *[st.integers(0, 9)] * 4)


@given(COUNTS)
def test_the_rates_are_scikit_learn_s(counts: Confusion) -> None:
    a, b, c, d = (
        counts.true_present, counts.false_present, counts.true_absent, counts.false_absent,
    )  # fmt: skip
    truth = np.repeat([1, 0, 0, 1], [a, b, c, d])
    called = np.repeat([1, 1, 0, 0], [a, b, c, d])
    assume(a + d and b + c and a + b and c + d)
    assert counts.accuracy == pytest.approx(sklearn.metrics.accuracy_score(truth, called))
    assert counts.f1 == pytest.approx(sklearn.metrics.f1_score(truth, called))
    assert counts.ppv == pytest.approx(sklearn.metrics.precision_score(truth, called))
    assert counts.sensitivity == pytest.approx(sklearn.metrics.recall_score(truth, called))
    assert counts.balanced_accuracy == pytest.approx(
        sklearn.metrics.balanced_accuracy_score(truth, called)
    )
    assert counts.mcc == pytest.approx(sklearn.metrics.matthews_corrcoef(truth, called))
    assert counts.kappa == pytest.approx(sklearn.metrics.cohen_kappa_score(truth, called))


@given(COUNTS)
def test_calling_everything_the_other_way_turns_the_rates_round(counts: Confusion) -> None:
    turned = Confusion(
        true_present=counts.false_absent,
        false_present=counts.true_absent,
        true_absent=counts.false_present,
        false_absent=counts.true_present,
    )
    for ours, theirs in (
        (turned.sensitivity, 1 - counts.sensitivity),
        (turned.specificity, 1 - counts.specificity),
        (turned.accuracy, 1 - counts.accuracy),
        (turned.mcc, -counts.mcc),
    ):
        assert ours == pytest.approx(theirs, nan_ok=True)


@given(FILMS)
def test_the_curve_falls_from_nothing_called_to_everything(
    films: list[tuple[float, float]],
) -> None:
    scores, labels = columns(films)
    assume(not np.isnan(labels).all())
    curve = roc_counts(known(scores, labels))
    assert (np.diff(curve.thresholds) < 0).all()
    for counts, value in ((curve.true_present, 1), (curve.false_present, 0)):
        assert (np.diff(counts) >= 0).all()
        assert counts[-1] == (labels == value).sum()
    for threshold, true, false in zip(
        curve.thresholds, curve.true_present, curve.false_present, strict=True
    ):
        at = confusion_at(scores, labels, threshold)
        assert (at.true_present, at.false_present) == (true, false)


def test_the_areas_are_scikit_learn_s_on_many_films() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random(500) < 0.2).astype(float)
    scores = rng.normal(labels).round(1)  # with ties
    assert auroc(scores, labels) == pytest.approx(sklearn.metrics.roc_auc_score(labels, scores))
    expected = sklearn.metrics.average_precision_score(labels, scores)
    assert average_precision(scores, labels) == pytest.approx(expected)
    shares = 1 / (1 + np.exp(-scores))
    assert brier(shares, labels) == pytest.approx(sklearn.metrics.brier_score_loss(labels, shares))


@given(FILMS, st.integers(2, 10))
def test_more_of_the_healthy_leave_auroc_and_lower_average_precision(
    films: list[tuple[float, float]], times: int
) -> None:
    """S0-67: ROC does not react to the class share, precision does; whatever the films."""
    scores, labels = columns(films)
    scores += 0.125  # scores of nothing but 0 and 1 are warned of
    assume({0.0, 1.0} <= set(labels.tolist()))
    healthy = labels == 0
    more = (
        np.append(scores, np.tile(scores[healthy], times - 1)),
        np.append(labels, np.zeros(healthy.sum() * (times - 1))),
    )
    assert auroc(*more) == pytest.approx(auroc(scores, labels), abs=1e-12)
    perfect = scores[labels == 1].min() > scores[healthy].max()
    before, after = average_precision(scores, labels), average_precision(*more)
    assert after == pytest.approx(1.0) if perfect else after < before


def test_four_films_by_hand() -> None:
    """S0-56 and S0-63: AUROC .75; average precision .8333, not the trapezoid's .7917."""
    labels, scores = np.array([0.0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])
    assert auroc(scores, labels) == 0.75
    assert average_precision(scores, labels) == pytest.approx(5 / 6, abs=1e-12)


def test_rounded_scores_warn() -> None:
    """S0-63: the average precision of decisions is not that of a curve."""
    labels = np.tile([0.0, 1.0], 20)
    with pytest.warns(UserWarning, match="rounded scores"):
        average_precision(np.tile([0.0, 1.0], 20), labels)


def test_a_missing_class_is_nan() -> None:
    scores = np.array([0.1, 0.9])
    assert math.isnan(auroc(scores, np.ones(2)))
    assert math.isnan(auroc(scores, np.zeros(2)))
    assert math.isnan(average_precision(scores, np.zeros(2)))
    assert math.isnan(brier(scores, np.full(2, np.nan)))


def test_the_published_confusion_gives_its_rates() -> None:
    """S0-52, S0-53 (binary F1), from the counts of one finding."""
    counts = Confusion(true_present=629, false_present=2856, true_absent=6439, false_absent=427)
    assert counts.accuracy == pytest.approx(0.6828325766, abs=1e-10)
    assert counts.ppv == pytest.approx(0.1804878049, abs=1e-10)
    assert counts.sensitivity == pytest.approx(0.5956439394, abs=1e-10)
    assert counts.specificity == pytest.approx(0.6927380312, abs=1e-10)
    assert counts.f1 == pytest.approx(0.2770314909, abs=1e-10)
    assert counts.balanced_accuracy == pytest.approx(0.6441909853, abs=1e-10)
    assert counts.npv == pytest.approx(0.9378094961, abs=1e-10)
    assert counts.mcc == pytest.approx(0.1847019457, abs=1e-10)


# Of Kermany's 624 test films, 390 of them with pneumonia: TP, FP, TN, FN; accuracy, precision,
# recall and F1 of the present (Buluttekin 2020; the counts follow from what it prints).
OF_PNEUMONIA = {
    "all called present": (Confusion(390, 234, 0, 0), (0.6250, 0.6250, 1.0000, 0.7692)),
    "random forest": (Confusion(387, 151, 83, 3), (0.7532, 0.7193, 0.9923, 0.8341)),
    "support vector machine": (Confusion(386, 147, 87, 4), (0.7580, 0.7242, 0.9897, 0.8364)),
}


@pytest.mark.parametrize("name", OF_PNEUMONIA)
def test_s2_28_an_experiment_has_its_accuracy_precision_recall_and_f1(name: str) -> None:
    """S2-27, S2-28: of the positive class, pneumonia."""
    counts, rates = OF_PNEUMONIA[name]
    found = (counts.accuracy, counts.ppv, counts.sensitivity, counts.f1)
    assert tuple(round(rate, 4) for rate in found) == rates


def test_s2_28_the_printed_rates_of_the_forest_are_of_the_healthy_and_swapped() -> None:
    """S2-28: "precision" .3547 and "recall" .965 are 83 of 234, the specificity, and 83 of 86."""
    counts, _ = OF_PNEUMONIA["random forest"]
    assert round(counts.specificity, 4) == 0.3547
    assert round(counts.npv, 3) == 0.965


def test_s2_28_labels_and_answers_cannot_be_exchanged_unseen() -> None:
    """S2-28: with the two exchanged, precision would be recall; here they differ."""
    labels, answers = np.array([1.0, 1, 1, 1, 0]), np.array([0.9, 0.1, 0.1, 0.1, 0.8])
    counts = confusion_at(answers, labels, 0.5)
    assert (counts.ppv, counts.sensitivity) == (0.5, 0.25)


def test_s3_16_the_published_films_and_patients_give_their_accuracies() -> None:
    """S3-16: accuracy and the four counts, of films and of patients; layout P: T, F; N: T, F."""
    films = Confusion(true_present=73, false_present=41, true_absent=107, false_absent=67)
    patients = Confusion(true_present=26, false_present=12, true_absent=54, false_absent=40)
    assert films.accuracy == 0.625
    assert patients.accuracy == pytest.approx(0.606061, abs=5e-7)


def test_s3_17_calling_every_study_normal_reaches_its_share() -> None:
    """S3-17: .61 for the studies of MURA's train part, 8,280 normal and 5,177 not."""
    counts = Confusion(true_present=0, false_present=0, true_absent=8280, false_absent=5177)
    assert counts.accuracy == pytest.approx(0.615293, abs=5e-7)
    assert counts.kappa == 0


# Of MURA's validation part, called so that the accuracy and kappa that a report prints come out;
# its own four counts per part are not known. TP, FP, TN, FN.
BY_FILM = {
    "elbow": Confusion(145, 45, 190, 85),
    "finger": Confusion(149, 56, 158, 98),
    "forearm": Confusion(57, 15, 135, 94),
    "wrist": Confusion(168, 51, 313, 127),
    "shoulder": Confusion(170, 62, 223, 108),
    "humerus": Confusion(97, 46, 102, 43),
}
# As many are abnormal as of MURA's studies of the part, about.
BY_PATIENT = {
    "elbow": Confusion(42, 12, 75, 23),
    "finger": Confusion(57, 26, 61, 22),
    "wrist": Confusion(55, 23, 97, 32),
    "shoulder": Confusion(61, 33, 58, 21),
    "humerus": Confusion(49, 15, 51, 17),
}


@pytest.mark.parametrize(("unit", "tables"), [("film", BY_FILM), ("patient", BY_PATIENT)])
def test_s3_26_accuracy_and_kappa_per_part_are_the_printed_ones(
    unit: str, tables: dict[str, Confusion]
) -> None:
    """S3-26, S3-27: each body part, and all together, which the parts' kappas do not average to."""
    stored = {result.name: result for result in paper_results()}
    accuracy, kappa = (stored[f"Team 6, by {unit}, {name}"] for name in ("accuracy", "kappa"))
    rows = np.array([list(vars(counts).values()) for counts in tables.values()])
    pooled = Confusion(*rows.sum(axis=0).tolist())

    for name, counts in {**tables, "pooled": pooled}.items():
        assert round(counts.accuracy, 4) == accuracy.numbers[name]
        assert round(counts.kappa, 3) == kappa.numbers[name]
    assert dict(zip(tables, rows.sum(axis=1), strict=True)) == accuracy.counts
    assert accuracy.findings.keys() == kappa.findings.keys()


def test_a_probability_at_the_threshold_is_called_present() -> None:
    counts = confusion_at(np.array([0.5, 0.49]), np.array([1.0, 0.0]), 0.5)
    assert (counts.true_present, counts.true_absent) == (1, 1)


def test_rates_without_a_denominator_are_nan() -> None:
    counts = Confusion(0, 0, 5, 0)
    assert math.isnan(counts.sensitivity)
    assert math.isnan(counts.ppv)
    assert counts.specificity == 1


def test_brier_of_certain_and_right_is_0() -> None:
    assert brier(np.array([1.0, 0.0]), np.array([1.0, 0.0])) == 0
    assert brier(np.array([0.5, 0.5]), np.array([1.0, 0.0])) == 0.25


def test_s0_50_numbers_of_half_precision_are_added_up_in_double() -> None:
    """S0-50: half precision counts to 2,048; of 70,000 scores in it, every metric is exact."""
    rng = np.random.default_rng(0)
    scores = rng.random(70_000).astype(np.float16)
    labels = (rng.random(70_000) < scores).astype(np.float16)
    wide, truth = scores.astype(np.float64), labels.astype(np.float64)

    assert auroc(scores, labels) == auroc(wide, truth)
    assert average_precision(scores, labels) == average_precision(wide, truth)
    exact = math.fsum((wide - truth) ** 2) / len(wide)
    assert brier(scores, labels) == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize(
    ("scores", "labels", "words"),
    [
        ([0.1, 0.2], [1.0], "one score per label"),
        ([0.1, 0.2], [1.0, 2.0], "a label is 1"),
        ([math.nan, 0.2], [1.0, 0.0], "not finite"),
    ],
)
def test_nonsense_is_refused(scores: list[float], labels: list[float], words: str) -> None:
    with pytest.raises(EvaluationError, match=words):
        auroc(np.array(scores), np.array(labels))
