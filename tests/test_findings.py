"""Findings, label sets and predictions check themselves once, when they are made."""

import pytest

from plainfilm.findings import BundleId, Finding, FindingResult, LabelSet, Prediction

PNEUMONIA = Finding("pneumonia", "Pneumonia")
EFFUSION = Finding("effusion", "Pleural effusion")
BUNDLE = BundleId("tiny", "1", "0" * 64)


def result(probability: float = 0.5, threshold: float = 0.5) -> FindingResult:
    return FindingResult(PNEUMONIA, probability, 0.0, threshold)


@pytest.mark.parametrize("name", ["", "Pneumonia", "pleural effusion"])
def test_a_findings_name_is_a_key(name: str) -> None:
    with pytest.raises(ValueError, match="lower case"):
        Finding(name, "words")


def test_the_order_of_a_label_set_is_kept() -> None:
    label_set = LabelSet((PNEUMONIA, EFFUSION))
    assert label_set.names == ("pneumonia", "effusion")
    assert len(label_set) == 2


def test_a_label_set_is_neither_empty_nor_doubled() -> None:
    with pytest.raises(ValueError, match="at least one"):
        LabelSet(())
    with pytest.raises(ValueError, match="share a name"):
        LabelSet((PNEUMONIA, PNEUMONIA))


def test_a_probability_at_the_threshold_counts_as_present() -> None:
    assert result(0.5, 0.5).present
    assert not result(0.4999, 0.5).present


@pytest.mark.parametrize(("probability", "threshold"), [(1.1, 0.5), (float("nan"), 0.5), (0.5, -1)])
def test_a_result_outside_zero_to_one_is_refused(probability: float, threshold: float) -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        result(probability, threshold)


def test_a_prediction_answers_or_refuses_never_both_nor_neither() -> None:
    Prediction("film", BUNDLE, True, (result(),), 0.5)
    Prediction("film", BUNDLE, False, (), None, refused="not a chest")
    with pytest.raises(ValueError, match="refused, and so without a number"):
        Prediction("film", BUNDLE, True, (), None, refused="not a chest")
    with pytest.raises(ValueError, match="one of the two"):
        Prediction("film", BUNDLE, True, (), 0.5)
    with pytest.raises(ValueError, match="one of the two"):
        Prediction("film", BUNDLE, True, (result(),), 0.5, refused="not a chest")


def test_a_familiarity_outside_zero_to_one_is_refused() -> None:
    with pytest.raises(ValueError, match="familiarity"):
        Prediction("film", BUNDLE, True, (result(),), 1.5)


def test_one_of_several_exclusive_findings_is_a_choice() -> None:
    other = Finding("mass", "Mass")
    assert LabelSet((PNEUMONIA, other), exclusive=True).is_choice
    assert not LabelSet((PNEUMONIA, other)).is_choice
    assert not LabelSet((PNEUMONIA,), exclusive=True).is_choice
