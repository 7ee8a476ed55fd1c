import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from plainfilm.errors import RunError
from plainfilm.findings import Code, Finding, LabelSet
from plainfilm.training.record import (
    EpochRow,
    FilmsUsed,
    LossUsed,
    RunRecord,
    number_or_none,
    put,
    read_log,
    read_record,
    write_log,
    write_record,
)

RECORD = RunRecord(
    recipe="tiny",
    label_set=LabelSet((Finding("mass", "Mass", Code("SCT", "1", "Mass")), Finding("edema", "E"))),
    films=FilmsUsed("drawn", "chest", 32, "squash", "a", "b", "c", "d", 3, 5, 2),
    loss=LossUsed("words", (1.0, 1.0), (1, 2), (4, 3), (0, 0)),
    seed=0,
    init="scratch",
    teachers=("one (ab)",),
    code_version="0",
    torch_version="2",
    hardware="2 CPU cores",
    device="cpu",
    threads=1,
)


def row(epoch: int, auroc: float | None = 0.5) -> EpochRow:
    return EpochRow(epoch, 0.7, None, auroc, 1e-3, 2.0, 100.0)


@pytest.mark.parametrize("auroc", [None, 0.75])
def test_a_record_is_read_back(tmp_path: Path, auroc: float | None) -> None:
    record = replace(RECORD, val_auroc=auroc, finished=True)

    write_record(tmp_path, record)

    assert read_record(tmp_path) == record


def test_no_record_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no run here \(run\.json is missing\)"):
        read_record(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 3}'])
def test_a_broken_record_is_one_clear_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(RunError, match=r"run\.json cannot be read"):
        read_record(tmp_path)


def test_another_format_is_refused(tmp_path: Path) -> None:
    write_record(tmp_path, replace(RECORD, format="plainfilm.run/9"))
    with pytest.raises(RunError, match=r"format 'plainfilm\.run/9'; expected"):
        read_record(tmp_path)


def test_the_log_holds_each_epoch_once_however_often_it_is_written(tmp_path: Path) -> None:
    write_log(tmp_path, [row(1), row(2)])
    write_log(tmp_path, [row(1), row(2, None), row(3)])

    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert lines[1]["val_auroc"] is None
    assert (tmp_path / "log.csv").read_text().splitlines() == [
        "epoch,loss,val_loss,val_auroc,lr,seconds,films_per_s",
        "1,0.7,,0.5,0.001,2.0,100.0",
        "2,0.7,,,0.001,2.0,100.0",
        "3,0.7,,0.5,0.001,2.0,100.0",
    ]


def test_a_row_is_better_with_a_higher_auroc_only() -> None:
    assert row(1, None).is_better_than(None)
    assert row(2, 0.6).is_better_than(row(1, 0.5))
    assert not row(2, 0.5).is_better_than(row(1, 0.5))
    assert not row(2, None).is_better_than(row(1, 0.5))
    assert row(2, 0.1).is_better_than(row(1, None))


def test_nan_is_written_as_nothing() -> None:
    assert number_or_none(float("nan")) is None
    assert number_or_none(0.5) == 0.5


def test_a_disk_that_refuses_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"^x\.pt: could not be written \(No such file"):
        put(tmp_path / "no-such-folder" / "x.pt", b"1")


@pytest.mark.skipif(os.name != "posix", reason="no such permissions there")
def test_where_writing_is_not_allowed_no_room_is_asked_for() -> None:
    was = os.geteuid()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        try:
            os.seteuid(was or 65534)  # root may write anywhere
            with pytest.raises(RunError, match=r"denied.*Allow writing there") as refused:
                put(Path(folder) / "x.pt", b"1")
        finally:
            os.seteuid(was)

    assert "room" not in str(refused.value)


def test_the_log_is_read_again_and_a_broken_one_told(tmp_path: Path) -> None:
    write_log(tmp_path, [row(1), row(2, None)])
    assert read_log(tmp_path) == (row(1), row(2, None))

    (tmp_path / "log.jsonl").write_text("half a li")
    with pytest.raises(RunError, match=r"log\.jsonl cannot be read"):
        read_log(tmp_path)
