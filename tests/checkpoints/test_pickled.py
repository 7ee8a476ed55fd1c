"""Torch's files, made by torch itself in both of its formats; and files made to do harm."""

import collections
import io
import os
import pickle
import pickletools
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from plainfilm.checkpoints.pickled import read_pickled
from plainfilm.checkpoints.unpickling import Refused
from plainfilm.networks.safetensors import parse_safetensors

FORMATS = pytest.mark.parametrize("as_zip", [True, False], ids=["zip", "old"])


def saved(path: Path, content: object, *, as_zip: bool = True) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=as_zip)
    return path


def read(path: Path) -> dict[str, Tensor]:
    return parse_safetensors(read_pickled(path))


@FORMATS
def test_every_kind_of_number_comes_back(tmp_path: Path, as_zip: bool) -> None:
    kinds = (torch.float64, torch.float32, torch.float16, torch.int64, torch.int32, torch.int16)
    state = {str(kind): torch.arange(6).reshape(2, 3).to(kind) for kind in (*kinds, torch.uint8)}
    state["bool"] = torch.tensor([True, False])
    state["empty"], state["scalar"] = torch.zeros(0, 3), torch.tensor(5)

    torch.testing.assert_close(read(saved(tmp_path / "w.pt", state, as_zip=as_zip)), state)


@FORMATS
def test_brain_floats_come_back_as_float32(tmp_path: Path, as_zip: bool) -> None:
    values = torch.tensor([1.5, -2.0, 3e30]).to(torch.bfloat16)

    found = read(saved(tmp_path / "w.pt", {"w": values}, as_zip=as_zip))

    torch.testing.assert_close(found["w"], values.to(torch.float32), rtol=0, atol=0)


@FORMATS
def test_views_of_one_storage_come_back_as_they_were(tmp_path: Path, as_zip: bool) -> None:
    whole = torch.arange(24.0).reshape(4, 6)
    state = {"t": whole.t(), "part": whole[1:3, 2:4], "row": whole[0].expand(3, 6)}

    torch.testing.assert_close(read(saved(tmp_path / "w.pt", state, as_zip=as_zip)), state)


@pytest.mark.parametrize("part", ["state_dict", "model_state_dict", "model", "net"])
def test_of_a_checkpoint_only_the_weights_are_taken(tmp_path: Path, part: str) -> None:
    layer = nn.Linear(2, 2)
    adam = torch.optim.Adam(layer.parameters())
    content = {
        "epoch": 3, "best_loss": np.float64(0.2), "optimizer": adam.state_dict(),
        part: layer.state_dict(), "size": torch.Size([2]), "seen": {1, 2},
    }  # fmt: skip

    found = read(saved(tmp_path / "w.tar", content, as_zip=part == "net"))

    torch.testing.assert_close(found, dict(layer.state_dict()))


@FORMATS
def test_a_whole_network_gives_its_state_dict(tmp_path: Path, as_zip: bool) -> None:
    layers = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.BatchNorm2d(2), nn.Flatten())

    found = read(saved(tmp_path / "w.pt", nn.DataParallel(layers), as_zip=as_zip))

    expected = {f"module.{key}": value for key, value in layers.state_dict().items()}
    torch.testing.assert_close(found, expected)


def test_of_what_fast_ai_saves_its_optimiser_s_rates_are_let_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, rates = ModuleType("fastcore"), type("L", (), {"__module__": "fastcore.foundation"})
    package.L = rates  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fastcore", package)
    monkeypatch.setitem(sys.modules, "fastcore.foundation", package)
    kept = rates()
    kept.items = [{"lr": 1e-3, "mom": 0.9}]
    layer = nn.Linear(2, 2)

    content = {"model": layer.state_dict(), "opt": {"state": [], "hypers": kept}}
    found = read(saved(tmp_path / "learned.pth", content))

    torch.testing.assert_close(found, dict(layer.state_dict()))


class _Calls:
    """Pickles as a call of a function."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call


HARM = {
    "a shell": _Calls(os.system, "touch harm"),
    "a process": _Calls(subprocess.check_output, ["touch", "harm"]),
    "evaluation": _Calls(eval, "open('harm', 'w')"),
    "a file": _Calls(open, "harm", "w"),
    "an import": _Calls(__import__, "antigravity"),
    "torch's own loader": _Calls(torch.load, "w.pt"),
    "a hub": _Calls(torch.hub.load, "someone/something", "anything"),
    "an attribute": _Calls(getattr, collections.OrderedDict, "fromkeys"),
    "bytes built by name": _Calls(bytearray, 10),
    "a pickle in a pickle": _Calls(pickle.loads, b"N."),
}


@pytest.mark.parametrize("harm", HARM.values(), ids=HARM.keys())
def test_what_might_be_code_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: object
) -> None:
    monkeypatch.chdir(tmp_path)
    path = saved(tmp_path / "w.pt", {"w": torch.zeros(1), "x": harm})

    with pytest.raises(Refused, match=r"it names [\w.]+, which might be code"):
        read_pickled(path)
    assert not Path("harm").exists()


def zipped(path: Path, program: bytes, **storages: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("w/data.pkl", program)
        for key, content in storages.items():
            archive.writestr(f"w/data/{key.removeprefix('s')}", content)
    return path


def tensor_program(*, offset: int = 0, shape: tuple[int, ...] = (2,), numel: int = 2) -> bytes:
    """A pickle of one tensor of float32, with what it says of itself."""

    class Storage:
        pass

    class Writer(pickle.Pickler):
        def persistent_id(self, thing: object) -> object:
            if isinstance(thing, Storage):
                return ("storage", torch.FloatStorage, "0", "cpu", numel)
            return None

    step = tuple(1 for _ in shape)
    call = _Calls(torch._utils._rebuild_tensor_v2, Storage(), offset, shape, step, False, {})
    written = io.BytesIO()
    Writer(written, protocol=2).dump({"w": call})
    return written.getvalue()


def test_the_program_of_these_tests_reads_where_it_tells_the_truth(tmp_path: Path) -> None:
    path = zipped(tmp_path / "w.pt", tensor_program(), s0=np.float32([1, 2]).tobytes())

    torch.testing.assert_close(read(path)["w"], torch.tensor([1.0, 2.0]))


@pytest.mark.parametrize(
    ("lie", "told"),
    [
        ({"shape": (3,)}, "reaches beyond its storage"),
        ({"offset": 1}, "reaches beyond its storage"),
        ({"offset": -1}, "impossible shape"),
        ({"shape": (-2,)}, "impossible shape"),
        ({"numel": 3}, "shorter than it says"),
        ({"numel": 2**40}, "too large"),
        ({"shape": (2**31, 0)}, None),
    ],
)
def test_a_tensor_that_lies_of_its_values_is_refused(
    tmp_path: Path, lie: dict[str, object], told: str | None
) -> None:
    program = tensor_program(**lie)  # type: ignore[arg-type]
    path = zipped(tmp_path / "w.pt", program, s0=np.float32([1, 2]).tobytes())

    if told is None:  # nothing in it, however wide
        assert read(path)["w"].numel() == 0
        return
    with pytest.raises(Refused, match=told):
        read_pickled(path)


def test_a_pickle_that_grows_without_end_is_stopped(tmp_path: Path) -> None:
    # A list of a list of …, each ten times the one before: 10 ** 12 references.
    program = b"\x80\x02]q\x00" + b"".join(
        b"(" + b"h" + bytes([i]) * 1 + (b"h" + bytes([i])) * 9 + b"lq" + bytes([i + 1])
        for i in range(12)
    ) + b"."  # fmt: skip
    assert sum(1 for _ in pickletools.genops(program)) > 100

    with pytest.raises(Refused, match="holds no tensors by name"):
        read_pickled(zipped(tmp_path / "w.pt", program))


def test_a_zip_that_unpacks_to_more_than_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("w/data.pkl", tensor_program(numel=2**20))
        with archive.open("w/data/0", "w", force_zip64=True) as file:
            for _ in range(4):
                file.write(bytes(2**20))
    content = bytearray(path.read_bytes())
    lie = (2**32 - 2).to_bytes(4, "little")  # the central directory's word for the size
    place = content.rindex(b"PK\x01\x02")
    content[place + 24 : place + 28] = lie
    path.write_bytes(content)

    with pytest.raises(Refused):
        read_pickled(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "damaged"),
        (b"PK\x05\x06" + bytes(18), "not one that torch.save wrote"),
        (pickle.dumps({"w": 1}), "not a file that torch.save wrote"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "no storage"),
        (b"\x80\x02.", "damaged"),
        (b"\x80\x02" + b"(" * 100_000 + b".", "damaged"),
    ],
)
def test_a_file_of_another_kind_is_one_clear_line(
    tmp_path: Path, content: bytes, told: str
) -> None:
    path = tmp_path / "w.pt"
    path.write_bytes(content)

    with pytest.raises(Refused, match=told):
        read_pickled(path)


@FORMATS
def test_wherever_it_is_cut_off_it_is_refused(tmp_path: Path, as_zip: bool) -> None:
    whole = saved(tmp_path / "w.pt", {"w": torch.arange(50.0)}, as_zip=as_zip).read_bytes()
    for share in (0.1, 0.5, 0.9, 0.99):
        path = tmp_path / "cut.pt"
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(Refused):
            read_pickled(path)
