import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from drawn_hub import hub
from plainfilm.errors import MissingExtra, RunError
from plainfilm.networks.hub import fetch, parse

ADDRESS = "hub:someone/densenet121/folder/model.safetensors"


def hub_of(folder: Path) -> ModuleType:
    """A hub whose files lie in a folder, under the library's name."""
    module = ModuleType("huggingface_hub")

    def hf_hub_download(repository: str, file: str, *, revision: str | None = None) -> str:
        path = folder / repository / (revision or "main") / file
        if not path.exists():
            raise FileNotFoundError(f"{file} is not there\nand more lines")
        return str(path)

    module.hf_hub_download = hf_hub_download  # type: ignore[attr-defined]
    return module


def test_an_address_has_an_owner_a_name_a_file_and_maybe_a_revision() -> None:
    assert parse(ADDRESS) == ("someone/densenet121", "folder/model.safetensors", None)
    assert parse(f"{ADDRESS}@v1.0") == ("someone/densenet121", "folder/model.safetensors", "v1.0")


@pytest.mark.parametrize("address", ["hub:", "hub:a/b", "hub:a//c.pt", "hub:/b/c.pt", "a/b/c.pt"])
def test_another_address_is_refused(address: str) -> None:
    with pytest.raises(RunError, match="expected hub:OWNER/NAME/FILE"):
        parse(address)


def test_a_file_is_fetched_in_the_revision_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub_of(tmp_path))
    path = tmp_path / "someone" / "densenet121" / "v1.0" / "folder" / "model.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")

    assert fetch(f"{ADDRESS}@v1.0").read_bytes() == b"weights"
    with pytest.raises(RunError, match=r"model\.safetensors cannot be had \(.* is not there\)\.$"):
        fetch(ADDRESS)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)

    with pytest.raises(MissingExtra, match=r"pip install 'plainfilm\[hub\]'"):
        fetch(ADDRESS)


FETCHES = """
import sys
from plainfilm.errors import RunError
from plainfilm.networks.hub import fetch
for address in sys.argv[1:]:
    try:
        print(fetch(address).read_text())
    except RunError as error:
        print(error)
"""


@pytest.mark.slow
def test_the_hub_s_own_library_fetches_from_a_hub(tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub")
    addresses = [f"{ADDRESS}@main", f"{ADDRESS}@v9", "hub:someone/none/w.pt"]
    with hub() as site:
        site.files["someone/densenet121"] = {"folder/model.safetensors": b"weights"}
        told = {**os.environ, "HF_ENDPOINT": site.url, "HF_HOME": str(tmp_path)}
        program = [sys.executable, "-c", FETCHES, *addresses]
        printed = subprocess.check_output(program, env=told, text=True, timeout=60)

    weights, *refusals = printed.splitlines()
    assert weights == "weights"
    for address, refusal in zip(addresses[1:], refusals, strict=True):
        assert refusal.startswith(f"network.init: {address} cannot be had (404")
