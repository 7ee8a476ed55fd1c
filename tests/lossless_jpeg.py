"""JPEG lossless frames: no library here writes them that may share a process with the tests."""

import struct

import numpy as np
from numpy.typing import NDArray


def lossless_jpeg(words: NDArray[np.integer], bits: int, predictor: int = 1) -> bytes:
    """The frame of `words` (H, W), each predicted by its neighbours (selection value 1 to 7).

    ITU-T T.81, annex H. The plainest Huffman code there is: 5 bits for each of
    17 categories.
    """
    height, width = words.shape
    values = words.astype(np.int64)
    guess = np.empty_like(values)
    guess[0, 1:] = values[0, :-1]
    guess[1:, 0] = values[:-1, 0]
    guess[0, 0] = 1 << (bits - 1)
    left, above, corner = values[1:, :-1], values[:-1, 1:], values[:-1, :-1]
    guesses = (left, above, corner, left + above - corner, left + ((above - corner) >> 1))
    guesses += (above + ((left - corner) >> 1), (left + above) >> 1)
    guess[1:, 1:] = guesses[predictor - 1]
    code = "".join(_coded(int(difference)) for difference in (values - guess).ravel())
    code += "1" * (-len(code) % 8)
    scan = int(code, 2).to_bytes(len(code) // 8, "big").replace(b"\xff", b"\xff\0")
    frame = struct.pack(">BHHBBBB", bits, height, width, 1, 1, 0x11, 0)
    lengths = bytes([0, 0, 0, 0, 17, *[0] * 11])
    table = b"\0" + lengths + bytes(range(17))
    return b"".join(
        [
            b"\xff\xd8",
            _segment(0xC3, frame),
            _segment(0xC4, table),
            _segment(0xDA, bytes([1, 1, 0, predictor, 0, 0])),
            scan,
            b"\xff\xd9",
        ]
    )


def _coded(difference: int) -> str:
    """The category in 5 bits, then the difference; a negative one less 1, so without a sign."""
    category = abs(difference).bit_length()
    low = difference if difference >= 0 else difference + (1 << category) - 1
    return f"{category:05b}" + (f"{low:0{category}b}" if category else "")


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
