"""A file's kind is told by its first bytes."""

import numpy as np
import pytest

from dicoms import dicom_file, without_meta, without_preamble
from plainfilm.images.content import Kind, describe, has_preamble, kind_of

PADDING = bytes(200)


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", Kind.PNG),
        (b"\xff\xd8\xff\xe0", Kind.JPEG),
        (b"II*\x00", Kind.TIFF),
        (b"MM\x00*", Kind.TIFF),
        (b"GIF89a", None),
        (b"", None),
    ],
)
def test_the_kind_is_told_by_the_first_bytes(start: bytes, kind: Kind | None) -> None:
    assert kind_of(start + PADDING) is kind


def test_a_dicom_file_is_told_by_its_preamble_even_if_that_holds_a_tiff_header() -> None:
    content = dicom_file(np.zeros((8, 8), np.uint8))
    assert has_preamble(content)
    assert kind_of(content) is Kind.DICOM
    assert kind_of(b"II*\x00" + content[4:]) is Kind.DICOM


def test_a_dicom_file_without_preamble_is_told_by_its_first_element() -> None:
    content = dicom_file(np.zeros((16, 16), np.uint8))
    assert kind_of(without_preamble(content)) is Kind.DICOM
    assert kind_of(without_meta(content)) is Kind.DICOM
    assert kind_of(b"\x00\x08\x00\x05CS\x00\x0aISO_IR 100" + PADDING) is Kind.DICOM
    assert not has_preamble(without_preamble(content))


@pytest.mark.parametrize(
    "start", [b"\x08\x00\x05\x00\xff\xff\xff\x7f", b"\x08\x00\xff\xffCS", b"\x02\x00"]
)
def test_a_number_that_looks_like_a_group_is_not_enough(start: bytes) -> None:
    assert kind_of(start + (b"" if start == b"\x02\x00" else PADDING)) is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7", "a PDF"),
        (b"GIF89a", "a GIF"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"name,age\n1,2\n", "text"),
        ("Größe\n".encode(), "text"),
        (b"\x00\x01\x02\x03", "bytes of no known kind"),
        (b"", "nothing: the file is empty"),
    ],
)
def test_what_cannot_be_read_is_called_by_name(content: bytes, words: str) -> None:
    assert describe(content) == words
