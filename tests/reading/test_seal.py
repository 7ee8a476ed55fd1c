"""The seal of bundle.json notices every flip, and may stand anywhere in the file."""

import hashlib
import json

import pytest

from plainfilm.errors import CorruptBundle
from plainfilm.reading.seal import FIELD, OPEN, check_seal, seal

OPENED = json.dumps({FIELD: OPEN, "thresholds": {"pneumonia": 0.48}}).encode()


def check(content: bytes) -> None:
    check_seal(content, json.loads(content).get(FIELD), "bundle.json")


def test_a_sealed_file_states_its_own_sha_256_with_the_field_at_zero() -> None:
    sealed = seal(OPENED)

    assert json.loads(sealed)[FIELD] == hashlib.sha256(OPENED).hexdigest()
    assert seal(sealed) == sealed
    check(sealed)


def test_every_single_flip_that_is_still_json_is_noticed() -> None:
    sealed, n_tried = seal(OPENED), 0
    for place in range(8 * len(sealed)):
        flipped = bytearray(sealed)
        flipped[place // 8] ^= 1 << place % 8
        try:
            json.loads(flipped)
        except ValueError:
            continue
        n_tried += 1
        with pytest.raises(CorruptBundle, match=r"^bundle\.json\.own_sha256"):
            check(bytes(flipped))
    assert n_tried > 300


@pytest.mark.parametrize(
    "content",
    [
        {"a": 1},
        {FIELD: 1},
        {FIELD: "abc"},
        {FIELD: OPEN, "inner": {FIELD: OPEN}},
    ],
)
def test_a_file_without_one_seal_cannot_be_sealed_or_read(content: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"own_sha256: found \d times; expected 64"):
        seal(json.dumps(content).encode())
    with pytest.raises(CorruptBundle, match=r"bundle\.json\.own_sha256: found \d times"):
        check(json.dumps(content).encode())


def test_a_seal_deeper_inside_is_not_the_file_s() -> None:
    sealed = seal(json.dumps({"details": {FIELD: OPEN}}).encode())

    with pytest.raises(CorruptBundle, match="not the SHA-256 of this file"):
        check(sealed)
