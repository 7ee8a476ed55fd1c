"""API keys: made, shown once, kept as hashes in one JSON file, asked for on every request.

A key is `pf_ID_SECRET`: the id names it in logs and lists, the secret has 256 random bits. The file
keeps the SHA-256 of the whole key. A slow hash would add nothing: it protects what people can
guess, and nobody guesses 256 bits.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from plainfilm.errors import KeysError
from plainfilm.whole_files import write_whole

FORMAT = "plainfilm.keys/1"
_KEY = re.compile(r"pf_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}")
_NOBODY = hashlib.sha256(b"").hexdigest()


class Scope(StrEnum):
    """What a caller may do."""

    READ = "read"
    """Send films to be read, and see what is served."""
    INFER = "infer"
    """Send tensors to the graphs."""
    ADMIN = "admin"
    """Load, move and drop versions, and see the metrics."""
    METRICS = "metrics"
    """See the metrics alone: for a monitor, which should not be able to load anything."""


@dataclass(frozen=True)
class ApiKey:
    """A key as the file keeps it: never the key itself.

    Parameters
    ----------
    id
        Twelve hexadecimal digits; what logs call the caller.
    name
        What an operator calls the caller: a program or a place, not a patient.
    sha256
        Of the whole key, in hexadecimal.
    scopes
        At least one.
    created, expires
        ISO 8601, UTC; `expires` None = never.
    revoked
        Whether it counts no more.
    """

    id: str
    name: str
    sha256: str
    scopes: tuple[Scope, ...]
    created: str
    expires: str | None = None
    revoked: bool = False

    def counts(self, now: datetime) -> bool:
        """Whether the key is neither revoked nor past its time."""
        is_late = self.expires is not None and now >= datetime.fromisoformat(self.expires)
        return not (self.revoked or is_late)


@dataclass(frozen=True)
class Caller:
    """Who a request is from: an id for logs, and what it may do."""

    id: str
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        """Whether it may do this; administrators see the metrics too."""
        return scope in self.scopes or (scope is Scope.METRICS and Scope.ADMIN in self.scopes)


class KeyFile:
    """The keys in a JSON file; a change of the file counts from the next request on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._keys: Mapping[str, ApiKey] = {}

    def keys(self) -> Mapping[str, ApiKey]:
        """All keys by id; none where there is no file.

        Raises
        ------
        KeysError
            The file cannot be read or is none of ours.
        """
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return {}
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp != self._stamp:
            self._keys, self._stamp = _parsed(self._path), stamp
        return self._keys

    def caller(self, key: str, now: datetime | None = None) -> Caller | None:
        """Whose key this is; None = nobody's, or it counts no more."""
        match = _KEY.fullmatch(key)
        known = self.keys().get(match[1]) if match else None
        # Compared whether or not the id is known, in a time that tells nothing of the secret.
        kept = _NOBODY if known is None else known.sha256
        is_same = hmac.compare_digest(_sha256(key), kept)
        if known is None or not is_same or not known.counts(now or datetime.now(UTC)):
            return None
        return Caller(f"key:{known.id}", frozenset(known.scopes))

    def add(
        self, name: str, scopes: tuple[Scope, ...], *, days: float | None = None
    ) -> tuple[str, ApiKey]:
        """A new key, to be shown once, and what the file keeps of it.

        Parameters
        ----------
        days
            After which it counts no more; None = never.

        Raises
        ------
        KeysError
            The name is not one, or there is no scope, or the file cannot be written.
        """
        if not _NAME.fullmatch(name) or not scopes:
            raise KeysError(
                f"a key needs a name of 1 to 64 letters, digits and . _ @ -, and a scope: found "
                f"{name!r} and {len(scopes)} scopes"
            )
        key_id, now = secrets.token_hex(6), datetime.now(UTC).replace(microsecond=0)
        key = f"pf_{key_id}_{secrets.token_urlsafe(32)}"
        expires = None if days is None else (now + timedelta(days=days)).isoformat()
        kept = ApiKey(key_id, name, _sha256(key), tuple(scopes), now.isoformat(), expires)
        self._write({**self.keys(), key_id: kept})
        return key, kept

    def revoke(self, key_id: str) -> ApiKey:
        """The key, which counts no more; it stays in the file, so that logs can be understood.

        Raises
        ------
        KeysError
            There is no such key.
        """
        keys = dict(self.keys())
        if key_id not in keys:
            raise KeysError(f"no key of this id; there are {', '.join(keys) or 'none'}")
        old = keys[key_id]
        keys[key_id] = ApiKey(
            old.id, old.name, old.sha256, old.scopes, old.created, old.expires, revoked=True
        )
        self._write(keys)
        return keys[key_id]

    def _write(self, keys: Mapping[str, ApiKey]) -> None:
        content = {"format": FORMAT, "keys": [asdict(key) for key in keys.values()]}
        try:
            write_whole(self._path, json.dumps(content, indent=2).encode() + b"\n")
            self._path.chmod(0o600)
        except OSError as error:
            raise KeysError(f"{self._path.name}: cannot be written ({error.strerror})") from error


def _parsed(path: Path) -> Mapping[str, ApiKey]:
    try:
        found = json.loads(path.read_bytes())
        if found["format"] != FORMAT:
            raise ValueError("another format")
        keys = [_key(each) for each in found["keys"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KeysError(
            f"{path.name}: not a file of keys ({type(error).__name__}); expected {FORMAT}, as "
            "plainfilm keys writes it"
        ) from error
    return {key.id: key for key in keys}


def _key(found: Mapping[str, object]) -> ApiKey:
    scopes = found["scopes"]
    if not isinstance(scopes, list) or not re.fullmatch(r"[0-9a-f]{64}", str(found["sha256"])):
        raise TypeError("scopes")
    expires = found["expires"]
    if expires is not None and datetime.fromisoformat(str(expires)).tzinfo is None:
        raise ValueError("a time without its zone")
    return ApiKey(
        id=str(found["id"]),
        name=str(found["name"]),
        sha256=str(found["sha256"]),
        scopes=tuple(Scope(each) for each in scopes),
        created=str(found["created"]),
        expires=None if expires is None else str(expires),
        revoked=found["revoked"] is not False,  # anything but a clear no
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", errors="replace")).hexdigest()
