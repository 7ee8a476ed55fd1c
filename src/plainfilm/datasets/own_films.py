"""What the data sets of one's own films share: findings by their words, films by their paths."""

from pathlib import PurePosixPath, PureWindowsPath
from unicodedata import category

from plainfilm.findings import Finding

PATH_EXPECTED = "a path relative to the table's folder, with forward slashes"


def finding_of(words: str) -> Finding:
    """The finding that is called so; blanks and underscores at the words' ends do not count.

    >>> finding_of("Pleural_effusion")
    Finding(name='pleural_effusion', display='Pleural effusion', code=None)

    Parameters
    ----------
    words
        With at least one letter.
    """
    plain = " ".join(words.replace("_", " ").split())
    return Finding(plain.lower().replace(" ", "_"), plain[:1].upper() + plain[1:])


def path_fault(text: str) -> str | None:
    """What keeps a cell from being the path of a film below its table's folder; None = nothing."""
    if not text:
        return "empty"
    if "\\" in text:
        return "a backslash"
    if any(category(letter) == "Cc" for letter in text):
        return "a control character"
    path = PurePosixPath(text)
    if path.is_absolute() or PureWindowsPath(text).drive or ".." in path.parts:
        return "a path that leads out of the table's folder"
    return None
