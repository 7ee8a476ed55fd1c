"""The package's own file."""

import re
from pathlib import Path

import plainfilm


def test_the_version_is_one_literal_line() -> None:
    text = Path(plainfilm.__file__).read_text(encoding="utf-8")
    assert re.findall(r'^__version__ = "(\d+\.\d+\.\d+)"$', text, re.M) == [plainfilm.__version__]


def test_what_was_asked_for_once_is_kept() -> None:
    assert plainfilm.Finding is plainfilm.Finding
    assert "Finding" in vars(plainfilm)
