import json
from dataclasses import replace
from pathlib import Path

import pytest

from plainfilm.errors import RunError
from plainfilm.training.record import read_log, read_record, write_log, write_record
from plainfilm.tuning.repeat import Repeat, json_of, repeat, text_of


@pytest.fixture(scope="module")
def again(
    finished: Path, prepared: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Repeat]:
    out = tmp_path_factory.mktemp("again") / "run"
    return out, repeat(finished, prepared, out)


def test_s2_05_a_run_repeated_is_the_same_to_the_last_bit(again: tuple[Path, Repeat]) -> None:
    """S2-05: every metric ± 0, on a CPU."""
    _, found = again

    assert (found.n_epochs, found.metrics, found.same_weights) == (2, (), True)
    assert not [words for words in found.circumstances if words.startswith("other ")]
    same = "the same: 2 epochs, every metric ± 0, every weight bit for bit"
    assert text_of(found).splitlines()[0] == same
    assert json.loads(json.dumps(json_of(found)))["holds"] is True


def test_what_differs_is_told_with_what_else_was_different(
    again: tuple[Path, Repeat], prepared: Path, finished: Path, tmp_path: Path
) -> None:
    """A run whose log and record say something else; nothing is trained again."""
    out, _ = again
    other = tmp_path / "other"
    other.mkdir()
    for name in ("recipe.toml", "weights.pt"):
        (other / name).write_bytes((finished / name).read_bytes())
    first, second = read_log(finished)
    write_log(other, (first, replace(second, val_loss=0.25, seconds=9.0)))
    write_record(other, replace(read_record(finished), commit="0123abcd+"))

    found = repeat(other, prepared, out)

    assert not found.holds
    assert found.same_weights
    assert found.metrics == (f"epoch 2: val_loss 0.25 and {second.val_loss}",)
    assert found.circumstances[0].startswith("other commit: 0123abcd+ and ")
    assert text_of(found).splitlines()[-1].startswith("the code had changes beside its commit (+)")


def test_an_unfinished_run_and_its_own_folder_are_refused(
    finished: Path, prepared: Path, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="first: is the run to repeat"):
        repeat(finished, prepared, finished)
    (tmp_path / "recipe.toml").write_bytes((finished / "recipe.toml").read_bytes())
    write_record(tmp_path, replace(read_record(finished), finished=False))
    with pytest.raises(RunError, match="not finished yet"):
        repeat(tmp_path, prepared, tmp_path / "again")
