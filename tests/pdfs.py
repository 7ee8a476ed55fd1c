"""The words of a PDF, as a program that is not ours reads them."""

import io
import unicodedata

import pytest


def words_of(pdf: bytes) -> str:
    """All its text, with single spaces; the test is skipped where pypdf is not installed."""
    pypdf = pytest.importorskip("pypdf")
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    text = " ".join(page.extract_text() for page in pages)
    return " ".join(unicodedata.normalize("NFKC", text).split())  # its fonts write fi as one
