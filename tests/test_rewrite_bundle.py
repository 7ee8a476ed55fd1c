"""`scripts/rewrite_bundle.py` brings an older bundle up to date and leaves what was measured."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from plainfilm.errors import CorruptBundle
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.container import write_zip
from plainfilm.reading.seal import FIELD
from tiny_bundle import tiny_bundle

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    pytest.importorskip("torch")
    return runpy.run_path(str(REPOSITORY / "scripts" / "rewrite_bundle.py"))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A measured bundle as it was written before there was a seal, with a card of its own."""
    files = dict(tiny_bundle().with_evaluation({"n_films": 3}, "# old").files)
    fields = json.loads(files["bundle.json"])
    del fields[FIELD]
    files["bundle.json"] = json.dumps(fields, indent=2).encode()
    path = tmp_path / "old.bundle"
    path.write_bytes(write_zip(files))
    return path


def test_a_bundle_without_a_seal_gets_one_and_the_rest_stays(
    script: dict[str, Any], old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CorruptBundle, match="own_sha256: found 0 times"):
        Bundle.load(old)

    script["main"]([str(old)])

    new, bundle = Bundle.load(old), tiny_bundle()
    assert (new.header, new.network) == (bundle.header, bundle.network)
    assert new.files["golden.npz"] == bundle.files["golden.npz"]
    assert new.evaluation == {"n_films": 3}
    assert new.card.startswith("# tiny 1.0.0\n")
    assert new.id.sha256 in capsys.readouterr().out


def test_an_up_to_date_bundle_is_written_as_it_was(script: dict[str, Any], old: Path) -> None:
    script["main"]([str(old)])
    first = old.read_bytes()

    script["main"]([str(old)])

    assert old.read_bytes() == first
