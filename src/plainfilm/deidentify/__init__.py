"""Films in, the same films without their patients out: `deidentify`.

DICOM by the Basic Application Level Confidentiality Profile of PS3.15; PNG, JPEG and TIFF without
anything attached. Nothing here looks at the pixels: what is written in them stays.
"""

import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from plainfilm.deidentify.cleaned import Cleaned
from plainfilm.deidentify.mapping import MapFile
from plainfilm.deidentify.new_uids import NewUids
from plainfilm.deidentify.profile import Keep
from plainfilm.errors import DeidentifyError, ImageError, UnreadableImage
from plainfilm.images.content import Kind, describe, kind_of
from plainfilm.images.guard import MAX_FILE_BYTES
from plainfilm.whole_files import sweep, write_whole

__all__ = ["DeidentifyOptions", "Keep", "NewUids", "Written", "deidentified", "deidentify"]

_OURS = re.compile(r"film-\d{4,}\.(dcm|png|jpg|tif)")


@dataclass(frozen=True)
class DeidentifyOptions:
    """How films are written.

    `uids` makes new UIDs; with the same secret, another run gives the same ones. `map_path` is
    where to write which file became which; None = nowhere. `overwrite` replaces the films of an
    earlier run, all of them. `keep` are the profile's options: what DICOM files keep beside what
    the profile keeps.
    """

    uids: NewUids = field(default_factory=NewUids)
    map_path: Path | None = None
    overwrite: bool = False
    keep: frozenset[Keep] = frozenset()


@dataclass(frozen=True)
class Written:
    """A film that was written: its name in the folder, and what could not be judged."""

    name: str
    cautions: tuple[str, ...]


def deidentify(
    paths: Sequence[Path], out: Path, options: DeidentifyOptions | None = None
) -> Iterator[Written | ImageError]:
    """Write each film into the folder `out` without its patient; what came of it, in turn.

    The files are called film-0001.dcm and so on, by their place in `paths`. A file that cannot be
    read is an error in its place, which calls it by its number ("film 3"), and the others go on.

    Raises
    ------
    DeidentifyError
        Before any film is written: the folder holds something already, or one of the films; the
        map is there already. Later: the disk takes no more films; those written are whole.
    OSError
        The folder or the map cannot be written.
    """
    options = options or DeidentifyOptions()
    _prepare(paths, out, options)
    with MapFile(options.map_path) as mapping:
        for number, path in enumerate(paths, start=1):
            try:
                content, told = _content(path, f"film {number}"), f"film {number}"
                film = deidentified(content, told, options.uids, options.keep)
            except ImageError as error:
                mapping.add(path, "")
                yield error
                continue
            name = f"film-{number:04}.{film.ending}"
            mapping.add(path, name)
            _write(out / name, film.content)
            yield Written(name, film.cautions)


def deidentified(content: bytes, name: str, uids: NewUids, keep: Collection[Keep] = ()) -> Cleaned:
    """The film in the bytes of a DICOM, PNG, JPEG or TIFF file, without its patient.

    Parameters
    ----------
    content
        The whole file.
    name
        What messages call the film. Must not identify a patient.
    uids
        Where new UIDs come from; the same for all films that belong together.
    keep
        The profile's options: what a DICOM file keeps beside what the profile keeps.

    Raises
    ------
    UnreadableImage
        The file is damaged, too large, or no image.
    """
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableImage(f"{name}: more than {MAX_FILE_BYTES:,} bytes, which no film has.")
    kind = kind_of(content)
    if kind is None:
        raise UnreadableImage(
            f"{name}: not a film (found {describe(content)}; expected PNG, JPEG, TIFF or DICOM)."
        )
    if kind is Kind.DICOM:
        from plainfilm.deidentify.dicom import deidentified_dicom

        return deidentified_dicom(content, name, uids, keep)
    from plainfilm.deidentify.raster import deidentified_raster

    return deidentified_raster(content, kind, name)


def _prepare(paths: Sequence[Path], out: Path, options: DeidentifyOptions) -> None:
    """Refuse what must not be replaced; make the folder, free of an earlier run's films."""
    if out.exists() and not out.is_dir():
        raise DeidentifyError("what was named as the folder of the films is a file.")
    there = list(out.iterdir()) if out.is_dir() else []
    if there and not options.overwrite:
        raise DeidentifyError(
            f"the folder for the films holds {len(there)} files already; expected an empty one. "
            "Name another, or add --force to replace the films of an earlier run."
        )
    if any(path.resolve().parent == out.resolve() for path in paths):
        raise DeidentifyError("a film lies in the folder to be written to; name another folder.")
    if options.map_path is not None and options.map_path.exists() and not options.overwrite:
        raise DeidentifyError("the map is there already; name another, or add --force.")
    out.mkdir(parents=True, exist_ok=True)
    sweep(out)
    for path in there:
        if _OURS.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        raise DeidentifyError(
            f"{path.name}: cannot be written ({error.strerror}); the films before it are. Free the "
            "disk, and run the same command again with --force"
        ) from error


def _content(path: Path, name: str) -> bytes:
    try:
        if not path.is_file():  # opening a pipe would wait for ever for who writes into it
            raise UnreadableImage(f"{name}: no such file, or no file at all.")
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "path"
        raise UnreadableImage(f"{name}: cannot be opened ({reason}).") from error
