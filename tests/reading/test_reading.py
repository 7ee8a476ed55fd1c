"""The reader: from a film to an answer, a caution or a refusal."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from phantoms import phantom
from plainfilm.errors import CorruptBundle
from plainfilm.radiograph import Radiograph, Study, View
from plainfilm.reading import Reader
from plainfilm.reading.bundle import Bundle, FamiliarityCut, Population
from tiny_bundle import tiny_bundle

CHILDREN = Population(("chest",), ("PA", "AP"), (1.0, 5.0), "children")


@pytest.fixture(scope="module")
def reader(bundle: Bundle) -> Reader:
    return Reader(bundle, threads=1)


def strict(bundle: Bundle, cut: FamiliarityCut) -> Reader:
    return Reader(replace(bundle, header=replace(bundle.header, familiarity=cut)), threads=1)


def test_a_film_gets_a_result_for_each_finding(reader: Reader, chest: Radiograph) -> None:
    prediction = reader.read(chest)

    assert prediction.refused is None
    assert prediction.cautions == ()
    assert prediction.bundle == reader.bundle.id
    assert prediction.calibrated
    assert [result.finding.name for result in prediction.results] == ["pneumonia", "atelectasis"]
    assert prediction.familiarity is not None


def test_the_answer_is_the_graphs(reader: Reader, chest: Radiograph) -> None:
    prediction = reader.read(chest)

    found = reader.engine.run(chest.pixels[None, None])
    assert found.map is not None
    assert found.familiarity is not None
    for index, result in enumerate(prediction.results):
        assert result.probability == found.probability[0, index]
        assert result.score == found.score[0, index]
        assert result.threshold == 0.5
        np.testing.assert_array_equal(result.map, found.map[0, index])
    assert prediction.familiarity == found.familiarity[0]


def test_each_result_carries_its_findings_share_of_the_calibration_films(
    reader: Reader, chest: Radiograph
) -> None:
    shares = {r.finding.name: r.prevalence for r in reader.read(chest).results}
    assert shares == reader.bundle.header.calibration.prevalence


def test_a_bundle_may_be_given_by_its_path(bundle_file: Path, chest: Radiograph) -> None:
    for path in (bundle_file, str(bundle_file)):
        assert Reader(path, threads=1).read(chest).refused is None


def test_a_bundle_without_maps_and_familiarity_reads(chest: Radiograph) -> None:
    prediction = Reader(tiny_bundle(maps=False, familiarity=False), threads=1).read(chest)

    assert prediction.refused is None
    assert prediction.familiarity is None
    assert prediction.results[0].map is None


def test_cautions_of_the_file_are_kept(reader: Reader, chest: Radiograph) -> None:
    cautioned = replace(chest, cautions=("colour image: it was made grey",))

    assert reader.read(cautioned).cautions == ("colour image: it was made grey",)


def test_a_film_that_is_none_is_refused_with_all_cautions(reader: Reader) -> None:
    blank = Radiograph(np.zeros((99, 99), np.float32), "blank", cautions=("from the file",))

    prediction = reader.read(blank)

    assert prediction.refused is not None
    assert prediction.refused.startswith("nothing on it")
    assert prediction.results == ()
    assert prediction.familiarity is None
    assert "from the file" in prediction.cautions


def test_an_override_reads_no_film_that_is_none(reader: Reader) -> None:
    blank = Radiograph(np.zeros((99, 99), np.float32), "blank")

    assert reader.read(blank, override_population=True).refused is not None


def test_a_film_outside_the_population_is_refused(bundle: Bundle, chest: Radiograph) -> None:
    header = replace(bundle.header, population=CHILDREN)
    reader = Reader(replace(bundle, header=header), threads=1)

    refused = reader.read(chest).refused

    assert refused == "age 40, expected 1 to 5 years. The bundle is only for children"


def test_an_override_reads_it_with_a_shout_first(bundle: Bundle, chest: Radiograph) -> None:
    header = replace(bundle.header, population=CHILDREN)
    reader = Reader(replace(bundle, header=header), threads=1)

    prediction = reader.read(chest, override_population=True)

    assert prediction.refused is None
    assert prediction.results != ()
    assert prediction.cautions[0].startswith("OUTSIDE POPULATION: age 40")
    assert not prediction.calibrated
    assert reader.read(chest, age_years=None, override_population=False).refused is not None


def test_the_answer_says_what_the_film_was_taken_for(reader: Reader, chest: Radiograph) -> None:
    own = reader.read(chest)
    said = reader.read(chest, age_years=10, view=View.AP)

    assert (own.age_years, own.view, own.body_part) == (40, View.PA, "chest")
    assert (said.age_years, said.view) == (10, View.AP)


def test_an_override_that_is_not_needed_changes_nothing(reader: Reader, chest: Radiograph) -> None:
    plain, override = reader.read(chest), reader.read(chest, override_population=True)

    assert override.cautions == plain.cautions
    assert override.calibrated


def test_a_child_s_age_given_by_mistake_makes_no_child_of_a_grown_up(
    bundle: Bundle, chest: Radiograph
) -> None:
    reader = Reader(replace(bundle, header=replace(bundle.header, population=CHILDREN)), threads=1)

    refused = reader.read(chest, age_years=3).refused

    assert refused is not None
    assert refused.startswith("by the film's header age 40")


def test_what_the_caller_says_counts_more_than_the_header(
    reader: Reader, chest: Radiograph
) -> None:
    lateral = reader.read(chest, view=View.LATERAL)
    knee = reader.read(chest, body_part="knee")
    younger = reader.read(chest, age_years=10)

    assert lateral.refused is not None
    assert knee.refused is not None
    assert younger.cautions == (
        "the film's header says age 40, the caller says 10; the caller's was taken",
    )


def test_a_film_said_to_be_of_a_hip_is_not_called_inverted(
    reader: Reader, chest: Radiograph
) -> None:
    negative = replace(chest, pixels=1 - chest.pixels)

    assert "inverted" in " ".join(reader.read(negative).cautions)
    assert "inverted" not in " ".join(reader.read(negative, body_part="hip").cautions)


def test_what_is_not_known_is_a_caution(reader: Reader) -> None:
    prediction = reader.read(Radiograph(phantom(), "x"))

    assert prediction.refused is None
    assert prediction.cautions[0].startswith("view and body part are not known")


def test_an_unfamiliar_film_is_refused_with_its_familiarity(
    bundle: Bundle, chest: Radiograph
) -> None:
    prediction = strict(bundle, FamiliarityCut(1.0, 1.0, "")).read(chest)

    assert prediction.refused is not None
    assert "unlike any film" in prediction.refused
    assert prediction.familiarity is not None
    assert prediction.results == ()


def test_an_override_reads_an_unfamiliar_film_with_a_shout(
    bundle: Bundle, chest: Radiograph
) -> None:
    reader = strict(bundle, FamiliarityCut(1.0, 1.0, ""))

    prediction = reader.read(chest, override_population=True)

    assert prediction.results != ()
    assert prediction.cautions[0].startswith("OUTSIDE POPULATION: unlike any film")


def test_a_little_familiar_film_is_read_with_a_caution(bundle: Bundle, chest: Radiograph) -> None:
    """Its numbers are model scores: no such film, or hardly one, was calibrated on."""
    usual = strict(bundle, FamiliarityCut(0.0, 0.0, "")).read(chest)
    prediction = strict(bundle, FamiliarityCut(1.0, 0.0, "")).read(chest)

    assert usual.calibrated
    assert not prediction.calibrated
    assert prediction.results[0].probability == usual.results[0].probability
    assert "little like the films" in prediction.cautions[0]


@pytest.mark.parametrize("reason", ["picture", "population", "familiarity", "study"])
def test_nothing_of_a_refused_film_is_calibrated(
    bundle: Bundle, chest: Radiograph, reason: str
) -> None:
    """One rule, whoever refuses: there is no number that could be a probability."""
    cut = FamiliarityCut(1.0, 1.0 if reason == "familiarity" else 0.0, "")
    header = replace(bundle.header, familiarity=cut)
    if reason in ("population", "study"):
        header = replace(header, population=CHILDREN)
    pixels = np.zeros_like(chest.pixels) if reason == "picture" else chest.pixels
    film = replace(chest, pixels=pixels)
    asked = Study("examination", (film,)) if reason == "study" else film

    prediction = Reader(replace(bundle, header=header), threads=1).read(asked)

    assert bundle.header.calibration.calibrated
    assert prediction.refused is not None
    assert not prediction.calibrated


def test_a_study_is_the_mean_of_its_films(reader: Reader, chest: Radiograph) -> None:
    other = replace(chest, pixels=phantom(seed=5), name="other")

    study = reader.read(Study("examination", (chest, other)))

    scores = [reader.read(film).results[0].score for film in (chest, other)]
    assert study.name == "examination"
    assert study.results[0].score == pytest.approx(np.mean(scores))


def test_a_film_outside_is_left_out_of_its_study(reader: Reader, chest: Radiograph) -> None:
    lateral = replace(chest, view=View.LATERAL, name="side")

    study = reader.read(Study("examination", (chest, lateral)))

    assert study.results[0].score == reader.read(chest).results[0].score
    assert study.cautions[0].startswith("left out of the study: side: view LATERAL")


def test_a_graph_that_cannot_be_built_is_a_corrupt_bundle(bundle: Bundle) -> None:
    broken = replace(bundle, network=bundle.network.replace(b"Relu", b"Relo"))

    with pytest.raises(CorruptBundle, match="cannot be built"):
        Reader(broken)
