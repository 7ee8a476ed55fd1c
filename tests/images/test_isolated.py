"""A codec that may end its process does so in one of its own."""

import runpy
import sys
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest
from pydicom.encaps import get_frame

from plainfilm.images import isolated
from plainfilm.images.isolated import DecoderFailed, decode_in_isolation

LOSSLESS = "1.2.840.10008.1.2.4.70"
# JPEG lossless, 2 x 2, 8 bits, predictor 1, every difference 0: all values 128.
FLAT = bytes.fromhex(
    "ffd8" "ffc3000b080002000201011100" "ffc40014000100000000000000000000000000000000"
    "ffda0008010100010000" "0f" "ffd9"
)  # fmt: skip


def test_a_frame_made_by_hand_is_decoded() -> None:
    assert decode_in_isolation(FLAT, LOSSLESS, (2, 2), 8)[:4] == b"\x80\x80\x80\x80"


def test_the_process_s_own_side_turns_input_to_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, watched from inside."""
    answer = BytesIO()
    monkeypatch.setattr(sys, "argv", ["isolated.py", LOSSLESS, "2", "2", "8"])
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=BytesIO(FLAT)))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=answer))
    runpy.run_path(isolated.__file__, run_name="__main__")
    assert answer.getvalue()[:4] == b"\x80\x80\x80\x80"


def test_a_real_lossless_frame_is_decoded_exactly(shared_data: Path) -> None:
    folder = shared_data / "dicom-samples" / "nema-wg04"
    frame = get_frame(pydicom.dcmread(folder / "RG2_JPLL.dcm").PixelData, 0, number_of_frames=1)
    samples = decode_in_isolation(frame, LOSSLESS, (2140, 1760), 10)
    expected = np.frombuffer(pydicom.dcmread(folder / "RG2_UNC.dcm").PixelData, "<u2")
    np.testing.assert_array_equal(np.frombuffer(samples, "<u2"), expected)


@pytest.mark.parametrize(
    "frame", [b"", b"\xff\xd8\xff\xd9", FLAT[:-20], FLAT[:20] + b"\xff\xff" + FLAT[22:]]
)
def test_a_damaged_frame_fails_and_this_process_lives(frame: bytes) -> None:
    with pytest.raises(DecoderFailed):
        decode_in_isolation(frame, LOSSLESS, (2, 2), 8)


def test_too_few_samples_fail() -> None:
    with pytest.raises(DecoderFailed):
        decode_in_isolation(FLAT, LOSSLESS, (2000, 2000), 8)


def test_a_decoder_that_takes_too_long_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "_TIMEOUT_S", 1e-6)
    with pytest.raises(DecoderFailed, match="no answer"):
        decode_in_isolation(FLAT, LOSSLESS, (2, 2), 8)
