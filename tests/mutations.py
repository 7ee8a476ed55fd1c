"""Damaged copies of a file: cut off, bytes changed, lengths overwritten, parts of others put in."""

from collections.abc import Sequence

import numpy as np

LENGTHS = (0, 1, 2**15, 2**16 - 1, 2**24, 2**31 - 1, 2**32 - 16, 2**32 - 1)


def mutated(content: bytes, others: Sequence[bytes], chance: np.random.Generator) -> bytes:
    """One of four kinds of damage, by chance."""
    kind = chance.integers(4)
    if kind == 0:
        return content[: chance.integers(len(content))]
    changed = bytearray(content)
    reach = len(changed) if chance.random() < 0.5 else min(len(changed), 700)
    if kind == 1:
        for _ in range(chance.integers(1, 10)):
            changed[chance.integers(reach)] = chance.integers(256)
    elif kind == 2:
        order = "little" if chance.random() < 0.8 else "big"
        at = chance.integers(reach)
        changed[at : at + 4] = int(chance.choice(LENGTHS)).to_bytes(4, order)
    else:
        other = others[chance.integers(len(others))]
        start, length = chance.integers(len(other)), chance.integers(1, 200)
        at = chance.integers(reach)
        changed[at : at + length * chance.integers(2)] = other[start : start + length]
    return bytes(changed)
