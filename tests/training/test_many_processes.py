"""Trainings of two real processes: what `team` and `loop` promise of them."""

import json
import re
import shutil
import socket
from contextlib import closing
from pathlib import Path

import pytest
import torch

from plainfilm.training.loop import train
from plainfilm.training.record import read_record
from teams import Ended, finish, launch, places, torchrun
from tiny_training import same_weights, tiny_recipe, write_prepared
from two_networks import ADDRESSES, two_networks

pytestmark = pytest.mark.slow

# What looks at other films or at more than one: all of it must not depend on who sees which film.
SETTINGS = (
    "network.dropout=0.3",
    "optim.lr=0.0003",  # Adam makes steps of a rounding where a gradient is all but 0
    "loss.balance=['view']",
    "data.side_targets=['view']",
    "optim.clip_norm=0.5",
    "optim.checkpoint_steps=3",
    "optim.keep=best",
)


def words(recipe: Path, prepared: Path) -> list[str]:
    return ["train", str(recipe), "--data", str(prepared), "--out", "run"]


def log_of(run: Path) -> list[dict[str, float]]:
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [{k: v for k, v in row.items() if k not in ("seconds", "films_per_s")} for row in rows]


def same_to_rounding(left: Path, right: Path) -> bool:
    a, b = (torch.load(run / "weights.pt", weights_only=True) for run in (left, right))
    return all(torch.allclose(a[name], b[name], atol=1e-5, rtol=0) for name in a)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "recipe.toml"
    path.write_text(tiny_recipe(*SETTINGS).to_toml())
    return path


@pytest.fixture(scope="module")
def alone(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of one process."""
    out = tmp_path_factory.mktemp("alone") / "run"
    return train(tiny_recipe(*SETTINGS), prepared, out, device="cpu", threads=1)


@pytest.fixture(scope="module")
def two(
    recipe: Path, prepared: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Ended]:
    """The folders of two processes, and how they ended."""
    where = places(tmp_path_factory.mktemp("two"))
    return where, torchrun(where, words(recipe, prepared))


def test_s4_07_two_processes_train_as_one_with_the_same_batch(
    alone: Path, two: tuple[Path, Ended]
) -> None:
    """S4-07, S4-10, S4-11: gradients are added up each step, by gloo where there is no GPU; the
    chief's log is that of one process.
    """
    where, ended = two
    run = where / "0" / "run"

    assert ended.status == 0, ended.said
    assert same_to_rounding(alone, run)
    assert log_of(run) == [pytest.approx(row, abs=1e-5) for row in log_of(alone)]
    assert read_record(run).processes == 2


def test_s4_09_only_the_chief_writes_and_speaks(alone: Path, two: tuple[Path, Ended]) -> None:
    """S4-09, S4-11: the other's folder stays empty, and it shows neither bar nor last line."""
    where, ended = two

    assert not list((where / "1").iterdir())
    names = {path.name for path in (where / "0" / "run").iterdir()}
    assert names == {path.name for path in alone.iterdir()} >= {"curves.svg"}
    assert len(re.findall(r"Wrote run", ended.said)) == 1


def test_a_batch_that_the_processes_do_not_divide_is_learnt_whole(
    finished: Path, prepared: Path, recipe: Path, tmp_path: Path
) -> None:
    settings = ("optim.batch_size=7", f"network.distil_from=['{finished}']", "optim.epochs=1")
    options = [word for setting in settings for word in ("--set", setting)]

    ended = torchrun(places(tmp_path), [*words(recipe, prepared), *options])

    assert ended.status == 0, ended.said
    both = tiny_recipe(*SETTINGS, *settings)
    single = train(both, prepared, tmp_path / "single", device="cpu", threads=1)
    assert same_to_rounding(single, tmp_path / "0" / "run")


@pytest.mark.parametrize("dies", [0, 1])
def test_a_killed_process_is_restarted_and_the_weights_are_the_same(
    two: tuple[Path, Ended], recipe: Path, prepared: Path, tmp_path: Path, dies: int
) -> None:
    ended = torchrun(places(tmp_path), words(recipe, prepared), restarts=2, dies=(dies, 7))

    assert ended.status == 0, ended.said
    undisturbed, run = two[0] / "0" / "run", tmp_path / "0" / "run"
    assert same_weights(undisturbed, run)
    assert log_of(run) == log_of(undisturbed)
    assert not list((tmp_path / "1").iterdir())


def test_a_run_goes_on_with_another_number_of_processes(
    alone: Path, recipe: Path, prepared: Path, tmp_path: Path
) -> None:
    ended = torchrun(places(tmp_path), words(recipe, prepared), dies=(0, 7))
    assert ended.status != 0
    assert (tmp_path / "0" / "run" / "checkpoint.pt").exists()

    run = train(tiny_recipe(*SETTINGS), prepared, tmp_path / "0" / "run", device="cpu")

    assert same_to_rounding(alone, run)
    assert read_record(run).processes == 1


def test_what_one_process_refuses_is_told_once_and_stops_all(
    recipe: Path, prepared: Path, tmp_path: Path
) -> None:
    shutil.copytree(prepared, places(tmp_path) / "0" / "films")

    ended = torchrun(tmp_path, words(recipe, Path("films")))

    assert ended.status != 0
    assert len(ended.errors) == 1, ended.said
    assert re.match(r"process 1 of 2: films: no manifest\.json in it", ended.errors[0])
    assert not (tmp_path / "0" / "run").exists()


def test_processes_with_other_films_are_refused(
    recipe: Path, prepared: Path, tmp_path: Path
) -> None:
    shutil.copytree(prepared, places(tmp_path) / "0" / "films")
    write_prepared(tmp_path / "1" / "films", n_train=38)

    ended = torchrun(tmp_path, words(recipe, Path("films")))

    found = "process 1 of 2: its films are not the chief's; give every machine the same."
    assert (ended.status != 0, ended.errors) == (True, [found]), ended.said


def test_a_process_without_any_film_to_validate_waits_for_the_others(
    recipe: Path, tmp_path: Path
) -> None:
    films = write_prepared(tmp_path / "films", n_train=8, n_val=1)
    options = ["--set", "optim.epochs=1"]

    ended = torchrun(places(tmp_path), [*words(recipe, films), *options])

    assert ended.status == 0, ended.said
    settings = (*SETTINGS, "optim.epochs=1")
    single = train(tiny_recipe(*settings), films, tmp_path / "single", device="cpu", threads=1)
    assert log_of(tmp_path / "0" / "run") == [
        pytest.approx(row, abs=1e-5) for row in log_of(single)
    ]


def test_more_processes_than_films_in_a_batch_are_refused_once(
    recipe: Path, prepared: Path, tmp_path: Path
) -> None:
    options = ["--set", "optim.batch_size=2"]

    ended = torchrun(places(tmp_path, 3), [*words(recipe, prepared), *options], n=3)

    found = "optim.batch_size: 2 films a step and 3 processes; expected at least one film for each."
    assert ended.errors == [found], ended.said


def test_a_loss_that_is_no_number_is_told_once(
    recipe: Path, prepared: Path, tmp_path: Path
) -> None:
    options = ["--set", "optim.lr=1e30", "--set", "optim.epochs=20", "--set", "optim.clip_norm=0"]

    ended = torchrun(places(tmp_path), [*words(recipe, prepared), *options])

    assert ended.status != 0
    assert len(ended.errors) == 1, ended.said
    assert re.match(r"run: the loss became (nan|inf) in epoch \d+, step \d+\.", ended.errors[0])


def test_two_machines_meet_and_outlive_a_killed_process(
    two: tuple[Path, Ended], recipe: Path, prepared: Path, tmp_path: Path
) -> None:
    with closing(socket.create_server(("localhost", 0))) as free:
        place = f"localhost:{free.getsockname()[1]}"
    options = ("--nnodes=2", "--nproc-per-node=1", "--max-restarts=3", "--rdzv-backend=c10d",
               f"--rdzv-endpoint={place}", "--rdzv-id=film", "--local-addr=localhost")  # fmt: skip
    where = places(tmp_path)

    machines = [launch(where, words(recipe, prepared), options, dies=(1, 7)) for _ in range(2)]
    ends = [finish(machine) for machine in machines]

    assert [ended.status for ended in ends] == [0, 0], ends
    assert same_weights(two[0] / "0" / "run", where / "0" / "run")


def test_two_machines_on_two_networks_train_as_one(
    two: tuple[Path, Ended], recipe: Path, prepared: Path, tmp_path: Path
) -> None:
    """S4-07: what they send each other goes over a wire; a killed process is no loss."""
    where, ends = places(tmp_path), []
    with two_networks() as machines:
        started = []
        for machine, address in zip(machines, ADDRESSES, strict=True):
            options = ("--nnodes=2", "--nproc-per-node=1", "--max-restarts=3",
                       "--rdzv-backend=c10d", f"--rdzv-endpoint={ADDRESSES[0]}:29400",
                       "--rdzv-id=film", f"--local-addr={address}",
                       f"--rdzv-conf=is_host={int(address == ADDRESSES[0])}")  # fmt: skip
            again = words(recipe, prepared)
            started.append(launch(where, again, options, dies=(1, 7), machine=machine))
        ends = [finish(process) for process in started]

    assert [ended.status for ended in ends] == [0, 0], ends
    assert same_weights(two[0] / "0" / "run", where / "0" / "run")


@pytest.mark.gpu
@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two GPUs")
def test_s4_10_two_gpus_train_as_one_process(
    alone: Path, recipe: Path, prepared: Path, tmp_path: Path
) -> None:
    """S4-10: gradients travel by nccl."""
    options = ["--backend", "nccl"]

    ended = torchrun(places(tmp_path), [*words(recipe, prepared), *options], gpus=True)

    assert ended.status == 0, ended.said
    losses = [[row["loss"] for row in log_of(run)] for run in (alone, tmp_path / "0" / "run")]
    assert losses[0] == pytest.approx(losses[1], abs=1e-3)


def test_parts_of_a_batch_are_shared_as_the_whole_is(
    recipe: Path, prepared: Path, tmp_path: Path
) -> None:
    """S3-28, S4-07: two processes with parts of four films are one process with such parts.

    The two also compute their maps again, over all processes' statistics.
    """
    settings = ("optim.micro_batch=4", "optim.epochs=1")
    theirs = (*settings, "optim.recompute=true")
    options = [word for setting in theirs for word in ("--set", setting)]

    ended = torchrun(places(tmp_path), [*words(recipe, prepared), *options])

    assert ended.status == 0, ended.said
    both = tiny_recipe(*SETTINGS, *settings)
    single = train(both, prepared, tmp_path / "single", device="cpu", threads=1)
    assert same_to_rounding(single, tmp_path / "0" / "run")
