"""The seal of bundle.json: its own SHA-256, written in it.

bundle.json hashes every other file of a bundle; the field `own_sha256` hashes bundle.json, as its
bytes are with 64 zeros in place of the digits. So a flipped bit in a threshold is noticed. A seal
tells damage, not forgery: whoever alters the file on purpose can seal it again.
"""

import hashlib
import re

from plainfilm.errors import CorruptBundle

FIELD = "own_sha256"
OPEN = "0" * 64  # what the field holds while the rest is hashed

_PATTERN = re.compile(rf'"{FIELD}"\s*:\s*"([0-9a-f]{{64}})"'.encode())


def seal(content: bytes) -> bytes:
    """The JSON file with its own SHA-256 in the field, whatever digits stood there.

    Raises
    ------
    ValueError
        The field is not there exactly once.
    """
    _, start = _found(content)
    opened = _with(content, start, OPEN)
    return _with(content, start, hashlib.sha256(opened).hexdigest())


def check_seal(content: bytes, stated: object, place: str) -> None:
    """Refuse a JSON file that is not as it was sealed.

    Parameters
    ----------
    content
        The file's bytes.
    stated
        The field's value, as the file was parsed; None where it has none.
    place
        What the error calls the file.

    Raises
    ------
    CorruptBundle
        The field is not there once, or the file's SHA-256 is another.
    """
    try:
        digits, start = _found(content)
    except ValueError as error:
        raise CorruptBundle(f"{place}.{error}") from error
    if stated != digits or hashlib.sha256(_with(content, start, OPEN)).hexdigest() != digits:
        words = "not the SHA-256 of this file; it was damaged, or edited and not sealed again"
        raise CorruptBundle(f"{place}.{FIELD}: {words}")


def _found(content: bytes) -> tuple[str, int]:
    """The digits and where they begin."""
    matches = list(_PATTERN.finditer(content))
    if len(matches) != 1:
        raise ValueError(
            f"{FIELD}: found {len(matches)} times; expected 64 hexadecimal digits once"
        )
    return matches[0][1].decode(), matches[0].start(1)


def _with(content: bytes, start: int, digits: str) -> bytes:
    return content[:start] + digits.encode() + content[start + len(digits) :]
