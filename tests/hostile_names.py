"""Names that reach for what is outside: of bundles, versions, pages."""

from collections.abc import Iterator
from itertools import product

_CLIMBS = ("..", "../..", "../../../../../..", ".", "...", "....//....//", "a/../../..", "")
_TARGETS = (
    "etc/passwd",
    "etc/hostname",
    "secret",
    "secret/1",
    "secret/1/bundle.json",
    "policy.json",
    "windows/win.ini",
    "proc/self/environ",
)
_SLASHES = ("/", "%2f", "%2F", "\\", "%5c", "%252f", "%c0%af", "//", "%2e/", "/%00")
_ODD = (
    "%00",
    "tiny%00",
    "tiny%00.json",
    "%0d%0aX-Evil:%201",
    "TINY",
    "Tiny",
    "tiny%20",
    "%20tiny",
    "tiny.",
    "-tiny",
    "_tiny",
    "CON",
    "NUL",
    "%ff%fe",
    "%e2%80%ae",
    "ti%2fny",
    "x" * 65,
    "x" * 4000,
    "~root",
    "$HOME",
    "%24%7BHOME%7D",
    "{{7*7}}",
    "%25s%25n",
    "file:%2f%2f%2fetc%2fpasswd",
    "http:%2f%2f127.0.0.1",
    "C:%5cwindows",
    "%5c%5chost%5cshare",
    "tiny;ls",
    "tiny%7cls",
    "*",
    "%3f",
)
_VERSIONS = (
    "0",
    "-1",
    "01",
    "1.0",
    "1e0",
    "%2b1",
    "+1",
    "9" * 40,
    "1%00",
    "latest",
    "..",
    "%2e%2e",
    "\u0661".encode().hex(),
    "1%2f..",
    "0x1",
    "NaN",
)


def names() -> Iterator[str]:
    """More than five hundred, as they go into a path; none is the name of a bundle."""
    for climb, target, slash in product(_CLIMBS, _TARGETS, _SLASHES):
        yield f"{climb}/{target}".replace("/", slash)
    yield from _ODD


def versions() -> Iterator[str]:
    """As they go into a path; none is the number of a version."""
    yield from _VERSIONS
