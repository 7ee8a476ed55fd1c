from dataclasses import replace
from pathlib import Path

import numpy as np

from phantoms import phantom
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.evaluation.read_sample import body_part_of, read_sample
from plainfilm.findings import Finding, LabelSet
from plainfilm.radiograph import Radiograph, Sex, View
from plainfilm.reading import Reader
from told_bundle import told_bundle

SAMPLE = Sample("a.png", "p", "s", "AP", "F", 60.0, "test", np.zeros(1, np.float32))
FILMS = Manifest(LabelSet((Finding("mass", "Mass"),)), (SAMPLE,), "drawn", Path(), {}, "chest")
FILM = Radiograph(phantom(size=(64, 64)), "a.png")
READER = Reader(told_bundle(), threads=1)


def test_s0_85_what_the_file_does_not_tell_the_table_tells() -> None:
    found = read_sample(READER, FILMS, SAMPLE, FILM)

    assert found.facts == {"age": 60.0, "sex": "F", "view": "AP"}
    assert (found.body_part, found.refused) == ("chest", None)


def test_s0_85_what_the_file_tells_counts_and_is_no_contradiction() -> None:
    film = replace(FILM, age_years=30.0, sex=Sex.MALE, view=View.PA)

    found = read_sample(READER, FILMS, SAMPLE, film)

    assert found.facts == {"age": 30.0, "sex": "M", "view": "PA"}
    assert not any("header says" in caution for caution in found.cautions)


def test_s0_85_a_word_that_is_no_sex_is_not_known() -> None:
    found = read_sample(READER, FILMS, replace(SAMPLE, sex="X"), FILM)

    assert found.facts is not None
    assert found.facts["sex"] is None


def test_a_film_shows_its_own_body_part_before_the_data_set_s() -> None:
    assert body_part_of(FILMS, replace(SAMPLE, body_part="knee")) == "knee"
    assert body_part_of(FILMS, SAMPLE) == "chest"
    assert body_part_of(replace(FILMS, body_part=""), SAMPLE) is None
