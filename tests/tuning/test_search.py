import csv
import json
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from plainfilm.errors import RunError
from plainfilm.training.loop import train
from plainfilm.training.recipe import Recipe
from plainfilm.training.record import read_recipe, read_record
from plainfilm.tuning.search import Search, Trial, json_of, search, text_of
from plainfilm.tuning.space import Choices, Plan, Range, Space
from tiny_training import tiny_recipe, write_prepared

RECIPE = tiny_recipe("optim.epochs=1")
SPACE = Space(
    Plan(trials=3, seed=1),
    {"optim.lr": Range(1e-4, 1e-2, log=True), "optim.batch_size": Choices((8, 16))},
)
Found = tuple[Path, Path, Search]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Films, the folder of a search, and its trials; with the network unplugged."""
    place = tmp_path_factory.mktemp("search")
    films = write_prepared(place / "films", n_train=16, n_val=8)

    def refuse(*_: object) -> None:
        raise AssertionError("a search has no business in the network")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        return films, place / "out", search(RECIPE, films, SPACE, place / "out")


def scores(trials: Sequence[Trial]) -> list[float | None]:
    return [trial.score for trial in trials]


def test_s2_38_each_trial_is_a_training_with_values_of_the_space(found: Found) -> None:
    """S2-38; the score is the run's own, on validation films."""
    _, out, done = found

    assert [trial.number for trial in done.trials] == [1, 2, 3]
    for trial in done.trials:
        run = out / f"trial-{trial.number}"
        optim = read_recipe(run).optim
        assert (optim.lr, optim.batch_size) == tuple(trial.values.values())
        assert 1e-4 <= optim.lr <= 1e-2
        assert read_record(run).val_auroc == trial.score


def test_the_best_is_a_recipe_that_trains(found: Found, tmp_path: Path) -> None:
    films, out, done = found
    assert done.best is not None
    assert done.best.score == max(score for score in scores(done.trials) if score is not None)

    run = train(Recipe.load(out / "best.toml"), films, tmp_path / "run")

    assert read_record(run).val_auroc == done.best.score


def test_every_trial_stands_in_the_table(found: Found) -> None:
    _, out, done = found
    rows = list(csv.DictReader((out / "trials.csv").read_text().splitlines()))

    assert [row["val_auroc"] for row in rows] == [str(score) for score in scores(done.trials)]
    assert [row["optim.lr"] for row in rows] == [str(t.values["optim.lr"]) for t in done.trials]
    kept = json.loads((out / "trials.json").read_text())
    assert {key: kept[key] for key in json_of(done)} == json.loads(json.dumps(json_of(done)))
    assert text_of(done).splitlines()[-1].startswith("best: trial ")


def test_a_killed_search_goes_on_to_the_same_end(found: Found, tmp_path: Path) -> None:
    """Killed in its second trial, before its first epoch, and asked again."""
    films, out, done = found
    again = tmp_path / "again"
    search(RECIPE, films, SPACE, again, trials=1)
    content = json.loads((out / "trials.json").read_text())
    first, second, _ = content["trials"]
    begun = {**second, "state": "running", "score": None, "seconds": 0.0}
    (again / "trials.json").write_text(json.dumps({**content, "trials": [first, begun]}))

    resumed = search(RECIPE, films, SPACE, again)

    assert [t.values for t in resumed.trials] == [t.values for t in done.trials]
    assert scores(resumed.trials) == scores(done.trials)


def test_a_finished_search_trains_nothing(found: Found) -> None:
    films, out, done = found
    written = (out / "trials.json").stat().st_mtime_ns

    assert search(RECIPE, films, SPACE, out) == done
    assert (out / "trials.json").stat().st_mtime_ns == written


def test_another_search_does_not_go_into_the_same_folder(found: Found) -> None:
    films, out, _ = found

    with pytest.raises(RunError, match="out: is of another search"):
        search(tiny_recipe("optim.epochs=2"), films, SPACE, out)


def test_a_trial_that_fails_is_told_and_the_search_goes_on(found: Found, tmp_path: Path) -> None:
    """One of two rates is absurd; it stands in the table with the reason."""
    axes = {"optim.lr": Choices((1e-3, 1e30))}
    space = Space(Plan(trials=4, seed=0, score="val_loss"), axes)

    done = search(RECIPE, found[0], space, tmp_path / "out")

    states = {trial.values["optim.lr"]: trial.state for trial in done.trials}
    assert states == {1e-3: "finished", 1e30: "failed"}
    assert "the loss became" in next(t.reason for t in done.trials if t.state == "failed")
    assert done.best is not None
    assert done.best.score == min(score for score in scores(done.trials) if score is not None)
    assert "the loss became" in (tmp_path / "out" / "trials.csv").read_text()


def test_a_search_in_which_all_fail_says_so(found: Found, tmp_path: Path) -> None:
    space = Space(Plan(trials=1), {"optim.lr": Choices((1e30,))})

    with pytest.raises(RunError, match="every trial failed; the last: trial-1: the loss became"):
        search(RECIPE, found[0], space, tmp_path / "out")
    assert not (tmp_path / "out" / "best.toml").exists()


def test_films_without_validation_are_refused(tmp_path: Path) -> None:
    films = write_prepared(tmp_path / "films", n_train=8, n_val=0)

    with pytest.raises(RunError, match="no film in split 'val'; a search"):
        search(RECIPE, films, SPACE, tmp_path / "out")
