"""Grey 12-bit JPEG frames (extended sequential), with restarts: no library here writes them."""

import struct

import numpy as np
from numpy.typing import NDArray

_STEP = 24  # of every coefficient's quantisation
_RESTART = 7  # blocks
_ZIGZAG = sorted(
    range(64),
    key=lambda i: (i // 8 + i % 8, i // 8 if (i // 8 + i % 8) % 2 else i % 8),
)
# Every symbol gets a code of 8 bits: its place in this list.
_SYMBOLS = [0x00, 0xF0] + [16 * run + size for run in range(16) for size in range(1, 15)]
_CODE = {symbol: code for code, symbol in enumerate(_SYMBOLS)}


def deep_jpeg(words: NDArray[np.integer]) -> bytes:
    """The frame of 12-bit `words` (H, W). ITU-T T.81, annexes A, B and F."""
    height, width = words.shape
    blocks = [_coefficients(block) for block in _blocks(words)]
    scan = b""
    for start in range(0, len(blocks), _RESTART):
        if start:
            scan += bytes([0xFF, 0xD0 + (start // _RESTART - 1) % 8])
        scan += _coded(blocks[start : start + _RESTART])
    segments = {
        0xDB: bytes([0, *[_STEP] * 64]),
        0xC1: struct.pack(">BHHBBBB", 12, height, width, 1, 1, 0x11, 0),
        0xC4: _table(0x00, 5, list(range(16))) + _table(0x10, 8, _SYMBOLS),
        0xDD: struct.pack(">H", _RESTART),
        0xDA: bytes([1, 1, 0, 0, 63, 0]),
    }
    written = b"".join(
        struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
        for marker, content in segments.items()
    )
    return b"\xff\xd8" + written + scan + b"\xff\xd9"


def _blocks(words: NDArray[np.integer]) -> list[NDArray[np.float64]]:
    height, width = words.shape
    padded = np.pad(words.astype(np.float64), ((0, -height % 8), (0, -width % 8)), mode="edge")
    return [
        padded[y : y + 8, x : x + 8]
        for y in range(0, padded.shape[0], 8)
        for x in range(0, padded.shape[1], 8)
    ]


def _coefficients(block: NDArray[np.float64]) -> list[int]:
    """Quantised coefficients in zigzag order."""
    k, n = np.mgrid[:8, :8]
    basis = np.cos((2 * n + 1) * k * np.pi / 16) / 2
    basis[0] /= np.sqrt(2)
    transformed = np.round(basis @ (block - 2048) @ basis.T / _STEP).astype(int).ravel()
    return [int(transformed[i]) for i in _ZIGZAG]


def _coded(blocks: list[list[int]]) -> bytes:
    code, level = "", 0
    for first, *others in blocks:
        size, low = _sized(first - level)
        code, level = f"{code}{size:05b}{low}", first
        while others and others[-1] == 0:
            others.pop()
        run = 0
        for value in others:
            if value == 0:
                run += 1
                continue
            code += f"{_CODE[0xF0]:08b}" * (run // 16)
            size, low = _sized(value)
            code += f"{_CODE[16 * (run % 16) + size]:08b}{low}"
            run = 0
        if len(others) < 63:
            code += f"{_CODE[0]:08b}"
    code += "1" * (-len(code) % 8)
    return int(code, 2).to_bytes(len(code) // 8, "big").replace(b"\xff", b"\xff\0")


def _sized(value: int) -> tuple[int, str]:
    """The size of a value, and its bits; a negative one less 1, so without a sign."""
    size = abs(value).bit_length()
    low = value if value >= 0 else value + (1 << size) - 1
    return size, f"{low:0{size}b}" if size else ""


def _table(head: int, length: int, symbols: list[int]) -> bytes:
    counts = [len(symbols) if place == length else 0 for place in range(1, 17)]
    return bytes([head, *counts, *symbols])
