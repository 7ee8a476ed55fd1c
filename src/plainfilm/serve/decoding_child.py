"""The process that decodes: films in on stdin, pixels out on stdout, one after the other.

Run as `python -m plainfilm.serve.decoding_child MEMORY_BYTES SECONDS SHARED`; `decoding.Decoders`
starts it and judges what it answers. SHARED is the file descriptor of the memory where pixels go
(`shared_pixels`); -1 = they follow the header. It writes nothing else anywhere: a codec's messages
go nowhere.
"""

import json
import os
import sys
from dataclasses import asdict
from typing import BinaryIO

from plainfilm.errors import ImageError, NotARadiograph
from plainfilm.images import dicom, raster, read_radiograph_bytes
from plainfilm.serve.confinement import Limits, allow_seconds, confine, stay_private
from plainfilm.serve.film_wire import SIZES, header_of
from plainfilm.serve.shared_pixels import NOWHERE, Giver

_ = (dicom, raster)  # imported now: under the limits it would cost every film a second
_NONE = memoryview(b"")


def answer(content: bytes, name: str) -> tuple[dict[str, object], memoryview]:
    """The header and the pixels of a film; or the name of the error, its words, and no pixels."""
    try:
        film = read_radiograph_bytes(content, name)
        return header_of(film), film.pixels.data.cast("B")
    except NotARadiograph as error:
        return {"error": "NotARadiograph", "words": str(error)}, _NONE
    except ImageError as error:
        return {"error": "UnreadableImage", "words": str(error)}, _NONE
    except MemoryError:
        words = f"{name}: decoding takes more memory than one film may"
        return {"error": "UnreadableImage", "words": words}, _NONE
    except Exception as error:  # noqa: BLE001 - here the film ends, not the process
        words = f"{name}: cannot be decoded ({type(error).__name__})"
        return {"error": "UnreadableImage", "words": words}, _NONE


def main() -> None:
    """Answer films until stdin ends."""
    limits = Limits(int(sys.argv[1]), float(sys.argv[2]))
    films, answers = sys.stdin.buffer, _own_output()
    shared = int(sys.argv[3])
    giver = None if shared == NOWHERE else Giver(shared)
    stay_private()
    _send(answers, {"enforced": asdict(confine(limits))}, _NONE)
    while sizes := films.read(SIZES.size):
        n_name, n_content = SIZES.unpack(sizes)
        allow_seconds(limits.seconds)
        name = films.read(n_name).decode()
        _send(answers, *answer(films.read(n_content), name), giver)


def _own_output() -> BinaryIO:
    """What stdout was; from here on, whatever a codec prints there is lost."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)
    return answers


def _send(
    answers: BinaryIO, header: dict[str, object], pixels: memoryview, giver: Giver | None = None
) -> None:
    words = json.dumps(header).encode()
    words += b" " * (-len(words) % SIZES.size)  # so that the pixels lie where numpy likes them
    if giver is not None:
        giver.give(pixels)
    answers.write(SIZES.pack(len(words), len(pixels)) + words)
    if giver is None:
        answers.write(pixels)
    answers.flush()


if __name__ == "__main__":
    main()
