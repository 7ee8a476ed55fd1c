"""OIDC bearer tokens: JSON Web Tokens that an issuer of the operator's choice has signed.

The issuer's public keys come from a file, or from the one URL that the operator gave; nothing in a
token is ever followed. Only asymmetric algorithms are taken, so that no public key can be passed
off as a shared secret, and no token goes unsigned.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from plainfilm.errors import KeysError
from plainfilm.serve.keys import Caller, Scope

if TYPE_CHECKING:  # imported with the first token: it takes a tenth of the server's start
    import jwt

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
_MAX_JWKS_BYTES = 2**20
_MAX_TOKEN = 8192
_FETCH_TIMEOUT_S = 5.0
_REFETCH_S = 300.0
_LEEWAY_S = 30.0


@dataclass(frozen=True)
class OidcSettings:
    """Whose tokens are taken.

    Parameters
    ----------
    issuer, audience
        What a token must say, letter by letter.
    jwks
        The issuer's public keys (a JWK set): a file, or an https URL.
    algorithms
        Some of `ALGORITHMS`.
    scope_prefix
        What stands before read, infer and admin in the token's `scope`.
    """

    issuer: str
    audience: str
    jwks: Path | str
    algorithms: tuple[str, ...] = ("RS256", "ES256")
    scope_prefix: str = "plainfilm:"

    def __post_init__(self) -> None:
        if not self.issuer or not self.audience or not self.algorithms:
            raise KeysError("OIDC needs an issuer, an audience and an algorithm")
        if not set(self.algorithms) <= set(ALGORITHMS):
            raise KeysError(f"algorithms: expected some of {', '.join(ALGORITHMS)}")


class TokenReader:
    """Tells whose token a token is."""

    def __init__(
        self, settings: OidcSettings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._fetched_at: float | None = None
        self._keys: Mapping[str | None, jwt.PyJWK] = {}

    def caller(self, token: str) -> Caller | None:
        """Who the token is for; None = it is not valid here and now. May fetch: it blocks.

        A valid token has a signature by one of the issuer's keys and an allowed algorithm, names
        issuer and audience, has not expired, and has a subject.

        Raises
        ------
        KeysError
            The issuer's keys cannot be had.
        """
        import jwt

        if len(token) > _MAX_TOKEN:
            return None
        try:
            head = jwt.get_unverified_header(token)
            key = self._key(head.get("kid"))
            if key is None or head.get("alg") not in self._settings.algorithms:
                return None
            claims = jwt.decode(
                token,
                key,
                algorithms=list(self._settings.algorithms),
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            return None
        return Caller(f"sub:{str(claims['sub'])[:64]}", self._scopes(claims.get("scope")))

    def _scopes(self, found: object) -> frozenset[Scope]:
        words = found.split() if isinstance(found, str) else []
        prefix = self._settings.scope_prefix
        return frozenset(scope for scope in Scope if f"{prefix}{scope}" in words)

    def _key(self, kid: object) -> "jwt.PyJWK | None":
        """The issuer's key of this id; fetched again where it is unknown, but not too often."""
        name = kid if isinstance(kid, str) else None
        now = self._clock()
        is_old = self._fetched_at is None or now - self._fetched_at > _REFETCH_S
        if is_old and name not in self._keys:
            self._keys, self._fetched_at = _jwks(self._settings.jwks), now
        return self._keys.get(name)


def _jwks(place: Path | str) -> "Mapping[str | None, jwt.PyJWK]":
    """The public signing keys of a set, by id; symmetric ones are left out."""
    import jwt

    try:
        content = _fetched(place) if isinstance(place, str) and "://" in place else _read(place)
        found = jwt.PyJWKSet.from_dict(json.loads(content))
    except (OSError, ValueError, TypeError, AttributeError, jwt.PyJWTError) as error:
        raise KeysError(
            f"the issuer's keys cannot be had ({type(error).__name__}); check the JWKS"
        ) from error
    return {key.key_id: key for key in found.keys if key.key_type != "oct"}


def _read(place: Path | str) -> bytes:
    with Path(place).open("rb") as file:
        return file.read(_MAX_JWKS_BYTES)


def _fetched(url: str) -> bytes:
    import urllib.request

    if not url.startswith("https://"):
        raise ValueError("expected https")
    with urllib.request.urlopen(url, timeout=_FETCH_TIMEOUT_S) as answer:
        content: bytes = answer.read(_MAX_JWKS_BYTES)
    return content
