"""`scripts/rewrite_bundle.py` brings an older bundle up to date and leaves what was measured."""

import json
import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plainfilm.datasets.cache import Cache
from plainfilm.datasets.lookalikes import film_looks
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.seen import LOOKS_KEY, film_digests, listed
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


def test_the_looks_of_the_films_it_learned_from_are_added_and_no_others(
    script: dict[str, Any], tmp_path: Path
) -> None:
    """As an export would tell them; an answer stays what it was, bit for bit."""
    from tiny_training import write_prepared

    prepared = write_prepared(tmp_path / "prepared", n_train=4, n_val=2, size=32)
    others = write_prepared(tmp_path / "others", n_train=4, n_val=2, first=50, size=32)
    manifest, plain, path = Manifest.load(prepared), tiny_bundle(), tmp_path / "b.bundle"
    source = replace(
        plain.header.provenance,
        data_set=manifest.source,
        split_sha256=manifest.split_sha256,
        details=film_digests(manifest),
    )
    learned = replace(plain, header=replace(plain.header, provenance=source))
    learned.save(path)
    before = path.read_bytes()
    with pytest.raises(SystemExit, match=r"others is not what it learned from \(films' bytes: "):
        script["main"]([str(path), "--films", str(others)])
    plain.save(tmp_path / "plain.bundle")
    with pytest.raises(SystemExit, match="not what it learned from"):
        script["main"]([str(tmp_path / "plain.bundle"), "--films", str(prepared)])
    assert path.read_bytes() == before

    script["main"]([str(path), "--films", str(prepared)])

    new = Bundle.load(path)
    details = new.header.provenance.details
    assert details == source.details | film_looks(manifest, Cache.open(prepared).pixels)
    assert len(listed(details, LOOKS_KEY)) == 6
    assert (new.network, new.files["golden.npz"]) == (plain.network, plain.files["golden.npz"])
    assert replace(new.header, provenance=source) == learned.header
