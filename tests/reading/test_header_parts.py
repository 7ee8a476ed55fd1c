"""The parts of a header: what an imported network may leave unsaid, and what it must not."""

from dataclasses import replace

import pytest

from plainfilm.reading.bundle import Bundle
from plainfilm.reading.header import header_from_json, header_to_json

UNKNOWN = ("split_sha256", "n_patients", "patients_sha256", "seed", "seconds")


def test_what_is_not_known_of_a_training_comes_back_as_not_known(bundle: Bundle) -> None:
    source = replace(bundle.header.provenance, **dict.fromkeys(UNKNOWN))
    header = replace(bundle.header, provenance=source)

    assert header_from_json(header_to_json(header, {}))[0] == header
    assert header.learned_from == source.data_set


@pytest.mark.parametrize(
    ("field", "value"),
    [("split_sha256", "abc"), ("n_patients", 0), ("seed", -1), ("seconds", float("nan"))],
)
def test_what_is_said_of_a_training_must_be_possible(
    bundle: Bundle, field: str, value: object
) -> None:
    with pytest.raises(ValueError, match=field):
        replace(bundle.header.provenance, **{field: value})


def test_without_a_population_there_are_no_probabilities(bundle: Bundle) -> None:
    scores = replace(bundle.header.calibration, calibrated=False, prevalence={})

    header = replace(bundle.header, population=None, calibration=scores)

    assert header_from_json(header_to_json(header, {}))[0] == header
    assert header.population_words == "not stated"
    with pytest.raises(ValueError, match="population"):
        replace(bundle.header, population=None)
