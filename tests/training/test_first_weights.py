import hashlib
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
import torch

from plainfilm.errors import RunError
from plainfilm.findings import Finding, LabelSet
from plainfilm.networks import Classifier
from plainfilm.training.checkpoint import load_weights
from plainfilm.training.first_weights import check_start, first_weights_words, take_first_weights
from plainfilm.training.learner import build_network
from plainfilm.training.loop import train
from plainfilm.training.recipe import Recipe
from plainfilm.training.record import read_record, write_record
from tiny_training import LABEL_SET, resplit, same_weights, tiny_recipe

NAMES = LABEL_SET.names


def drawn(recipe: Recipe, n_logits: int = 2) -> Classifier:
    torch.manual_seed(1)
    return build_network(recipe, n_logits)


def starting(place: Path, *settings: str) -> Recipe:
    return tiny_recipe(f"network.init='{place}'", *settings)


@pytest.fixture
def weights(finished: Path, tmp_path: Path) -> Path:
    """The weights of a finished run as a file of its own."""
    return Path(shutil.copy(finished / "weights.pt", tmp_path / "published.pt"))


def test_scratch_leaves_what_was_drawn() -> None:
    """S0-51: and is called so."""
    network = drawn(tiny_recipe())
    before = {key: value.clone() for key, value in network.state_dict().items()}

    assert take_first_weights(network, tiny_recipe(), NAMES) == "scratch"

    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_a_file_is_told_with_its_hash_and_without_its_folder(weights: Path) -> None:
    """S0-51."""
    network = drawn(starting(weights))

    words = take_first_weights(network, starting(weights), NAMES)

    assert words == f"published.pt ({hashlib.sha256(weights.read_bytes()).hexdigest()})"
    expected = torch.load(weights, weights_only=True)["classifier.weight"]
    assert torch.equal(network.head_weight, expected)


def test_what_was_adapted_is_told(weights: Path) -> None:
    recipe = starting(weights, "network.init_adapt=['head']", "data.side_targets=['view']")

    words = take_first_weights(drawn(recipe, 3), recipe, NAMES)

    assert words.endswith("); head drawn anew")


def test_asking_for_the_words_changes_no_chance(weights: Path) -> None:
    torch.manual_seed(4)
    expected = torch.rand(1)
    torch.manual_seed(4)

    first_weights_words(starting(weights), NAMES, 2)

    assert torch.equal(torch.rand(1), expected)


def test_a_training_begins_with_the_file_and_records_it(
    weights: Path, prepared: Path, tmp_path: Path
) -> None:
    recipe = starting(weights, "optim.epochs=1", "optim.lr=1e-12", "optim.ema_decay=0")

    out = train(recipe, prepared, tmp_path / "run", threads=1)

    assert read_record(out).init.startswith("published.pt (")
    ours, theirs = load_weights(out), torch.load(weights, weights_only=True)
    torch.testing.assert_close(ours["classifier.weight"], theirs["classifier.weight"])
    assert str(tmp_path) not in (out / "run.json").read_text()


def test_a_file_that_does_not_fit_leaves_no_run_behind(
    weights: Path, prepared: Path, tmp_path: Path
) -> None:
    """S2-37: no silent random start."""
    recipe = starting(weights, "network.name=resnet18")

    with pytest.raises(RunError, match=r"published\.pt: does not fit"):
        train(recipe, prepared, tmp_path / "run", threads=1)

    assert not (tmp_path / "run" / "run.json").exists()


def test_a_file_that_is_gone_is_no_start(prepared: Path, tmp_path: Path) -> None:
    """S2-37."""
    with pytest.raises(RunError, match=r"gone\.pth: no such file"):
        train(starting(tmp_path / "gone.pth"), prepared, tmp_path / "run", threads=1)


def test_a_run_that_begins_again_records_the_file_as_it_is_by_then(
    weights: Path, prepared: Path, tmp_path: Path
) -> None:
    """Killed before its first checkpoint, with another file under the old name by then."""
    out = train(starting(weights), prepared, tmp_path / "run", threads=1)
    write_record(out, replace(read_record(out), finished=False, epochs=0))
    (out / "checkpoint.pt").unlink()
    state = torch.load(weights, weights_only=True)
    torch.save({**state, "classifier.bias": torch.zeros(2)}, weights)

    before = read_record(out).init
    train(starting(weights), prepared, out)

    assert read_record(out).init.startswith(
        f"published.pt ({hashlib.sha256(weights.read_bytes()).hexdigest()})"
    )
    assert read_record(out).init != before


def test_a_resumed_run_needs_its_file_no_more(
    weights: Path, prepared: Path, tmp_path: Path
) -> None:
    out = train(starting(weights), prepared, tmp_path / "run", threads=1)
    weights.unlink()

    assert train(starting(weights), prepared, out) == out


def test_a_file_on_a_hub_is_recorded_by_its_address(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = ModuleType("huggingface_hub")
    library.hf_hub_download = lambda *_, **__: str(weights)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "huggingface_hub", library)
    recipe = tiny_recipe("network.init='hub:some/film-net/w.pt@v1'")

    words = take_first_weights(drawn(recipe), recipe, NAMES)

    assert words.startswith("hub:some/film-net/w.pt@v1 (")


def test_a_run_with_another_head_gives_its_body_and_the_record_says_so(finished: Path) -> None:
    recipe = starting(finished, "network.head=mlp")
    network = drawn(recipe)

    words = take_first_weights(network, recipe, NAMES)

    state, theirs = network.state_dict(), load_weights(finished)
    assert torch.equal(state["features.stem.0.weight"], theirs["features.stem.0.weight"])
    assert re.match(r"first \([0-9a-f]{64}\), by recipe tiny(;|$)", words)
    assert words.endswith("; head drawn anew")


def test_a_hidden_head_is_taken_over_whole(prepared: Path, tmp_path: Path) -> None:
    recipe = tiny_recipe("network.head=mlp", "optim.epochs=1")
    run = train(recipe, prepared, tmp_path / "run", threads=1)
    later = starting(run, "network.head=mlp", "data.side_targets=['view']")
    network = drawn(later, 3)

    words = take_first_weights(network, later, NAMES)

    state, theirs = network.state_dict(), load_weights(run)
    assert torch.equal(state["classifier.2.weight"], theirs["classifier.2.weight"])
    assert torch.equal(state["classifier.6.weight"][:2], theirs["classifier.6.weight"])
    assert "drawn" not in words


def test_a_run_of_other_findings_gives_its_body_and_the_record_says_so(
    finished: Path, tmp_path: Path
) -> None:
    run = shutil.copytree(finished, tmp_path / "other")
    others = LabelSet((Finding("lung", "Lung"), Finding("bone", "Bone")))
    write_record(run, replace(read_record(run), label_set=others))
    recipe = starting(run)

    assert take_first_weights(drawn(recipe), recipe, NAMES).endswith("; head drawn anew")


def test_a_run_of_films_of_another_size_fits_no_flat_head(prepared: Path, tmp_path: Path) -> None:
    run = train(
        tiny_recipe("network.name=conv4", "optim.epochs=1"), prepared, tmp_path / "run", threads=1
    )
    recipe = starting(run, "network.name=conv4", "data.size=64")

    with pytest.raises(RunError, match="run learned from films of 32 pixels; this head fits no"):
        take_first_weights(drawn(recipe), recipe, NAMES)


def test_the_same_file_gives_the_same_training(
    weights: Path, prepared: Path, tmp_path: Path
) -> None:
    runs = [
        train(starting(weights, "optim.epochs=1"), prepared, tmp_path / name, threads=1)
        for name in ("one", "two")
    ]

    assert same_weights(*runs)


def test_a_run_that_learned_by_another_split_of_these_films_is_no_start(
    finished: Path, prepared: Path, tmp_path: Path
) -> None:
    """Its training films may be test films here: a leak that no bundle could tell of."""
    other = shutil.copytree(prepared, tmp_path / "films")
    resplit(other, "")
    words = "first learned from drawn by another split, so test films of this one may be among"
    with pytest.raises(RunError, match=words):
        train(starting(finished), other, tmp_path / "run")
    assert not (tmp_path / "run" / "run.json").exists()
    check_start(starting(finished), read_record(finished).films)
    elsewhere = replace(read_record(finished).films, data_set="another", split_sha256="2" * 64)
    check_start(starting(finished), elsewhere)
