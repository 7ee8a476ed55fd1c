"""Fetch a data set that Kaggle keeps: python scripts/fetch_films.py OWNER/NAME FOLDER

The key stands outside the code: in KAGGLE_USERNAME and KAGGLE_KEY, or in ~/.kaggle/kaggle.json as
Kaggle hands it out. It is sent to that one host only, never to where the host sends us on, and no
message shows it. A fetch that was cut off goes on where it stopped. The archive's SHA-256 is
printed, so that a paper can say which copy it used; its licence is yours to read and to keep.
"""

import base64
import hashlib
import json
import os
import re
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Sequence
from pathlib import Path

HOST = "https://www.kaggle.com/api/v1/datasets/download"
TIMEOUT_S = 60
BLOCK = 1 << 20  # bytes


class FetchError(Exception):
    """What stopped the fetch, in one line without the key."""


def main(words: Sequence[str], host: str = HOST) -> int:
    """Fetch and unpack; the exit status."""
    if len(words) != 2 or not re.fullmatch(r"[\w.-]+/[\w.-]+", words[0]):
        print(__doc__.splitlines()[0], file=sys.stderr)
        return 2
    try:
        archive = fetch(words[0], Path(words[1]), read_key(), host)
        print(f"{archive.name}: SHA-256 {sha256_of(archive)}")
        with zipfile.ZipFile(archive) as packed:  # it never unpacks outside the folder
            packed.extractall(archive.parent)
    except zipfile.BadZipFile as error:
        print(f"fetch_films: error: {archive.name}: {error}; remove it", file=sys.stderr)
        return 1
    except (FetchError, OSError) as error:
        print(f"fetch_films: error: {error}", file=sys.stderr)
        return 1
    print(f"Unpacked into {archive.parent.name}")
    return 0


def read_key() -> str:
    """User name and key, joined by a colon."""
    user, key = os.environ.get("KAGGLE_USERNAME"), os.environ.get("KAGGLE_KEY")
    path = Path.home() / ".kaggle" / "kaggle.json"
    if not (user and key) and path.is_file():
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            user, key = found["username"], found["key"]
        except (ValueError, KeyError, TypeError):
            message = f"{path.name}: not as Kaggle hands it out; expected username and key"
            raise FetchError(message) from None  # the cause would show the file's content
    if not (user and key):
        raise FetchError(
            "no key: set KAGGLE_USERNAME and KAGGLE_KEY, or save ~/.kaggle/kaggle.json"
        )
    return f"{user}:{key}"


def fetch(name: str, folder: Path, key: str, host: str) -> Path:
    """The archive, whole, in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"{name.partition('/')[2]}.zip"
    if archive.exists():
        return archive
    part = archive.with_suffix(".zip.part")
    there = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(f"{host}/{name}")
    secret = base64.b64encode(key.encode()).decode()
    request.add_unredirected_header("Authorization", f"Basic {secret}")
    if there:
        request.add_header("Range", f"bytes={there}-")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            goes_on = there > 0 and answer.status == 206
            with part.open("ab" if goes_on else "wb") as stream:
                n_expected = answer.length
                n_read = 0
                while block := answer.read(BLOCK):
                    n_read += stream.write(block)
    except urllib.error.HTTPError as error:
        words = {
            401: "the key is not accepted",
            403: "accept the set's terms on its page first",
            404: "no such data set",
            416: f"{part.name} does not fit; remove it and run the same command again",
        }
        raise FetchError(f"{name}: {error.code}, {words.get(error.code, error.reason)}") from None
    if n_expected is not None and n_read < n_expected:
        raise FetchError(f"{name}: cut off; run the same command again")
    part.replace(archive)
    return archive


def sha256_of(path: Path) -> str:
    """In hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
