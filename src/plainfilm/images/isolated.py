"""Decodes JPEG lossless and 12-bit JPEG in a process of its own, because the codec can end one.

GDCM is the only codec here for these two. On a damaged stream it does not always raise: it may
abort the whole process (measured: within a few dozen random byte changes). This file is both
sides: `decode_in_isolation`, and, run as a script, the process that decodes. It imports nothing of
plainfilm, so that the process starts in a tenth of a second.
"""

import subprocess
import sys
from pathlib import Path

_TIMEOUT_S = 60
# libjpeg writes this to the error stream when it fills in pixels it could not decode.
_MADE_UP_PIXELS = b"Corrupt JPEG data"


class DecoderFailed(Exception):
    """The codec gave up, died, took too long, or filled in what it could not decode."""


def decode_in_isolation(
    frame: bytes, transfer_syntax: str, shape: tuple[int, int], bits: int
) -> bytes:
    """The frame's samples, row by row: one byte each up to 8 bits, else two, little-endian.

    Raises
    ------
    DecoderFailed
        The frame did not come back, or not as it was written.
    """
    height, width = shape
    # -P keeps this file's folder off the module path, where its neighbours could shadow others.
    command = [sys.executable, "-P", str(Path(__file__).resolve())]
    command += [transfer_syntax, str(height), str(width), str(bits)]
    try:
        done = subprocess.run(
            command, input=frame, capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise DecoderFailed(f"no answer within {_TIMEOUT_S} s") from error
    if done.returncode != 0 or _MADE_UP_PIXELS in done.stderr:
        raise DecoderFailed(f"exit status {done.returncode}")
    return done.stdout


def _decode(frame: bytes, transfer_syntax: str, shape: tuple[int, int], bits: int) -> bytes:
    import gdcm  # here, and not above, so that only the isolated process ever loads it

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(frame)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((shape[1], shape[0], 1))
    image.SetDataElement(element)
    grey = gdcm.PhotometricInterpretation.GetPIType("MONOCHROME2")
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(grey))
    syntax = gdcm.TransferSyntax.GetTSType(transfer_syntax)
    image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    image.SetPixelFormat(gdcm.PixelFormat(1, 8 if bits <= 8 else 16, bits, bits - 1, 0))
    # GDCM hands bytes over as a str; None where it failed.
    samples: bytes = image.GetBuffer().encode("utf-8", "surrogateescape")
    return samples


def _main() -> None:
    transfer_syntax, height, width, bits = sys.argv[1:5]
    frame = sys.stdin.buffer.read()
    sys.stdout.buffer.write(_decode(frame, transfer_syntax, (int(height), int(width)), int(bits)))


if __name__ == "__main__":
    _main()
