"""Films of every kind that a browser decodes otherwise, and what the page says of them."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image
from pydicom.uid import (
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from dicoms import dicom_file
from lossless_jpeg import lossless_jpeg
from phantoms import phantom
from plainfilm.errors import PlainfilmError
from webdrivers import Browser

ENDED = "document.querySelector('#findings, .reading .problem') !== null"
DRAWN = """(() => {
    const film = document.querySelector('canvas.film');
    const dots = film.getContext('2d').getImageData(0, 0, film.width, film.height).data;
    return dots.some((value, at) => at % 4 < 3 && value > 100);
})()"""
SAID = """[...document.querySelectorAll('.finding')].map(row => [
    row.querySelector('.name').innerText.replace(/^\\W+/, ''),
    row.querySelector('.fill').getAttribute('width') / 100])"""


def films(folder: Path) -> Iterator[Path]:
    """A drawn chest as PNG, JPEG and DICOM in the usual transfer syntaxes."""
    grey = np.round(255 * phantom(size=(420, 400), seed=3)).astype(np.uint8)
    deep = np.round(4095 * phantom(size=(420, 400), seed=3)).astype(np.uint16)
    Image.fromarray(grey).save(folder / "chest.png")
    Image.fromarray(grey).save(folder / "chest.jpg", quality=90)
    whole = dicom_file(deep, BitsStored=12)
    squeezed = BytesIO()
    Image.fromarray(grey).save(squeezed, "JPEG", quality=90)
    wavelets = BytesIO()
    Image.fromarray(grey).save(wavelets, "JPEG2000", irreversible=False, no_jp2=True)
    lossless = lossless_jpeg(deep, 12)
    contents = {
        "whole": whole,
        "rle": packed(whole, RLELossless),
        "jpeg-ls": packed(whole, JPEGLSLossless),
        "jpeg": dicom_file(grey, syntax=JPEGBaseline8Bit, frame=squeezed.getvalue()),
        "jpeg-lossless": dicom_file(deep, syntax=JPEGLosslessSV1, frame=lossless, BitsStored=12),
        "jpeg2000": dicom_file(grey, syntax=JPEG2000Lossless, frame=wavelets.getvalue()),
    }
    yield from (folder / "chest.png", folder / "chest.jpg")
    for name, content in contents.items():
        (folder / f"{name}.dcm").write_bytes(content)
        yield folder / f"{name}.dcm"


def packed(content: bytes, syntax: str) -> bytes:
    """The DICOM file with its pixels in a lossless syntax."""
    dataset = pydicom.dcmread(BytesIO(content))
    dataset.compress(syntax)
    written = BytesIO()
    dataset.save_as(written)
    return written.getvalue()


def ready(browser: Browser, url: str) -> None:
    """The page in English, once it can read."""
    browser.go(f"{url}?lang=en")
    browser.wait("document.querySelector('#open-here, .problem') !== null")
    told = browser.run("return document.querySelector('.problem')?.innerText ?? ''")
    if told:
        raise PlainfilmError(f"{browser.name}: {told}")


def read(browser: Browser, film: Path) -> dict[str, float]:
    """The probability of each finding, by its name on the page."""
    browser.run("document.querySelector('#close-all')?.click()")
    browser.wait("document.querySelector('#open-here') !== null")
    browser.type("#open", str(film))
    browser.wait(ENDED)
    told = browser.run("return document.querySelector('.problem')?.innerText ?? ''")
    if told:
        raise PlainfilmError(f"{browser.name}, {film.name}: {told}")
    if not browser.run(f"return {DRAWN}"):
        raise PlainfilmError(f"{browser.name}, {film.name}: findings beside an empty frame")
    return dict(browser.run(f"return {SAID}"))
