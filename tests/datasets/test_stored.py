import json
from pathlib import Path

import pytest

from plainfilm.datasets.stored import StoredRecord, read_label_set, write_label_set
from plainfilm.errors import DatasetError
from plainfilm.findings import Code, Finding, LabelSet


def stored(path: Path, **fields: object) -> StoredRecord:
    path.write_text(json.dumps({"format": "f/1", **fields}))
    return StoredRecord.read(path, "f/1")


def test_every_field_returns_as_it_was_written(tmp_path: Path) -> None:
    record = stored(
        tmp_path / "a.json", a="x", b=3, c=True, d=["x", "y"], e={"n": 1}, f=[{"a": "z"}], g=None
    )

    assert (record.text("a"), record.whole("b"), record.flag("c")) == ("x", 3, True)
    assert record.texts("d") == ("x", "y")
    assert record.counts("e") == {"n": 1}
    assert record.record("e").whole("n") == 1
    assert record.records("f")[0].text("a") == "z"
    assert record.has("a")
    assert not record.has("g")


@pytest.mark.parametrize("kind", ["text", "whole", "flag", "texts", "counts", "record", "records"])
def test_a_field_of_another_type_is_refused_with_the_file_s_name(tmp_path: Path, kind: str) -> None:
    record = stored(tmp_path / "a.json", wrong=1.5)
    readers = {
        "text": record.text,
        "whole": record.whole,
        "flag": record.flag,
        "texts": record.texts,
        "counts": record.counts,
        "record": record.record,
        "records": record.records,
    }

    for key in ("wrong", "absent"):
        with pytest.raises(DatasetError, match=rf"a\.json: '{key}' is not"):
            readers[kind](key)


@pytest.mark.parametrize("content", ["", "{", "[]", "3", '{"format": "f/2"}', "[" * 100_000])
def test_a_file_that_is_no_record_of_ours_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)

    with pytest.raises(DatasetError, match=r"a\.json"):
        StoredRecord.read(tmp_path / "a.json", "f/1")


def test_a_label_set_returns_with_order_codes_and_exclusiveness(tmp_path: Path) -> None:
    code = Code("SCT", "4147007", "Mass")
    label_set = LabelSet((Finding("nodule", "Nodule"), Finding("mass", "Mass", code)), True)

    record = stored(tmp_path / "a.json", labels=write_label_set(label_set)).record("labels")

    assert read_label_set(record) == label_set


@pytest.mark.parametrize("name", ["", "Mass", "a mass"])
def test_a_label_set_with_an_impossible_name_is_refused(tmp_path: Path, name: str) -> None:
    finding = {"name": name, "display": "Mass", "code": None}
    record = stored(tmp_path / "a.json", exclusive=False, findings=[finding])

    with pytest.raises(DatasetError, match=r"^a\.json: a finding's name is lower case"):
        read_label_set(record)


def test_a_label_set_of_nothing_is_refused(tmp_path: Path) -> None:
    record = stored(tmp_path / "a.json", exclusive=False, findings=[])

    with pytest.raises(DatasetError, match="at least one finding"):
        read_label_set(record)


def test_a_label_set_with_one_name_twice_is_refused(tmp_path: Path) -> None:
    twice = {"name": "mass", "display": "Mass", "code": None}
    record = stored(tmp_path / "a.json", exclusive=False, findings=[twice, twice])

    with pytest.raises(DatasetError, match="share a name"):
        read_label_set(record)
