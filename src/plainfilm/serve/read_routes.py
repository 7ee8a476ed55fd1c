"""POST /v1/read: films in, what `plainfilm read` says of them out."""

import asyncio
import json
from collections.abc import Sequence
from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from plainfilm import reports
from plainfilm.errors import PlainfilmError
from plainfilm.reports import WRITERS, Report
from plainfilm.serve.asked import MEDIA_TYPES, Format, asked_from
from plainfilm.serve.documented import READ_BODY, READ_QUERY, READ_RESPONSES
from plainfilm.serve.house import House
from plainfilm.serve.problems import Problem, bad_request, problem_of, too_large
from plainfilm.serve.reading_room import Answer, item_json, read_films
from plainfilm.serve.stage import LoadedVersion
from plainfilm.serve.uploads import Upload, receive
from plainfilm.serve.workers import Deadline

DEADLINE_HEADER = "Request-Timeout"


def read_routes(house: House) -> APIRouter:
    """The route that reads films."""
    router = APIRouter(tags=["read"])

    @router.post("/v1/read", openapi_extra={"requestBody": READ_BODY, "parameters": READ_QUERY},
                 responses=READ_RESPONSES)  # fmt: skip
    async def read(request: Request) -> Response:
        """Read films: what each shows, where, and what cannot be judged.

        One film: its prediction, as `plainfilm read FILE --json` prints it. Several: an array in
        their order, in which a film that cannot be read has its problem in its place.
        """
        deadline = deadline_of(request, house.settings.timeout_s)
        with house.workers.place():
            limits = house.settings
            upload = await receive(
                request, max_bytes=limits.max_body_bytes, max_films=limits.max_films
            )
            asked = asked_from(upload.fields)
            chosen = house.version_for(asked.bundle, asked.version)
            with house.stage.holding(chosen) as version:
                if asked.format is not Format.JSON:
                    check_fits(asked.format, upload)
                found = await read_films(house, version, upload.films, asked, deadline)
                if upload.is_single and isinstance(found[0], Problem):
                    raise found[0]
                if asked.format is Format.JSON and upload.is_single and asked.is_plain:
                    body = _json_body(upload, found)  # sooner than another thread would begin
                elif asked.format is Format.JSON:  # not worth a turn among the films
                    body = await asyncio.to_thread(_json_body, upload, found)
                else:
                    body = await house.workers.reading.run(
                        lambda: _report_body(asked.format, found, version, upload), deadline
                    )
        headers = {"Plainfilm-Bundle": str(version.place)}
        return Response(body, headers=headers, media_type=MEDIA_TYPES[asked.format])

    return router


def deadline_of(request: Request, most_s: float) -> Deadline:
    """When the client stops waiting: its `Request-Timeout` header in seconds, at most `most_s`.

    Raises
    ------
    Problem
        400: the header is no positive number.
    """
    text = request.headers.get(DEADLINE_HEADER)
    if text is None:
        return Deadline.after(most_s)
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:  # written so that NaN fails
        raise bad_request(f"{DEADLINE_HEADER}: found {text[:20]!r}; expected seconds, more than 0")
    return Deadline.after(min(seconds, most_s))


def check_fits(wanted: Format, upload: Upload) -> None:
    """Raise the 413 `Problem` where a report of this kind cannot hold so many films."""
    most = reports.MOST_FILMS.get(f".{wanted}", len(upload.films))
    if len(upload.films) > most:
        films = "1 film" if most == 1 else f"{most} films"
        raise too_large(f"a report as {wanted} holds at most {films}; ask for json or csv")


def _json_body(upload: Upload, found: Sequence[Answer | Problem]) -> bytes:
    items = [item_json(film, each) for film, each in zip(upload.films, found, strict=True)]
    whole = items[0] if upload.is_single else items
    text = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8", errors="replace")


def _report_body(
    wanted: Format, found: Sequence[Answer | Problem], version: LoadedVersion, upload: Upload
) -> bytes:
    answers = [each for each in found if not isinstance(each, Problem)]
    problems = [each for each in found if isinstance(each, Problem)]
    if not answers:
        status, slug = HTTPStatus.UNPROCESSABLE_ENTITY, "unreadable-film"
        raise Problem(status, slug, f"none of {len(problems)} films could be read")
    bundle = version.reader.bundle
    report = Report(
        tuple(answer.prediction for answer in answers),
        tuple(answer.thumbnail for answer in answers if answer.thumbnail is not None),
        bundle.header,
        evaluation=bundle.evaluation,
        failures=tuple(problem.detail for problem in problems),
        is_single=upload.is_single,
        source=upload.films[0].content if upload.is_single else None,
    )
    try:
        return WRITERS[f".{wanted}"](report)
    except PlainfilmError as error:  # such a film cannot have such a report
        raise problem_of(error) from error
