"""What a client did or met, as RFC 9457 writes it, with the `error` member that OIP v2 asks for.

References
----------
RFC 9457, Problem Details for HTTP APIs. Open Inference Protocol v2, REST, "Error Response".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from plainfilm.errors import BundleError, ImageError, PlainfilmError, ServerBusy

MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:plainfilm:problem:"


@dataclass(eq=False)
class Problem(Exception):
    """A request that is not answered as it was asked; `detail` says what to do.

    Parameters
    ----------
    status
        The HTTP status, 4xx or 5xx.
    slug
        What kind it is, in a word that programs can compare.
    detail
        One line for a person; nothing of a patient.
    headers
        To go with the response, such as Retry-After.
    """

    status: HTTPStatus
    slug: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """The body: `type`, `title`, `status`, `detail`, and `error` for OIP clients."""
        return {
            "type": _TYPE + self.slug,
            "title": self.status.phrase,
            "status": int(self.status),
            "detail": self.detail,
            "error": self.detail,
        }

    def as_response(self) -> Response:
        """The response that tells it."""
        body = json.dumps(self.as_json(), ensure_ascii=False).encode("utf-8", errors="replace")
        return Response(body, self.status, dict(self.headers), MEDIA_TYPE)


def problem_of(error: PlainfilmError) -> Problem:
    """A refusal of ours as a problem: the client's film (422), or our bundle (500)."""
    if isinstance(error, ImageError):
        return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "unreadable-film", str(error))
    if isinstance(error, ServerBusy):
        return unavailable("busy", str(error))
    if isinstance(error, BundleError):
        return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "broken-bundle", str(error))
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "refused", str(error))


def bad_request(detail: str) -> Problem:
    """400: the request is not what this place takes."""
    return Problem(HTTPStatus.BAD_REQUEST, "bad-request", detail)


def not_found(detail: str) -> Problem:
    """404: there is no such thing."""
    return Problem(HTTPStatus.NOT_FOUND, "not-found", detail)


def wrong_type(detail: str) -> Problem:
    """415: the content is of a type that this place does not take."""
    return Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "wrong-type", detail)


def too_large(detail: str) -> Problem:
    """413: more than this place takes."""
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", detail)


def unavailable(slug: str, detail: str, retry_after_s: int = 1) -> Problem:
    """503: not now; come back after so many seconds."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE, slug, detail, {"Retry-After": str(retry_after_s)}
    )


def a_bug() -> Problem:
    """500: a bug of ours; what it was stands in the log alone."""
    detail = "plainfilm met a bug; the server's log has it under the X-Request-Id"
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "bug", detail)


async def tell_problem(_: Request, error: Exception) -> Response:
    """The response to a `Problem`, as FastAPI's handlers are shaped."""
    if not isinstance(error, Problem):
        raise error
    return error.as_response()


async def tell_http_error(_: Request, error: Exception) -> Response:
    """The response to what the framework refuses: an unknown path, a wrong method."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    slug = status.phrase.lower().replace(" ", "-")
    return Problem(status, slug, str(error.detail), error.headers or {}).as_response()


async def tell_invalid(_: Request, error: Exception) -> Response:
    """The response to parameters that are not what the route takes; their values are not told."""
    if not isinstance(error, RequestValidationError):
        raise error
    found = error.errors()[0]
    place = ".".join(str(part) for part in found["loc"])
    return bad_request(f"{place}: {found['msg']}").as_response()
