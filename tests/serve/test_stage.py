import pytest

from plainfilm.reading import Reader
from plainfilm.serve.policy import Policy
from plainfilm.serve.problems import Problem
from plainfilm.serve.stage import Cast, LoadedVersion, Place, Stage
from tiny_bundle import tiny_bundle


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(tiny_bundle(), threads=1)


def versions(reader: Reader, *numbers: int) -> dict[int, LoadedVersion]:
    return {number: LoadedVersion(Place("tiny", number), reader) for number in numbers}


def answering(stage: Stage, draw: float = 0.5) -> int:
    return stage.version_of("tiny", None, draw).place.version


def test_s4_19_the_highest_number_answers_where_no_label_says_otherwise(reader: Reader) -> None:
    stage = Stage()
    stage.put({"tiny": Cast(versions(reader, 9, 10, 1))})
    assert answering(stage) == 10
    stage.put({"tiny": Cast(versions(reader, 9, 10, 1), Policy(canary=10, percent=0))})
    assert answering(stage) == 9


def test_s2_03_nothing_answers_unnamed_before_a_version_is_promoted(reader: Reader) -> None:
    """S2-03: who names a version gets it, so that it can be tried."""
    stage = Stage()
    stage.put({"tiny": Cast(versions(reader, 1), Policy(promoted_only=True))})
    with pytest.raises(Problem, match="none of its versions is promoted"):
        answering(stage)
    assert stage.version_of("tiny", "1", 0.5).place == Place("tiny", 1)
    stage.put({"tiny": Cast(versions(reader, 1), Policy(stable=1, promoted_only=True))})
    assert answering(stage) == 1


def test_a_canary_answers_its_percentage(reader: Reader) -> None:
    stage = Stage()
    policy = Policy(stable=1, canary=2, percent=10, shadow=3)
    stage.put({"tiny": Cast(versions(reader, 1, 2, 3), policy)})
    answers = [answering(stage, draw / 1000) for draw in range(1000)]
    assert (answers.count(1), answers.count(2)) == (900, 100)
    found = stage.cast_of("tiny").shadow
    assert found is not None
    assert found.place.version == 3


def test_a_version_can_be_asked_for(reader: Reader) -> None:
    stage = Stage()
    stage.put({"tiny": Cast(versions(reader, 1, 2), Policy(stable=2))})
    assert stage.version_of("tiny", "1", 0.5).place == Place("tiny", 1)
    for unknown in ("3", "0", "-1", "1.0", "\u0661", "01", "9" * 30, "../1"):
        with pytest.raises(Problem) as caught:
            stage.version_of("tiny", unknown, 0.5)
        assert caught.value.status == 404


def test_nothing_answers_for_a_stable_version_that_is_not_there(reader: Reader) -> None:
    stage = Stage()
    with pytest.raises(Problem) as caught:
        stage.version_of("tiny", None, 0.5)
    assert caught.value.status == 503
    stage.put({"tiny": Cast(versions(reader, 4), Policy(stable=3))})
    with pytest.raises(Problem) as caught:
        stage.version_of("tiny", None, 0.5)
    assert caught.value.status == 503
    with pytest.raises(Problem) as caught:
        stage.version_of("other", None, 0.5)
    assert caught.value.status == 404


def test_a_version_that_leaves_is_let_go_with_its_last_request(reader: Reader) -> None:
    stage = Stage()
    old, new = versions(reader, 1), versions(reader, 2)
    stage.put({"tiny": Cast(old)})
    with stage.holding(old[1]), stage.holding(old[1]):
        stage.put({"tiny": Cast(new)})
        assert stage.leaving == {old[1]}
        stage.put({"tiny": Cast(new)})
        assert stage.leaving == {old[1]}
    assert not stage.leaving
    stage.put({})
    assert not stage.leaving
