"""Which films a network learned from: digests of the files, small enough for its bundle to carry.

A digest is of a film file's bytes, so it is the same whatever the file is called and in whichever
data set it stands, and nobody can make it without the film: it names no patient. A film that was
decoded and written again has another one, and is noticed by its look (`lookalikes.py`).
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from plainfilm.datasets.files import sha256_of
from plainfilm.datasets.looks import N_BYTES
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import DatasetError

LEARNED = ("train", "val")
KEY = "digests of the films learned from"
ADAPTED_KEY = "digests of the films adapted on"  # where adapting taught the network something
LOOKS_KEY = "looks of the films learned from"
ADAPTED_LOOKS_KEY = "looks of the films adapted on"
FOR_PROGRAMS = (KEY, ADAPTED_KEY, LOOKS_KEY, ADAPTED_LOOKS_KEY)  # nothing that a person can read
MOST = 90_000  # films; more would not fit into a bundle.json
N_NAMED = 5
_BYTES = 6  # 25,000 films beside 90,000: one chance in 100,000 that two are taken for one
_SIZES = {KEY: _BYTES, ADAPTED_KEY: _BYTES, LOOKS_KEY: N_BYTES, ADAPTED_LOOKS_KEY: N_BYTES}


@dataclass(frozen=True)
class Leak:
    """Films of a split that a network learned from, and films of those films' patients."""

    films: tuple[str, ...]
    of_same_patients: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.films)

    @property
    def words(self) -> str:
        """How many, and the first few by their file names."""
        others = len(self.of_same_patients)
        more = f", and {others:,} other films of the same patients" if others else ""
        return f"{len(self.films):,} films it learned from{more}: {named(self.films)}"


def film_digests(manifest: Manifest, splits: Sequence[str] = LEARNED) -> dict[str, str]:
    """What a bundle carries (in `provenance.details`) of the films in these splits.

    Empty where there are more than 90,000.
    """
    rows = [row for row, sample in enumerate(manifest.samples) if sample.split in splits]
    if not 0 < len(rows) <= MOST:
        return {}
    digests = {_digest(manifest, row) for row in rows}
    return {KEY: packed(digests)}


def adapted_digests(details: dict[str, str], manifest: Manifest) -> dict[str, str]:
    """What an adapted bundle carries of all films of a manifest, beside those it carried before.

    Raises
    ------
    DatasetError
        There are more than 90,000, or the bundle's own list cannot be read.
    """
    digests = {_digest(manifest, row) for row in range(len(manifest))}
    digests |= listed(details, ADAPTED_KEY) if ADAPTED_KEY in details else set()
    if len(digests) > MOST:
        found = f"{len(digests):,} films to learn from"
        raise DatasetError(f"{found}; a bundle can name {MOST:,} at most. Take a part of them")
    return {ADAPTED_KEY: packed(digests)}


def joined_digests(details: Sequence[dict[str, str]]) -> dict[str, str]:
    """What one bundle carries that is made of several: every film that any of them learned from.

    Digests and looks. Where one of them tells no films of its training, neither does what is made
    of them, so that nobody takes a part for the whole.

    Raises
    ------
    DatasetError
        A list cannot be read, or together they are more than 90,000 films.
    """
    found: dict[str, str] = {}
    for key in FOR_PROGRAMS:
        lists = [listed(each, key) for each in details if key in each]
        adapted = key in (ADAPTED_KEY, ADAPTED_LOOKS_KEY)
        tellers = [each for each in details if ADAPTED_KEY in each] if adapted else details
        if not lists or len(lists) < len(tellers):
            continue
        digests = set[bytes]().union(*lists)
        if len(digests) > MOST:
            words = f"{len(digests):,} films to learn from"
            raise DatasetError(f"{words}; a bundle can name {MOST:,} at most. Join fewer")
        found[key] = packed(digests)
    return found


def inherited_digests(own: dict[str, str], first: dict[str, str]) -> dict[str, str]:
    """What a bundle carries that is built on another's network: its own films, and that one's.

    Digests and looks. Those that the other was adapted on count as learned from. A list of its own
    that is missing stays so, and one that would grow too long holds its own films alone.

    Parameters
    ----------
    own, first
        Its details, and the other bundle's.

    Raises
    ------
    DatasetError
        A list cannot be read.
    """
    found: dict[str, str] = {}
    for key, adapted in ((KEY, ADAPTED_KEY), (LOOKS_KEY, ADAPTED_LOOKS_KEY)):
        if key in own:
            lists = [listed(first, each) for each in (key, adapted) if each in first]
            films = listed(own, key).union(*lists)
            found[key] = packed(films) if len(films) <= MOST else own[key]
    return found


def find_leak(details: dict[str, str], films: Manifest, key: str = KEY) -> Leak | None:
    """Which of the films were learned from, by a bundle's details; None where it carries no list.

    Reads every film's file, whole. `key` says which list: `KEY` or `ADAPTED_KEY`.

    Raises
    ------
    DatasetError
        The bundle's list cannot be read.
    """
    if key not in details:
        return None
    learned = listed(details, key)
    rows = [row for row in range(len(films)) if _digest(films, row) in learned]
    patients = {films.samples[row].patient for row in rows}
    images = [films.samples[row].image for row in rows]
    same = [sample.image for sample in films.samples if sample.patient in patients]
    return Leak(tuple(images), tuple(image for image in same if image not in set(images)))


def named(images: Sequence[str]) -> str:
    """The first few file names, without their folders, and how many more there are."""
    first = ", ".join(image.rpartition("/")[2] for image in images[:N_NAMED])
    return first if len(images) <= N_NAMED else f"{first} and {len(images) - N_NAMED:,} more"


def listed(details: dict[str, str], key: str) -> set[bytes]:
    """The films of one of the lists, `FOR_PROGRAMS`, that a bundle's details hold.

    Raises
    ------
    DatasetError
        The list cannot be read.
    """
    size = _SIZES[key]
    try:
        content = base64.b64decode(details[key], validate=True)
    except ValueError as error:
        raise DatasetError(f"{key}: found no base64; the bundle's list is broken") from error
    if len(content) % size:
        found = f"{len(content):,} bytes; expected {size} a film"
        raise DatasetError(f"{key}: {found}. The bundle's list is broken")
    return {content[at : at + size] for at in range(0, len(content), size)}


def packed(films: set[bytes]) -> str:
    """A list of films as a bundle's details hold it, in an order that tells nothing."""
    return base64.b64encode(b"".join(sorted(films))).decode()


def _digest(manifest: Manifest, row: int) -> bytes:
    path = manifest.root / manifest.samples[row].image
    return bytes.fromhex(sha256_of(path))[:_BYTES]
