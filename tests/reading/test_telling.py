from dataclasses import replace

import numpy as np
import pytest

from phantoms import phantom
from plainfilm.errors import CorruptBundle
from plainfilm.radiograph import Radiograph, Sex, Study, View
from plainfilm.reading import Engine, Reader
from plainfilm.reading.bundle import Bundle, Golden
from plainfilm.reading.facts import FACTS, facts_vector, without_facts
from plainfilm.reading.fast_engine import FastEngine
from plainfilm.reading.header import FORMAT, FORMAT_OF_FACTS
from plainfilm.reading.telling import Telling, telling
from plainfilm.reading.verify import verify, verify_engine
from plainfilm.reports.as_json import prediction_json
from plainfilm.reports.as_text import text_table
from tiny_bundle import tiny_bundle
from told_bundle import WEIGHTS, told_bundle, told_network

BUNDLE = told_bundle()
FILM = Radiograph(phantom(size=(64, 64)), "chest.png", body_part="chest")
WOMAN = facts_vector(FACTS, {"age": 60.0, "sex": "F", "view": "PA"})


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(BUNDLE, threads=1)


def test_s0_85_facts_change_the_score_and_not_the_map(reader: Reader) -> None:
    untold = reader.read(FILM)
    told = reader.read(FILM, age_years=60, sex=Sex.FEMALE, view=View.PA)

    moved = [a.score - b.score for a, b in zip(told.results, untold.results, strict=True)]
    assert np.allclose(moved, WEIGHTS @ WOMAN, atol=1e-5)
    for a, b in zip(told.results, untold.results, strict=True):
        assert np.array_equal(a.map, b.map)
    assert told.facts == {"age": 60.0, "sex": "F", "view": "PA"}
    assert untold.facts == {"age": None, "sex": None, "view": None}


def test_s0_85_what_the_header_tells_is_told_and_the_caller_counts_more(reader: Reader) -> None:
    film = replace(FILM, sex=Sex.MALE, age_years=60.0, view=View.PA)

    own, corrected = reader.read(film), reader.read(film, sex=Sex.FEMALE)

    assert own.facts == {"age": 60.0, "sex": "M", "view": "PA"}
    assert corrected.results[0].score == reader.read(FILM, age_years=60, sex=Sex.FEMALE,
                                                     view=View.PA).results[0].score  # fmt: skip
    assert any("header says sex M, the caller says F" in text for text in corrected.cautions)


def test_s0_85_the_answer_says_what_the_network_was_told(reader: Reader) -> None:
    found = reader.read(FILM, age_years=60, sex=Sex.FEMALE)

    assert prediction_json(found)["facts"] == {"age": 60.0, "sex": "F", "view": None}
    assert "The network was told: age 60, sex F, view not known." in text_table(found)
    plain = Reader(tiny_bundle(2), threads=1).read(FILM, age_years=60)
    assert "facts" not in prediction_json(plain)
    assert "was told" not in text_table(plain)


def test_s0_85_films_of_a_study_share_what_they_share(reader: Reader) -> None:
    films = (FILM, replace(FILM, name="b.png", view=View.AP))

    found = reader.read(Study("both", films), age_years=60)

    assert found.facts == {"age": 60.0, "sex": None, "view": None}


def test_s0_85_an_engine_that_tells_says_the_same_of_every_film() -> None:
    engine = Engine(BUNDLE, threads=1)
    films = np.stack([FILM.pixels[None], 1 - FILM.pixels[None]])

    found = Telling(engine, WOMAN).run(films)

    assert np.array_equal(found.score, engine.run(films, np.stack([WOMAN, WOMAN])).score)
    plain = Engine(tiny_bundle(2), threads=1)
    assert telling(plain, Reader(tiny_bundle(2), threads=1).read(FILM)) is plain


def test_s0_85_facts_left_out_are_facts_not_known() -> None:
    engine, film = Engine(BUNDLE, threads=1), FILM.pixels[None, None]

    assert np.array_equal(engine.run(film).score, engine.run(film, without_facts(FACTS, 1)).score)


def test_s0_85_the_fast_engine_is_told_too() -> None:
    pytest.importorskip("openvino")
    engine = FastEngine(BUNDLE, threads=1)

    verify_engine(engine)
    found = engine.run(FILM.pixels[None, None], WOMAN[None])

    ours = Engine(BUNDLE, threads=1).run(FILM.pixels[None, None], WOMAN[None])
    assert np.allclose(found.score, ours.score, atol=1e-4)


@pytest.mark.parametrize(
    "facts", [np.zeros((1, 3), np.float32), np.zeros((2, 8), np.float32), np.zeros((1, 8))]
)
def test_facts_of_another_shape_are_a_bug_in_the_caller(facts: np.ndarray) -> None:
    with pytest.raises(ValueError, match="facts: found"):
        Engine(BUNDLE, threads=1).run(FILM.pixels[None, None], facts)


def test_a_bundle_that_is_told_nothing_takes_no_facts() -> None:
    with pytest.raises(ValueError, match="tiny is told none"):
        Engine(tiny_bundle(2), threads=1).run(FILM.pixels[None, None], WOMAN[None])


def test_s0_85_only_a_bundle_that_is_told_facts_has_the_newer_format() -> None:
    told, plain = BUNDLE.files["bundle.json"], tiny_bundle(2).files["bundle.json"]

    assert FORMAT_OF_FACTS.encode() in told
    assert FORMAT.encode() in plain
    assert b'"facts"' not in plain
    verify(Bundle.from_files(BUNDLE.files))


def test_s0_85_golden_outputs_depend_on_what_is_told() -> None:
    golden = BUNDLE.golden
    others = tuple(1 - each for each in golden.facts)
    wrong = replace(BUNDLE, golden=Golden(golden.radiographs, golden.outputs, others))

    with pytest.raises(CorruptBundle, match="came back"):
        verify(wrong)
    with pytest.raises(ValueError, match="facts"):
        replace(BUNDLE, golden=Golden(golden.radiographs, golden.outputs))


def test_a_graph_without_the_promised_input_is_refused() -> None:
    plain = tiny_bundle(2)

    with pytest.raises(CorruptBundle, match=r"expected radiographs .* facts \(N, 8\)"):
        Engine(replace(BUNDLE, network=plain.network))
    with pytest.raises(CorruptBundle, match=r"inputs \['radiographs', 'facts'\]"):
        Engine(replace(plain, network=told_network(plain.network)))
