import json
import struct
from pathlib import Path

import pytest
import torch
from torch import Tensor

from plainfilm.networks.safetensors import (
    DTYPES,
    MAX_HEADER,
    parse_safetensors,
    read_safetensors,
    safetensors_bytes,
)
from state_files import write_safetensors


def test_tensors_come_back_as_they_were_written(tmp_path: Path) -> None:
    tensors = {
        "a.weight": torch.rand(3, 2, 1),
        "count": torch.tensor(7),
        "none": torch.zeros(0, 4),
        "half": torch.rand(5).half(),
        "brain": torch.rand(5).bfloat16(),
        "yes": torch.tensor([True, False]),
    }
    path = write_safetensors(tmp_path / "w.safetensors", tensors)

    found = read_safetensors(path)

    assert list(found) == list(tensors)
    for name, value in tensors.items():
        assert found[name].dtype == value.dtype
        assert torch.equal(found[name], value)


def test_s0_78_tensors_of_every_type_are_read_as_they_were_written() -> None:
    """S0-78: scalars, none at all, and those that lie otherwise in memory, too."""
    tensors = {
        "turned": torch.rand(3, 4).T,
        "count": torch.tensor(7),
        "none": torch.zeros(0, 4),
        **{name: torch.ones(2, dtype=dtype) for name, dtype in DTYPES.items()},
    }

    content = safetensors_bytes(tensors)

    found = parse_safetensors(content)
    assert found.keys() == tensors.keys()
    for name, value in tensors.items():
        assert found[name].dtype == value.dtype
        assert torch.equal(found[name], value)
    assert int.from_bytes(content[:8], "little") % 8 == 0


def test_the_makers_own_library_reads_what_is_written() -> None:
    theirs = pytest.importorskip("safetensors.torch")
    tensors = {"b": torch.rand(4, 3).T, "a": torch.arange(5), "c": torch.tensor([True])}

    found = theirs.load(safetensors_bytes(tensors))

    assert all(torch.equal(found[name], value) for name, value in tensors.items())


def test_what_is_read_can_be_written_to(tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "w.safetensors", {"a": torch.zeros(3)})

    found = read_safetensors(path)["a"]
    found += 1

    assert torch.equal(found, torch.ones(3))
    assert torch.equal(read_safetensors(path)["a"], torch.zeros(3))


def test_the_makers_own_library_writes_what_is_read(tmp_path: Path) -> None:
    theirs = pytest.importorskip("safetensors.torch")
    tensors = {"b": torch.rand(4, 3), "a": torch.arange(5)}
    theirs.save_file(tensors, tmp_path / "w.safetensors", metadata={"format": "pt"})

    found = read_safetensors(tmp_path / "w.safetensors")

    assert all(torch.equal(found[name], value) for name, value in tensors.items())


def raw(header: object, values: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + values


def entry(dtype: str = "F32", shape: object = (1,), place: object = (0, 4)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": place}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "no safetensors header"),
        (b"\x80\x02}q\x00.", "no safetensors header"),
        (raw({}, length=MAX_HEADER + 1), "no safetensors header"),
        (raw({}, length=50), "no safetensors header"),
        (raw(b"{not json"), "not JSON"),
        (raw(b"[" * 100_000), "not JSON"),
        (raw([1]), "no table"),
        (raw({"a": 3}), "a is of type None"),
        (raw({"a": entry("C64")}, bytes(4)), "a is of type C64"),
        (raw({"a": entry(shape=[-1])}, bytes(4)), "no shape"),
        (raw({"a": entry(shape=[True])}, bytes(4)), "no shape"),
        (raw({"a": entry(place=[0])}, bytes(4)), "no shape or no place"),
        (raw({"a": entry(place=[0, 8])}, bytes(8)), "do not fill"),
        (raw({"a": entry(place=[4, 0])}, bytes(4)), "not fill"),
        (raw({"a": entry()}, bytes(3)), "do not fill the file"),
        (raw({"a": entry()}, bytes(5)), "do not fill the file"),
        (raw({"a": entry(), "b": entry()}, bytes(4)), "do not fill the file"),
        (raw({"a": entry(place=[4, 8])}, bytes(8)), "do not fill the file"),
        (raw({"a": entry(place=[0, 4]), "b": entry(place=[8, 12])}, bytes(12)), "do not fill"),
    ],
)
def test_a_file_that_does_not_hold_together_is_refused(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)

    with pytest.raises(ValueError, match=expected):
        read_safetensors(path)


def test_a_huge_shape_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(raw({"a": entry(shape=[2**40, 2**40])}, bytes(4)))

    with pytest.raises(ValueError, match="not fill"):
        read_safetensors(path)


def test_scalars_have_no_sides(tmp_path: Path) -> None:
    found: dict[str, Tensor] = read_safetensors(
        write_safetensors(tmp_path / "w.safetensors", {"n": torch.tensor(2.5)})
    )
    assert found["n"].shape == ()
