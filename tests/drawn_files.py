"""Small drawn films in every kind of file that is read or refused: what the golden vectors hold."""

import json
import struct
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import jpeg_ls
import numpy as np
import openjpeg.utils
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataelem import DataElement
from pydicom.pixels.encoders.base import get_encoder
from pydicom.uid import (
    JPEG2000,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from deep_jpeg import deep_jpeg
from dicoms import dicom_file, sequence_item, without_meta, without_preamble
from lossless_jpeg import lossless_jpeg
from phantoms import phantom
from pngs import png_file

GOLDEN = Path(__file__).resolve().parent / "golden" / "displayed-pixels.json"

Film = NDArray[np.integer]
Cases = Iterator[tuple[str, bytes]]

DRAWING = phantom(size=(40, 32))
FILM8 = np.round(DRAWING * 255).astype(np.uint8)
SMALL = FILM8[:9, :9]
FILM12 = np.round(DRAWING * 4095).astype(np.uint16)
CUT12 = FILM12[:21, :13]
FILM16 = np.round(DRAWING * 65535).astype(np.uint16)
GREY3 = np.repeat(FILM8[..., np.newaxis], 3, axis=2)
TINTED = np.clip(GREY3 + np.array([0, 4, 12]), 0, 255).astype(np.uint8)
ALPHA = np.linspace(0, 255, FILM8.size).reshape(FILM8.shape).astype(np.uint8)
FACTS = {
    "ViewPosition": "PA",
    "PatientAge": "054Y",
    "BodyPartExamined": "CHEST",
    "PixelSpacing": [0.14, 0.15],
    "ImageLaterality": "L",
}
WINDOW = {"BitsStored": 12, "WindowCenter": 2000, "WindowWidth": 3000}


def marked(share: float) -> NDArray[np.uint8]:
    """The film in colour, with a red mark on this share of it."""
    picture = GREY3.copy()
    picture[: round(40 * share)] = [255, 0, 0]
    return picture


def exif(orientation: int) -> bytes:
    return b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x0112, 3, 1, orientation, 0)


def jpeg(picture: NDArray[np.uint8], **options: Any) -> bytes:
    file = BytesIO()
    Image.fromarray(picture).save(file, "JPEG", **{"quality": 90, **options})
    return file.getvalue()


def rle(words: Film) -> bytes:
    return get_encoder(RLELossless).encode(
        words, index=None, rows=words.shape[0], columns=words.shape[1], samples_per_pixel=1,
        photometric_interpretation="MONOCHROME2", bits_allocated=8 * words.itemsize,
        bits_stored=8 * words.itemsize, number_of_frames=1, pixel_representation=0,
    )  # fmt: skip


def png_cases() -> Cases:
    for depth in (1, 2, 4, 8):
        yield f"PNG grey {depth} bits", png_file(FILM8 >> (8 - depth), depth=depth)
    yield "PNG grey 16 bits", png_file(FILM16, depth=16)
    yield "PNG grey 16 bits, 12 used", png_file(FILM12, depth=16)
    key = struct.pack(">H", int(FILM16[20, 20]))
    yield "PNG grey 16 bits, one see-through", png_file(FILM16, depth=16, chunks={b"tRNS": key})
    key = struct.pack(">H", int(FILM8[20, 20]))
    yield "PNG grey 8 bits, one see-through", png_file(FILM8, chunks={b"tRNS": key})
    for depth in (4, 8):
        levels = np.linspace(0, 255, 1 << depth).astype(np.uint8)
        chunks = {b"PLTE": np.repeat(levels, 3).tobytes()}
        picture = FILM8 >> (8 - depth)
        yield f"PNG palette {depth} bits", png_file(picture, colour=3, depth=depth, chunks=chunks)
        chunks |= {b"tRNS": bytes([0, 128, 255, 200])}
        yield (
            f"PNG palette {depth} bits, see-through",
            png_file(picture, colour=3, depth=depth, chunks=chunks),
        )
    yield "PNG grey and alpha", png_file(np.dstack([FILM8, ALPHA]), colour=4)
    deep = np.dstack([FILM16, ALPHA.astype(np.uint16) * 257])
    yield "PNG grey and alpha, 16 bits", png_file(deep, colour=4, depth=16)
    yield "PNG colours", png_file(TINTED, colour=2)
    key = np.array(TINTED[20, 20], dtype=">u2").tobytes()
    yield "PNG colours, one see-through", png_file(TINTED, colour=2, chunks={b"tRNS": key})
    yield "PNG colours, 16 bits", png_file(np.dstack([FILM16] * 3), colour=2, depth=16)
    yield "PNG colours and alpha", png_file(np.dstack([TINTED, ALPHA]), colour=6)
    deep = np.dstack([FILM16, FILM16, FILM16, ALPHA.astype(np.uint16) * 257])
    yield "PNG colours and alpha, 16 bits", png_file(deep, colour=6, depth=16)
    yield "PNG interlaced", png_file(FILM8, interlaced=True)
    yield "PNG interlaced, 1 bit", png_file(FILM8 >> 7, depth=1, interlaced=True)
    yield "PNG interlaced, 16 bits", png_file(FILM16, depth=16, interlaced=True)
    yield "PNG interlaced, 3 x 2", png_file(FILM8[:2, :3], interlaced=True)
    yield "PNG with a red mark", png_file(marked(0.05), colour=2)
    yield "PNG too red", png_file(marked(0.2), colour=2)
    file = BytesIO()
    Image.fromarray(SMALL).save(
        file, "PNG", save_all=True, append_images=[Image.fromarray(255 - SMALL)]
    )
    yield "PNG animated", file.getvalue()
    yield "PNG cut off", png_file(FILM8)[:600]
    yield "PNG of 20,001 rows", png_file(np.zeros((20_001, 1), dtype=np.uint8))
    for orientation in range(1, 9):
        chunks = {b"eXIf": exif(orientation)}
        yield f"PNG, orientation {orientation}", png_file(FILM8[:9, :7], chunks=chunks)
    packet = b"XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation='1' tiff:Orientation=\"6\"/>"
    yield "PNG, orientation in XMP", png_file(FILM8[:9, :7], chunks={b"iTXt": packet})


def jpeg_cases() -> Cases:
    yield "JPEG grey", jpeg(FILM8)
    yield "JPEG grey, quality 20", jpeg(FILM8, quality=20)
    yield "JPEG progressive", jpeg(FILM8, progressive=True)
    yield "JPEG with restarts", jpeg(FILM8, restart_marker_blocks=3)
    for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
        yield f"JPEG colours {subsampling}", jpeg(TINTED[:37, :29], subsampling=subsampling)
    yield "JPEG colours, progressive", jpeg(TINTED, progressive=True)
    yield "JPEG colours, not transformed", jpeg(TINTED, keep_rgb=True)
    for orientation in (3, 6, 8):
        yield (
            f"JPEG, orientation {orientation}",
            jpeg(FILM8[:, :24], exif=b"Exif\0\0" + exif(orientation)),
        )
    yield "JPEG too red", jpeg(marked(0.5))
    yield "JPEG cut off", jpeg(FILM8)[:-100]


def syntax_cases() -> Cases:
    for name, syntax in {
        "implicit": ImplicitVRLittleEndian,
        "explicit": ExplicitVRLittleEndian,
        "big-endian": ExplicitVRBigEndian,
        "deflated": DeflatedExplicitVRLittleEndian,
    }.items():
        yield f"DICOM {name}, 8 bits", dicom_file(FILM8[:, :31], syntax=syntax, **FACTS)
        yield f"DICOM {name}, 12 bits", dicom_file(FILM12, syntax=syntax, **WINDOW, **FACTS)
    signed = FILM12.astype(np.int32) - 2048
    frames = [
        ("RLE, 8 bits", RLELossless, FILM8, rle(FILM8)),
        ("RLE, 12 bits", RLELossless, FILM12, rle(FILM12)),
        ("JPEG, 8 bits", JPEGBaseline8Bit, FILM8, jpeg(FILM8)),
        ("JPEG, 12 bits", JPEGExtended12Bit, FILM12, deep_jpeg(FILM12)),
        ("JPEG, 12 bits, no whole blocks", JPEGExtended12Bit, CUT12, deep_jpeg(CUT12)),
        ("JPEG lossless, 8 bits", JPEGLosslessSV1, FILM8, lossless_jpeg(FILM8, 8)),
        ("JPEG lossless, 12 bits", JPEGLosslessSV1, FILM12, lossless_jpeg(FILM12, 12)),
        ("JPEG-LS, 8 bits", JPEGLSLossless, FILM8, jpeg_ls.encode_array(FILM8)),
        ("JPEG-LS, 12 bits", JPEGLSLossless, FILM12, jpeg_ls.encode_array(FILM12)),
        ("JPEG-LS, lossy", JPEGLSNearLossless, FILM12, jpeg_ls.encode_array(FILM12, lossy_error=9)),
        ("JPEG 2000, 8 bits", JPEG2000Lossless, FILM8, openjpeg.utils.encode_array(FILM8)),
        ("JPEG 2000, 12 bits", JPEG2000Lossless, FILM12,
         openjpeg.utils.encode_array(FILM12, bits_stored=12)),
        ("JPEG 2000, a JP2 file", JPEG2000Lossless, FILM12,
         openjpeg.utils.encode_array(FILM12, bits_stored=12, codec_format=1)),
        ("JPEG 2000, lossy", JPEG2000, FILM8,
         openjpeg.utils.encode_array(FILM8, compression_ratios=[4])),
    ]  # fmt: skip
    frames += [
        (f"JPEG lossless, predictor {number}", JPEGLossless, CUT12,
         lossless_jpeg(CUT12, 12, number))
        for number in range(2, 8)
    ]  # fmt: skip
    for name, syntax, words, frame in frames:
        extra = {} if words is FILM8 else WINDOW
        yield f"DICOM {name}", dicom_file(words, syntax=syntax, frame=bytes(frame), **extra)
    extra = {"BitsStored": 12, "PixelRepresentation": 1}
    frame = bytes(openjpeg.utils.encode_array(signed.astype(np.int16), bits_stored=12))
    yield (
        "DICOM JPEG 2000, signed",
        dicom_file(FILM12, syntax=JPEG2000Lossless, frame=frame, **extra),
    )


def header_cases() -> Cases:
    plain = dicom_file(FILM12, **WINDOW)
    yield "DICOM without preamble", without_preamble(plain)
    yield "DICOM without group 0002", without_meta(plain)
    implicit = dicom_file(SMALL, syntax=ImplicitVRLittleEndian, **FACTS)
    yield "DICOM implicit, without group 0002", without_meta(implicit)
    yield "DICOM no window", dicom_file(FILM12, BitsStored=12)
    curve = {"LUTDescriptor": [4, 10, 8], "LUTData": bytes([0, 0, 50, 0, 200, 0, 255, 0])}
    for syntax in (ImplicitVRLittleEndian, ExplicitVRLittleEndian):
        fields = {"VOILUTSequence": curve, "ModalityLUTSequence": curve}
        yield f"DICOM tables {syntax[-1]}", dicom_file(SMALL, syntax=syntax, **fields)
    yield "DICOM, view by code", dicom_file(SMALL, ViewCodeSequence={"CodeValue": "R-10206"})
    yield "DICOM, view unknown", dicom_file(SMALL, ViewPosition="XX")
    yield "DICOM, view where it should not be", dicom_file(SMALL, PatientPosition="AP")
    ages = ("018M", "004W", "010D", "62", "999Y", "young")
    for age in ages:
        yield f"DICOM, age {age}", dicom_file(SMALL, PatientAge=age)
    dates = {"PatientBirthDate": "19600229", "StudyDate": "20200301"}
    yield "DICOM, age by dates", dicom_file(SMALL, **dates)
    yield "DICOM, dates apart", dicom_file(SMALL, **dates, ContentDate="20230101")
    yield "DICOM, region", dicom_file(SMALL, AnatomicRegionSequence={"CodeMeaning": "Chest"})
    yield "DICOM, spine", dicom_file(SMALL, BodyPartExamined="TSPINE")
    yield "DICOM on its side", dicom_file(SMALL, PatientOrientation=["F", "R"], **FACTS)
    yield "DICOM upside down", dicom_file(SMALL, PatientOrientation=["L", "H"], **FACTS)
    yield "DICOM swapped", dicom_file(SMALL, PatientOrientation=["R", "F"], **FACTS)
    yield "DICOM for processing", dicom_file(SMALL, PresentationIntentType="FOR PROCESSING")
    contrary = {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "IDENTITY"}
    yield "DICOM that contradicts itself", dicom_file(SMALL, **contrary)
    yield "DICOM, window of no width", dicom_file(SMALL, WindowCenter=9, WindowWidth=0)
    yield "DICOM, function unknown", dicom_file(FILM12, **WINDOW, VOILUTFunction="LOG")
    yield "DICOM, signed", dicom_file(FILM16, PixelRepresentation=1, PixelPaddingValue=-5)
    yield "DICOM, one frame", dicom_file(SMALL, NumberOfFrames="1")


def odd_cases() -> Cases:
    item = sequence_item({"CodeValue": "R-10206"})
    item.is_undefined_length_sequence_item = True
    view = DataElement("ViewCodeSequence", "SQ", [item])
    view.is_undefined_length = True
    for syntax in (ImplicitVRLittleEndian, ExplicitVRLittleEndian):
        name = f"DICOM, sequence without length {syntax[-1]}"
        yield name, dicom_file(SMALL, syntax=syntax, view=view)
    offsets = DataElement("ExtendedOffsetTable", "OV", bytes(8))
    frame = jpeg(SMALL)
    yield (
        "DICOM, extended offset table",
        dicom_file(SMALL, syntax=JPEGBaseline8Bit, frame=frame, offsets=offsets),
    )
    garbage = DataElement("ReferencedImageSequence", "UT", "no sequence at all")
    broken = dicom_file(SMALL, garbage=garbage).replace(b"\x40\x11UT", b"\x40\x11SQ")
    yield "DICOM, broken sequence that nobody needs", broken


def refused_cases() -> Cases:
    wrong: dict[str, dict[str, Any]] = {
        "two frames": {"NumberOfFrames": "2"},
        "CT": {"Modality": "CT"},
        "an unknown modality": {"Modality": "ZZ"},
        "colours": {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3},
        "no photometric interpretation": {"PhotometricInterpretation": None},
        "no rows": {"Rows": None},
        "too many rows": {"Rows": 50_000, "Columns": 50_000},
        "one row too many": {"Rows": 10},
        "one row too few": {"Rows": 8},
        "13 bits of 8": {"BitsStored": 13},
        "slope 0": {"RescaleSlope": "0"},
        "a short table": {"VOILUTSequence": {"LUTDescriptor": [9, 0, 8], "LUTData": [1, 2, 3]}},
    }
    for name, fields in wrong.items():
        yield f"DICOM, {name}", dicom_file(SMALL, **fields)
    yield "DICOM, pixels cut off", dicom_file(SMALL[:8])[:-60]  # an even number: no padding
    frame = jpeg(FILM8)
    cut = dicom_file(FILM8, syntax=JPEGBaseline8Bit, frame=frame[:-100])
    yield "DICOM, frame cut off", cut
    small = dicom_file(FILM8[:30], syntax=JPEGBaseline8Bit, frame=frame)
    yield "DICOM, frame of another size", small
    yield "DICOM, a strange syntax", dicom_file(SMALL, syntax="1.2.3.4.5")
    yield "nothing", b""
    yield "text", b"a film of a chest\n"
    yield "PDF", b"%PDF-1.7 ..."


def golden_cases() -> Cases:
    for case in json.loads(GOLDEN.read_text(encoding="utf-8"))["cases"]:
        if case["kind"] != "dicom":
            continue
        dtype = np.uint8 if case["header"]["BitsAllocated"] == 8 else np.uint16
        words = np.array([case["words"]], dtype=dtype)
        yield f"golden: {case['name']}", dicom_file(words, **case["header"])


def drawn_files() -> Cases:
    """Each file's name and bytes."""
    for kind in (
        png_cases, jpeg_cases, syntax_cases, header_cases, odd_cases, refused_cases, golden_cases,
    ):  # fmt: skip
        yield from kind()
