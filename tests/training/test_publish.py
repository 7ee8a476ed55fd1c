from dataclasses import replace
from pathlib import Path

import pytest

from plainfilm.training.checkpoint import Progress
from plainfilm.training.publish import publish
from plainfilm.training.record import EpochRow, read_record
from tiny_training import tiny_recipe


def row(epoch: int, loss: float) -> EpochRow:
    return EpochRow(epoch, loss, 0.5, 0.7, 0.001, 2.0, 10.0)


def test_s2_09_an_alarm_is_told_once_and_recorded(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """S2-09."""
    rows = tuple(row(i + 1, loss) for i, loss in enumerate((0.5, 0.6, 0.7, 0.8)))
    optim = tiny_recipe("optim.epochs=6").optim

    publish(tmp_path, read_record(finished), Progress(rows=rows), optim)
    publish(tmp_path, read_record(finished), Progress(rows=(*rows, row(5, 0.6))), optim)

    assert capsys.readouterr().err.count("the training loss has risen for 3 epochs") == 1
    record = read_record(tmp_path)
    assert len(record.alarms) == 1
    assert (record.epochs, record.finished, record.ended, record.seconds) == (5, False, "", 10.0)


def test_a_finished_training_says_how_it_ended(finished: Path, tmp_path: Path) -> None:
    rows = (row(1, 0.5), row(2, 0.4))
    progress = Progress(rows=rows, kept=rows[0])

    publish(tmp_path, replace(read_record(finished), ended=""), progress, tiny_recipe().optim)

    record = read_record(tmp_path)
    assert (record.finished, record.ended, record.kept_epoch) == (True, "all 2 epochs", 1)


def test_cautions_are_told_before_the_first_epoch_and_never_again(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = replace(read_record(finished), cautions=("optim.lr is 0.1",))

    publish(tmp_path, record, Progress(), tiny_recipe().optim)
    publish(tmp_path, record, Progress(rows=(row(1, 0.5),)), tiny_recipe().optim)

    assert capsys.readouterr().err == "caution: optim.lr is 0.1\n"
    assert read_record(tmp_path).cautions == ("optim.lr is 0.1",)
