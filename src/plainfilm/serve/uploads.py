"""A request's body in, films and options out; nothing of it touches the disk."""

import sys
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from plainfilm.images.content import Kind, kind_of
from plainfilm.serve.problems import Problem, bad_request, too_large, wrong_type

FILM_FIELD = "film"
ANY_TYPE = "application/octet-stream"
FILM_TYPES: Mapping[str, Kind | None] = {
    "application/dicom": Kind.DICOM,
    "image/png": Kind.PNG,
    "image/jpeg": Kind.JPEG,
    "image/tiff": Kind.TIFF,
    ANY_TYPE: None,
}
_MULTIPART = "multipart/form-data"
_MAX_FIELDS = 64
_MAX_FIELD_BYTES = 4096
_MAX_NAME = 200


@dataclass(frozen=True, eq=False)
class Film:
    """A film as it was sent: what the answer calls it, its bytes, and what it was said to be."""

    name: str
    content: bytes
    media_type: str

    def check_type(self) -> None:
        """Raise the 415 `Problem` where it is not said to be a film, or said to be another kind."""
        if self.media_type not in FILM_TYPES:
            raise wrong_type(_untaken(f"{self.name}: "))
        expected, found = FILM_TYPES[self.media_type], kind_of(self.content)
        if expected is not None and found is not None and expected is not found:
            raise wrong_type(
                f"{self.name}: said to be {self.media_type}, but it is {found}; send it as what it "
                f"is, or as {ANY_TYPE}"
            )


@dataclass(frozen=True, eq=False)
class Upload:
    """The films of a request, and the fields beside them, each with all its values.

    `is_single` = one film came as the whole body, or alone: the answer is one object.
    """

    films: tuple[Film, ...]
    fields: Mapping[str, tuple[str, ...]]

    @property
    def is_single(self) -> bool:
        """Whether one film alone was asked for."""
        return len(self.films) == 1


async def receive(request: Request, *, max_bytes: int, max_films: int) -> Upload:
    """The films and fields of a request: multipart/form-data, or one film as the body.

    Fields may stand in the query as well. Films are called as their files, without a folder; a
    second one of the same name gets "#2".

    Raises
    ------
    Problem
        400: not such a body, no film, or a field is wrong; 413: too many bytes or films; 415:
        another type of content.
    """
    media_type = media_type_of(request)
    query = request.query_params.multi_items()
    if len(query) > _MAX_FIELDS:
        raise bad_request(f"{len(query)} fields in the query; expected at most {_MAX_FIELDS}")
    if media_type == _MULTIPART:
        films, fields = await _parts(request, max_bytes=max_bytes, max_films=max_films)
    elif media_type in FILM_TYPES:
        body = b"".join([chunk async for chunk in bounded(request, max_bytes)])
        films, fields = [Film("film", body, media_type)], []
    else:
        raise wrong_type(_untaken(""))
    if not films:
        raise bad_request(f"no film in it; expected at least one file in the field {FILM_FIELD!r}")
    gathered: dict[str, tuple[str, ...]] = {}
    for key, value in [*query, *fields]:
        gathered[key] = (*gathered.get(key, ()), value)
    return Upload(tuple(_told_apart(films)), gathered)


async def _parts(
    request: Request, *, max_bytes: int, max_films: int
) -> tuple[list[Film], list[tuple[str, str]]]:
    _check_charset(request)
    parser = MultiPartParser(
        request.headers,
        bounded(request, max_bytes),
        max_files=max_films + 1,
        max_fields=_MAX_FIELDS,
        max_part_size=_MAX_FIELD_BYTES,
    )
    parser.spool_max_size = sys.maxsize  # in memory, whatever comes
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise _refusal(error, max_films) from error
    films: list[Film] = []
    fields: list[tuple[str, str]] = []
    try:
        for key, value in form.multi_items():
            if isinstance(value, UploadFile):
                films.append(await _film(key, value))
            else:
                fields.append((key, value))
    finally:
        await form.close()
    if len(films) > max_films:
        raise too_large(f"more than {max_films} films; send fewer, or several requests")
    return films, fields


def _check_charset(request: Request) -> None:
    # Python knows codecs that are no character sets, slow ones, and ones that fail in ways of
    # their own; the form's standard knows one (RFC 7578, section 5.1.2).
    _, parameters = parse_options_header(request.headers["content-type"])
    charset = parameters.get(b"charset", b"utf-8")
    if charset.lower() not in (b"utf-8", b"utf8", b"us-ascii"):
        raise wrong_type("a form in another character set; expected UTF-8")


async def _film(key: str, part: UploadFile) -> Film:
    if key != FILM_FIELD:
        raise bad_request(f"a file in the field {key[:40]!r}; expected films in {FILM_FIELD!r}")
    media_type = (part.content_type or ANY_TYPE).split(";")[0].strip().lower()
    return Film(_name(part.filename or ""), await part.read(), media_type)


async def bounded(request: Request, max_bytes: int) -> AsyncGenerator[bytes, None]:
    """The body in pieces; the 413 `Problem` as soon as it is longer than `max_bytes`."""
    n_bytes = 0
    async for chunk in request.stream():
        n_bytes += len(chunk)
        if n_bytes > max_bytes:
            raise too_large(f"more than {max_bytes} bytes; send fewer films at once")
        yield chunk


def media_type_of(request: Request) -> str:
    """What the body is said to be, without parameters; empty = not said."""
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


def _untaken(whose: str) -> str:
    return f"{whose}of a type that is not taken; expected {_MULTIPART}, {', '.join(FILM_TYPES)}"


def _refusal(error: MultiPartException, max_films: int) -> Problem:
    if "Too many files" in error.message:
        return too_large(f"more than {max_films} films; send fewer, or several requests")
    return bad_request(f"not the multipart/form-data that was announced ({error.message})")


def _name(filename: str) -> str:
    # Some clients send a path, of their own system; only its last part is a name.
    last = PurePosixPath(PureWindowsPath(filename).name).name
    return last[:_MAX_NAME] or "film"


def _told_apart(films: list[Film]) -> list[Film]:
    times: Counter[str] = Counter()
    told: list[Film] = []
    for film in films:
        times[film.name] += 1
        n = times[film.name]
        told.append(film if n == 1 else Film(f"{film.name} #{n}", film.content, film.media_type))
    return told
