"""Files in, radiographs out: `read_radiograph` tells formats apart by content, not by ending.

PNG, JPEG, TIFF and DICOM (CR, DX, RG). What cannot become a radiograph is refused with a reason:
`UnreadableImage` or `NotARadiograph`, both `ImageError`; nothing else is raised for what a file
holds. How samples become luminance is written in docs/concepts/displayed-pixels.md.
"""

import stat
from pathlib import Path

from plainfilm.errors import UnreadableImage
from plainfilm.images.content import Kind, describe, kind_of
from plainfilm.images.guard import MAX_FILE_BYTES, MAX_PIXELS, MAX_SIDE
from plainfilm.radiograph import Radiograph

__all__ = [
    "MAX_FILE_BYTES",
    "MAX_PIXELS",
    "MAX_SIDE",
    "film_bytes",
    "read_radiograph",
    "read_radiograph_bytes",
]


def read_radiograph(path: Path | str, *, name: str | None = None) -> Radiograph:
    """The film in a PNG, JPEG, TIFF or DICOM file, as it would be displayed.

    Parameters
    ----------
    path
        The file; its ending does not matter.
    name
        What messages, reports and logs call the film; None = the file's name without its folder.

    Raises
    ------
    UnreadableImage
        The file is missing, damaged, cut off, too large, or no image; or it is no file but a
        folder, a pipe, a device.
    NotARadiograph
        It is an image, but no plain film: a CT slice, several frames, a colour photograph.
    """
    path = Path(path)
    name = path.name if name is None else name
    return read_radiograph_bytes(film_bytes(path, name), name)


def film_bytes(path: Path, name: str) -> bytes:
    """What a file holds, for `read_radiograph_bytes`.

    Of one larger than any film there is just more than `MAX_FILE_BYTES`. `name` is what messages
    call it.

    Raises
    ------
    UnreadableImage
        The file is missing or cannot be opened; or it is no file but a folder, a pipe, a device.
    """
    try:
        _check_kind(path.stat().st_mode, name)
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise UnreadableImage(f"{name}: no such file.") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise UnreadableImage(f"{name}: cannot be opened ({reason}).") from error


def read_radiograph_bytes(content: bytes, name: str) -> Radiograph:
    """The film in the bytes of a PNG, JPEG, TIFF or DICOM file; as `read_radiograph`.

    Parameters
    ----------
    content
        The whole file.
    name
        What messages, reports and logs call the film. Must not identify a patient.

    Raises
    ------
    UnreadableImage, NotARadiograph
        As `read_radiograph`.
    """
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableImage(
            f"{name}: more than {MAX_FILE_BYTES:,} bytes, which no plain film has."
        )
    kind = kind_of(content)
    if kind is None:
        raise UnreadableImage(
            f"{name}: not a film (found {describe(content)}; expected PNG, JPEG, TIFF or DICOM)."
        )
    if kind is Kind.DICOM:
        # Not at the top: parser and codecs take longer to import than a PNG film takes to read.
        from plainfilm.images.dicom import read_dicom

        return read_dicom(content, name)
    from plainfilm.images.raster import read_raster

    return read_raster(content, name)


def _check_kind(mode: int, name: str) -> None:
    if stat.S_ISREG(mode):
        return
    # Opening a pipe would wait for ever for who writes into it.
    what = "a folder" if stat.S_ISDIR(mode) else "no file but a pipe, a socket or a device"
    raise UnreadableImage(f"{name}: {what}; expected one PNG, JPEG, TIFF or DICOM file.")
