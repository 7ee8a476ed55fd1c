"""Files that no server may be harmed by: `bombs()`, to be refused; `disguises()`, films too."""

import gzip
import struct
import zipfile
import zlib
from io import BytesIO

import jpeg_ls
import numpy as np
import openjpeg.utils
from numpy.typing import NDArray
from PIL import Image
from pydicom.pixels.encoders.base import get_encoder

from dicoms import dicom_file
from phantoms import phantom

FILM: NDArray[np.uint8] = np.round(phantom(size=(48, 40)) * 255).astype(np.uint8)
FLAT = bytes.fromhex(  # JPEG lossless, 2 x 2, 8 bits, every difference 0
    "ffd8" "ffc3000b080002000201011100" "ffc40014000100000000000000000000000000000000"
    "ffda0008010100010000" "0f" "ffd9"
)  # fmt: skip
NATIVE = {
    "implicit": "1.2.840.10008.1.2",
    "explicit": "1.2.840.10008.1.2.1",
    "big-endian": "1.2.840.10008.1.2.2",
    "deflated": "1.2.840.10008.1.2.1.99",
}
ENCAPSULATED = {
    "jpeg": "1.2.840.10008.1.2.4.50",
    "jpeg-extended": "1.2.840.10008.1.2.4.51",
    "jpeg-lossless": "1.2.840.10008.1.2.4.57",
    "jpeg-lossless-sv1": "1.2.840.10008.1.2.4.70",
    "jpeg-ls": "1.2.840.10008.1.2.4.80",
    "jpeg-ls-near": "1.2.840.10008.1.2.4.81",
    "jpeg-2000-lossless": "1.2.840.10008.1.2.4.90",
    "jpeg-2000": "1.2.840.10008.1.2.4.91",
    "rle": "1.2.840.10008.1.2.5",
}


def saved(film: NDArray[np.generic], kind: str, **how: object) -> bytes:
    file = BytesIO()
    Image.fromarray(film).save(file, kind, **how)
    return file.getvalue()


def rle(film: NDArray[np.uint8]) -> bytes:
    encoder = get_encoder(ENCAPSULATED["rle"])
    about = {"rows": film.shape[0], "columns": film.shape[1], "samples_per_pixel": 1}
    about |= {"bits_allocated": 8, "bits_stored": 8, "pixel_representation": 0}
    how = {"photometric_interpretation": "MONOCHROME2", "number_of_frames": 1}
    return encoder.encode(film.tobytes(), encoding_plugin="pydicom", **about, **how)


def film_and_frame(name: str) -> tuple[NDArray[np.uint8], bytes]:
    if name.startswith("jpeg-lossless"):
        return np.full((2, 2), 128, np.uint8), FLAT
    if name.startswith("jpeg-ls"):
        return FILM, bytes(jpeg_ls.encode_array(FILM))
    if name.startswith("jpeg-2000"):
        return FILM, bytes(openjpeg.utils.encode_array(FILM))
    return FILM, rle(FILM) if name == "rle" else saved(FILM, "JPEG")


def whole_films() -> dict[str, bytes]:
    """A film in every transfer syntax, and as PNG, JPEG and TIFF."""
    films = {name: dicom_file(FILM, syntax=syntax) for name, syntax in NATIVE.items()}
    for name, syntax in ENCAPSULATED.items():
        film, frame = film_and_frame(name)
        films[name] = dicom_file(film, syntax=syntax, frame=frame)
    return films | {kind.lower(): saved(FILM, kind) for kind in ("PNG", "TIFF")}


def lying(content: bytes) -> bytes:
    """The length of the pixels, or of their first fragment, is said to be almost 4 GB."""
    at = content.rindex(b"\xe0\x7f\x10\x00") + 4
    at = at if content[at : at + 2] not in (b"OB", b"OW") else at + 4
    if content[at : at + 4] == b"\xff\xff\xff\xff":
        at = content.index(b"\xfe\xff\x00\xe0", at + 12) + 4
    return content[:at] + b"\xf0\xff\xff\xff" + content[at + 4 :]


def syntax_bombs() -> dict[str, bytes]:
    """Every transfer syntax, cut off, with a lying length, and with dimensions of no film."""
    found = {}
    huge = {"Rows": 65535, "Columns": 65535}
    for name, syntax in NATIVE.items():
        content = dicom_file(FILM, syntax=syntax)
        found[f"{name} cut off"] = content[: len(content) - 900]
        found[f"{name} huge"] = dicom_file(FILM, syntax=syntax, **huge)
        if name == "big-endian":
            at = content.rindex(b"\x7f\xe0\x00\x10OW") + 8
            found[f"{name} lying"] = content[:at] + b"\xff\xff\xff\xf0" + content[at + 4 :]
        elif name == "deflated":
            found[f"{name} lying"] = deflated(dicom_body(lying(dicom_file(FILM))))
        else:
            found[f"{name} lying"] = lying(content)
    for name, syntax in ENCAPSULATED.items():
        film, frame = film_and_frame(name)
        content = dicom_file(film, syntax=syntax, frame=frame)
        found[f"{name} cut off"] = content[: len(content) - len(frame) // 2 - 8]
        found[f"{name} lying"] = lying(content)
        found[f"{name} huge"] = dicom_file(film, syntax=syntax, frame=frame, **huge)
    return found


def dicom_body(content: bytes) -> bytes:
    return content[144 + int.from_bytes(content[140:144], "little") :]


def deflated(body: bytes) -> bytes:
    """A file in deflated transfer syntax that inflates to `body`."""
    plain = dicom_file(np.zeros((2, 2), np.uint16), syntax=NATIVE["deflated"])
    start = plain[: 144 + int.from_bytes(plain[140:144], "little")]
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    return start + deflater.compress(body) + deflater.flush()


def header_bombs() -> dict[str, bytes]:
    """Headers that grow, recurse or lie."""
    endless = b"\xff" * 4
    sequence, item = b"\x08\x00\x40\x11SQ\0\0" + endless, b"\xfe\xff\x00\xe0"
    nested = (sequence + item + endless) * 50_000
    numbers = b"\x28\x00\x10\x00UN\0\0" + struct.pack("<I", 2**21) + b"1\\" * 2**20
    table = {"LUTDescriptor": [0, 0, 16], "LUTData": [1]}
    padded = rle(FILM) + b"\x80" * 2**22
    return {
        "deflated zeros": deflated(bytes(2**29)),
        "deflated items": deflated(sequence + (item + bytes(4)) * 2**21),
        "deflated nesting": deflated(nested),
        "nesting": dicom_file(FILM)[:-2000] + nested,
        "a million numbers": dicom_file(FILM, Rows=None) + numbers,
        "many frames": dicom_file(FILM, NumberOfFrames=2**31 - 1),
        "no columns": dicom_file(FILM, Columns=0),
        "rle of padding": dicom_file(FILM, syntax=ENCAPSULATED["rle"], frame=padded),
        "LUT index": dicom_file(FILM, ModalityLUTSequence=table),
        "gzip of a film": gzip.compress(bytes(2**24)),
        "ZIP with a lying size": lying_zip(),
        "says it is 4 GB": b"II*\x00" + b"\xff\xff\xff\xf0",
        **lying_headers(),
    }


def lying_headers() -> dict[str, bytes]:
    """What read past its end, or past its buffer, in servers of others."""
    plain, jpeg = dicom_file(FILM), ENCAPSULATED["jpeg"]
    palette = {"PhotometricInterpretation": "PALETTE COLOR"}
    palette |= {"RedPaletteColorLookupTableDescriptor": [65535, 0, 16]}
    pam = b"P7\nWIDTH 65535\nHEIGHT 65535\nDEPTH 4\nMAXVAL 65535\nENDHDR\n"
    rows_as_us = b"\x28\x00\x10\x00US\x02\x00\x30\x00"
    rows_as_ul = b"\x28\x00\x10\x00UL\x04\x00\xff\xff\xff\x7f"
    return {
        "meta header past the end": plain[:150],
        "UL for US dimensions": plain.replace(rows_as_us, rows_as_ul),
        "palette overflow": dicom_file(FILM, **palette),
        "PAM in DICOM": dicom_file(FILM, syntax=jpeg, frame=pam),
        "fragment past the end": lying(dicom_file(FILM, syntax=jpeg, frame=saved(FILM, "JPEG"))),
    }


def lying_zip() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("film.dcm", bytes(2**20))
    return file.getvalue().replace(struct.pack("<I", 2**20), struct.pack("<I", 2**31))


def chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def png(width: int, height: int, *, depth: int = 8, colour: int = 0, rows: int = 8) -> bytes:
    """A PNG that says it is so large, and holds a few rows of zeros."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    pixels = zlib.compress(bytes((width * depth // 8 + 1) * rows))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(kind, held) for kind, held in ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b""))
    )


def raster_bombs() -> dict[str, bytes]:
    """PNG, JPEG and TIFF that inflate, or say they are what no film is."""
    jpeg, tiff = saved(FILM, "JPEG"), saved(FILM, "TIFF")
    size = jpeg.index(b"\xff\xc0") + 5
    black = np.zeros((13_000, 13_000), np.uint8)
    head, text = png(2000, 2000)[:33], b"comment\0\0" + zlib.compress(bytes(2**27))
    profile = b"profile\0\0" + zlib.compress(bytes(2**27))
    loop = tiff[:-4] + struct.pack("<I", int.from_bytes(tiff[4:8], "little"))
    pages = BytesIO()
    page = Image.fromarray(FILM)
    page.save(pages, "TIFF", save_all=True, append_images=[page] * 20)
    frames = BytesIO()
    page.save(frames, "PNG", save_all=True, append_images=[Image.fromarray(255 - FILM)])
    return {
        "png 13000 x 13000": saved(black, "PNG", compress_level=1),
        "png 20000 x 20000": png(20_000, 20_000),
        "png 2^31 wide": png(2**31 - 1, 1, rows=0),
        "png of no colour type": png(100, 100, colour=7),
        "png text": head + chunk(b"zTXt", text),
        "png profile": head + chunk(b"iCCP", profile),
        "png of two pictures": frames.getvalue(),
        "png of chunks": png(40, 48, rows=0)[:33] + chunk(b"tEXt", b"k\0") * 50_000,
        "jpeg 65500 x 65500": jpeg[:size] + b"\xff\xdc\xff\xdc" + jpeg[size + 4 :],
        "jpeg of no size": jpeg[:size] + bytes(4) + jpeg[size + 4 :],
        "jpeg cut off": jpeg[: len(jpeg) // 2],
        "jpeg of markers": b"\xff\xd8" + b"\xff\xe1\x00\x02" * 100_000,
        "tiff with a loop": loop[: len(loop) // 2],
        "tiff of many pages": pages.getvalue(),
        "tiff past the end": b"II*\x00" + struct.pack("<I", 2**31),
        "tiff of a million tags": b"II*\x00\x08\0\0\0" + b"\xff\xff" + bytes(2**20),
        "tiff 60000 x 60000": tiff_of(60_000, 60_000),
        "bigtiff cut off": b"II+\x00\x08\x00\x00\x00" + b"\xff" * 8,
        "nothing": b"",
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        "html": b"<!DOCTYPE html><script>alert(1)</script>",
        "pdf and png": b"%PDF-1.7\n" + saved(FILM, "PNG"),
        "gif and script": b"GIF89a/*" + saved(FILM, "PNG") + b"*/=1;",
        "pickle": b"\x80\x04cos\nsystem\n(S'true'\ntR.",
    }


def tiff_of(width: int, height: int) -> bytes:
    tags = {256: width, 257: height, 258: 8, 259: 5, 262: 1, 273: 8, 277: 1, 278: height, 279: 4}
    fields = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\x00\x08\0\0\0" + struct.pack("<H", len(tags)) + fields + bytes(4)


def bombs() -> dict[str, bytes]:
    """All of them, by name; every one is to be refused."""
    return syntax_bombs() | header_bombs() | raster_bombs()


def disguises() -> dict[str, bytes]:
    """Films that are something else too: to be read as the film alone."""
    content, picture = dicom_file(FILM), saved(FILM, "PNG")
    zipped = BytesIO()
    zipped.write(picture)
    with zipfile.ZipFile(zipped, "a") as archive:
        archive.writestr("payload", b"payload")
    return {
        "an executable of Windows": b"MZ" + bytes(58) + b"\x40\0\0\0" + b"PE\0\0" + content[68:],
        "an executable of Linux": b"\x7fELF\x02\x01\x01" + content[7:],
        "a TIFF": tiff_of(60_000, 60_000).ljust(128, b"\0") + content[128:],
        "a meta header past the end": content[:140] + b"\xf0\xff\xff\xff" + content[144:],
        "a script": b"#!/bin/sh\nexit 0\n" + content[17:],
        "a ZIP behind a PNG": zipped.getvalue(),
    }
