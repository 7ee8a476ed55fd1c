"""A key opens what its scopes say, until it expires or is revoked; the file holds no key."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plainfilm.errors import KeysError
from plainfilm.serve.keys import KeyFile, Scope


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys.json")


def test_a_key_opens_what_its_scopes_say(keys: KeyFile) -> None:
    key, kept = keys.add("ward 7", (Scope.READ, Scope.INFER))
    caller = keys.caller(key)
    assert caller is not None
    assert caller.id == f"key:{kept.id}"
    assert caller.scopes == {"read", "infer"}


def test_the_file_holds_no_key_and_is_the_owner_s_alone(keys: KeyFile, tmp_path: Path) -> None:
    key, _ = keys.add("ward 7", (Scope.READ,))
    text = (tmp_path / "keys.json").read_text()
    assert key not in text
    assert key.rpartition("_")[2] not in text
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0


def test_keys_differ_and_are_long(keys: KeyFile) -> None:
    made = {keys.add("a", (Scope.READ,))[0] for _ in range(20)}
    assert len(made) == 20
    assert all(re.fullmatch(r"pf_[0-9a-f]{12}_[\w-]{43}", key) for key in made)


@pytest.mark.parametrize("change", ["secret", "id", "end", "none", "unicode", "long"])
def test_no_other_text_opens(keys: KeyFile, change: str) -> None:
    key, kept = keys.add("a", (Scope.READ,))
    last = "A" if key[-1] != "A" else "B"
    wrong = {
        "secret": key[:-1] + last, "id": key.replace(kept.id, "0" * 12), "end": key + "\n",
        "none": "", "unicode": key[:-1] + "é", "long": key * 1000,
    }[change]  # fmt: skip
    assert keys.caller(wrong) is None


def test_a_key_expires(keys: KeyFile) -> None:
    key, _ = keys.add("a", (Scope.READ,), days=2)
    now = datetime.now(UTC)
    assert keys.caller(key, now + timedelta(days=1.9)) is not None
    assert keys.caller(key, now + timedelta(days=2.1)) is None


def test_a_revoked_key_counts_no_more_and_stays_in_the_file(keys: KeyFile) -> None:
    key, kept = keys.add("a", (Scope.READ,))
    other, _ = keys.add("b", (Scope.ADMIN,))
    assert keys.revoke(kept.id).revoked
    assert keys.caller(key) is None
    assert keys.caller(other) is not None
    assert set(keys.keys()) == {kept.id, *keys.keys()}
    with pytest.raises(KeysError, match="no key of this id"):
        keys.revoke("0" * 12)


def test_a_change_of_the_file_counts_at_once(keys: KeyFile, tmp_path: Path) -> None:
    key, kept = keys.add("a", (Scope.READ,))
    server = KeyFile(tmp_path / "keys.json")
    assert server.caller(key) is not None
    keys.revoke(kept.id)
    assert server.caller(key) is None


def test_without_a_file_no_key_opens(tmp_path: Path) -> None:
    assert KeyFile(tmp_path / "none.json").caller("pf_" + "0" * 12 + "_" + "A" * 43) is None


@pytest.mark.parametrize(
    ("name", "scopes"), [("", (Scope.READ,)), ("a\nb", (Scope.READ,)), ("a", ())]
)
def test_a_key_has_a_name_and_a_scope(keys: KeyFile, name: str, scopes: tuple[Scope, ...]) -> None:
    with pytest.raises(KeysError):
        keys.add(name, scopes)
    assert not keys.keys()


@pytest.mark.parametrize(
    "change",
    [
        {"scopes": ["root"]}, {"scopes": "read"}, {"sha256": "x"}, {"sha256": None},
        {"expires": "soon"}, {"expires": "2030-01-01T00:00:00"},
    ],
    ids=str,
)  # fmt: skip
def test_a_file_that_is_not_ours_is_refused_whole(
    keys: KeyFile, tmp_path: Path, change: dict[str, object]
) -> None:
    keys.add("a", (Scope.READ,))
    found = json.loads((tmp_path / "keys.json").read_text())
    found["keys"][0] |= change
    (tmp_path / "keys.json").write_text(json.dumps(found))
    with pytest.raises(KeysError, match=r"keys\.json"):
        KeyFile(tmp_path / "keys.json").keys()


def test_revoked_is_anything_but_a_clear_no(keys: KeyFile, tmp_path: Path) -> None:
    key, _ = keys.add("a", (Scope.READ,))
    found = json.loads((tmp_path / "keys.json").read_text())
    found["keys"][0]["revoked"] = 0
    (tmp_path / "keys.json").write_text(json.dumps(found))
    assert KeyFile(tmp_path / "keys.json").caller(key) is None


def test_a_wrong_secret_takes_as_long_as_an_unknown_id(keys: KeyFile) -> None:
    """Both compare a hash: neither is ten times the other."""
    key, kept = keys.add("a", (Scope.READ,))

    def seconds(wrong: str) -> float:
        began = time.process_time()
        for _ in range(2000):
            keys.caller(wrong)
        return time.process_time() - began

    known, unknown = seconds(key[:-2] + "zz"), seconds(key.replace(kept.id, "0" * 12))
    assert 0.1 < known / unknown < 10
