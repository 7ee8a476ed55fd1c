import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainfilm.datasets.sample import (
    Sample,
    read_samples,
    table_header,
    table_header_with_body_part,
    write_samples,
)
from plainfilm.findings import Finding, LabelSet

LABELS = LabelSet((Finding("mass", "Mass"), Finding("hernia", "Hernia")))
WORDS = st.text(st.characters(codec="utf-8"), min_size=1)
MAYBE = st.none() | WORDS

samples = st.builds(
    Sample,
    image=WORDS,
    patient=WORDS,
    study=WORDS,
    view=MAYBE,
    sex=MAYBE,
    age=st.none() | st.floats(0, 130),
    split=st.sampled_from(["", "train", "val", "test"]),
    labels=st.lists(st.sampled_from([0, 1, np.nan]), min_size=2, max_size=2).map(
        lambda values: np.array(values, np.float32)
    ),
    official_split=MAYBE,
    body_part=MAYBE,
)


def fields(sample: Sample) -> list[object]:
    words = [sample.image, sample.patient, sample.study, sample.view, sample.sex, sample.age]
    parts = [sample.split, sample.official_split, sample.body_part]
    return [*words, *parts, sample.labels.tobytes()]


@settings(max_examples=40)
@given(st.lists(samples, max_size=5))
def test_samples_return_from_their_table_unchanged(written: list[Sample]) -> None:
    text = write_samples(LABELS, written).decode()
    header, *rows = csv.reader(io.StringIO(text, newline=""))

    own_parts = any(sample.body_part for sample in written)
    assert header == (table_header_with_body_part if own_parts else table_header)(LABELS)
    assert [fields(s) for s in read_samples(header, rows)] == [fields(s) for s in written]


def test_what_is_not_known_is_an_empty_cell() -> None:
    unknown = np.array([np.nan, 1], np.float32)
    sample = Sample("a.png", "p", "s", None, None, None, "", unknown)

    assert write_samples(LABELS, [sample]).decode().splitlines()[1] == "a.png,p,s,,,,,,,1"


def test_a_cell_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="float"):
        read_samples(table_header(LABELS), [["a.png", "p", "s", "", "", "", "", "", "yes", "0"]])


def test_a_body_part_of_its_own_survives_other_labels() -> None:
    labels = np.zeros(1, np.float32)
    sample = Sample("a.png", "p", "s", None, None, None, "", labels, None, "elbow")

    assert sample.with_labels(labels).body_part == "elbow"


def test_a_split_of_another_name_is_refused() -> None:
    with pytest.raises(ValueError, match="split"):
        Sample("a.png", "p", "s", None, None, None, "valid", np.zeros(1, np.float32))


def test_labels_of_another_type_are_refused() -> None:
    with pytest.raises(ValueError, match="float32"):
        Sample("a.png", "p", "s", None, None, None, "", np.zeros(1, np.float64))  # type: ignore[arg-type]
