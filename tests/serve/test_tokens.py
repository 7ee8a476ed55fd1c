"""A token of the issuer, for us, in time, opens; any other does not, however it is signed."""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from plainfilm.errors import KeysError
from plainfilm.serve.keys import Scope
from plainfilm.serve.tokens import OidcSettings, TokenReader

ISSUER, AUDIENCE = "https://login.example.org", "plainfilm"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def claims(**changes: object) -> dict[str, object]:
    whole = {"iss": ISSUER, "aud": AUDIENCE, "sub": "app-1", "exp": time.time() + 600}
    whole |= {"scope": "openid plainfilm:read plainfilm:infer"} | changes
    return {name: value for name, value in whole.items() if value is not None}


def token(
    key: object = RSA_KEY, algorithm: str = "RS256", kid: str = "r", **changes: object
) -> str:
    return jwt.encode(claims(**changes), key, algorithm, headers={"kid": kid})  # type: ignore[arg-type]


@pytest.fixture
def jwks(tmp_path: Path) -> Path:
    keys = []
    for kid, key in (("r", RSA_KEY), ("e", EC_KEY)):
        algorithm = jwt.algorithms.RSAAlgorithm if kid == "r" else jwt.algorithms.ECAlgorithm
        found = algorithm.to_jwk(key.public_key(), as_dict=True)  # type: ignore[arg-type]
        keys.append({**found, "kid": kid, "use": "sig"})
    secret = base64.urlsafe_b64encode(b"s" * 32).decode().rstrip("=")
    keys.append({"kty": "oct", "k": secret, "kid": "s", "alg": "HS256"})
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": keys}))
    return tmp_path / "jwks.json"


@pytest.fixture
def reader(jwks: Path) -> TokenReader:
    return TokenReader(OidcSettings(ISSUER, AUDIENCE, jwks))


def test_a_token_opens_what_its_scopes_say(reader: TokenReader) -> None:
    caller = reader.caller(token())
    assert caller is not None
    assert caller.id == "sub:app-1"
    assert caller.scopes == {Scope.READ, Scope.INFER}
    assert reader.caller(token(EC_KEY, "ES256", "e")) is not None


@pytest.mark.parametrize("scope", [None, "read", "plainfilm:root", ["plainfilm:read"], 3])
def test_a_scope_that_is_not_ours_opens_nothing(reader: TokenReader, scope: object) -> None:
    caller = reader.caller(token(scope=scope))
    assert caller is not None
    assert not caller.scopes


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example.org"}, {"iss": None}, {"aud": "another"}, {"aud": None},
        {"exp": time.time() - 60}, {"exp": None}, {"exp": "soon"}, {"nbf": time.time() + 86_400},
        {"sub": None}, {"iat": time.time() + 86_400},
    ],
    ids=[
        "issuer", "no issuer", "audience", "no audience", "expired", "no expiry", "no date",
        "not yet", "no subject", "issued later",
    ],
)  # fmt: skip
def test_a_token_that_says_otherwise_does_not_open(
    reader: TokenReader, changes: dict[str, object]
) -> None:
    assert reader.caller(token(**changes)) is None


def part(content: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def forged(head: dict[str, object], secret: bytes = b"") -> str:
    text = f"{part(head)}.{part(claims())}"
    signature = hmac.new(secret, text.encode(), hashlib.sha256).digest() if secret else b""
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


@pytest.mark.parametrize("name", ["none", "None", "NONE", ""])
def test_an_unsigned_token_does_not_open(reader: TokenReader, name: str) -> None:
    assert reader.caller(forged({"alg": name, "kid": "r"})) is None


def test_a_public_key_is_no_shared_secret(reader: TokenReader) -> None:
    public = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert reader.caller(forged({"alg": "HS256", "kid": "r"}, public)) is None
    assert reader.caller(forged({"alg": "HS256", "kid": "s"}, b"s" * 32)) is None


def test_an_algorithm_that_is_not_allowed_does_not_open(jwks: Path) -> None:
    reader = TokenReader(OidcSettings(ISSUER, AUDIENCE, jwks, algorithms=("ES256",)))
    assert reader.caller(token()) is None
    with pytest.raises(KeysError):
        OidcSettings(ISSUER, AUDIENCE, jwks, algorithms=("HS256",))


def test_another_key_does_not_open(reader: TokenReader) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert reader.caller(token(stranger)) is None
    assert reader.caller(token(kid="unknown")) is None


def test_a_token_s_own_links_are_not_followed(reader: TokenReader) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    own = jwt.algorithms.RSAAlgorithm.to_jwk(stranger.public_key(), as_dict=True)
    for extra in ({"jku": "https://evil.example.org/jwks"}, {"jwk": own}, {"x5u": "https://e.org"}):
        head = {"kid": "r", **extra}
        found = jwt.encode(claims(), stranger, "RS256", headers=head)  # type: ignore[arg-type]
        assert reader.caller(found) is None


@pytest.mark.parametrize("text", ["", "a", "a.b.c", "." * 5000, "é", "x" * 10_000, "\0"])
def test_what_is_no_token_does_not_open(reader: TokenReader, text: str) -> None:
    assert reader.caller(text) is None


def test_a_new_key_of_the_issuer_is_found_after_a_while(jwks: Path) -> None:
    now = [0.0]
    reader = TokenReader(OidcSettings(ISSUER, AUDIENCE, jwks), clock=lambda: now[0])
    whole = jwks.read_text()
    jwks.write_text(json.dumps({"keys": json.loads(whole)["keys"][1:]}))
    assert reader.caller(token()) is None
    jwks.write_text(whole)
    assert reader.caller(token()) is None
    now[0] += 301
    assert reader.caller(token()) is not None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"keys": [{}]}', '{"keys": 3}'])
def test_keys_that_cannot_be_had_are_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "jwks.json").write_text(content)
    with pytest.raises(KeysError):
        TokenReader(OidcSettings(ISSUER, AUDIENCE, tmp_path / "jwks.json")).caller(token())
    with pytest.raises(KeysError):
        TokenReader(OidcSettings(ISSUER, AUDIENCE, "http://127.0.0.1:9/jwks")).caller(token())
