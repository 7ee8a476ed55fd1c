"""What the OpenAPI document says beside the code: bodies of requests, and each status."""

from collections.abc import Mapping
from http import HTTPStatus

from plainfilm.serve.asked import FIELDS, Format, Maps
from plainfilm.serve.problems import MEDIA_TYPE as PROBLEM
from plainfilm.serve.schemas import FilmProblemBody, PredictionBody, ProblemBody
from plainfilm.serve.uploads import FILM_FIELD, FILM_TYPES

Json = dict[str, object]
Responses = dict[int | str, dict[str, object]]

_WORDS: Mapping[str, Json] = {
    "age": {"type": "number", "minimum": 0, "maximum": 130, "description": "of the patient, years"},
    "view": {"type": "string", "enum": ["PA", "AP", "LATERAL", "OBLIQUE"]},
    "body_part": {"type": "string", "description": "as in chest, knee"},
    "outside_population": {"type": "boolean", "description": "read films the bundle is not for"},
    "format": {"type": "string", "enum": [str(each) for each in Format], "default": "json"},
    "maps": {"type": "string", "enum": [str(each) for each in Maps], "default": "none"},
    "finding": {
        "type": "array",
        "items": {"type": "string"},
        "description": "whose maps are wanted; default: all",
    },
    "bundle": {"type": "string", "description": "which bundle reads"},
    "version": {"type": "string", "description": "its version in the repository, a whole number"},
}

_WHY = {
    400: "not such a request: a field is unknown or holds what it cannot",
    404: "no such thing",
    408: "the body came too slowly",
    409: "it is not in a state in which this can be done",
    413: "too many bytes, or too many films",
    415: "a type of content that is not taken",
    422: "the film cannot be read",
    500: "the bundle is broken, or plainfilm has a bug",
    503: "the queue is full, or no bundle is loaded yet; Retry-After tells when to come back",
    504: "the deadline passed before the film's turn came",
}


def problems(*statuses: int) -> Responses:
    """Responses of these statuses, each a problem (RFC 9457)."""
    schema = {"$ref": f"#/components/schemas/{ProblemBody.__name__}"}
    return {
        status: {
            "description": _WHY.get(status, HTTPStatus(status).phrase),
            "content": {PROBLEM: {"schema": schema}},
        }
        for status in statuses
    }


READ_QUERY: list[Json] = [
    {"name": name, "in": "query", "required": False, "schema": _WORDS[name]} for name in FIELDS
]

_FILMS: Json = {"type": "array", "items": {"type": "string", "format": "binary"}}

READ_BODY: Json = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": [FILM_FIELD],
                "properties": {FILM_FIELD: _FILMS, **_WORDS},
                "additionalProperties": False,
            }
        },
        **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in FILM_TYPES},
    },
}

_BINARY: Json = {"schema": {"type": "string", "format": "binary"}}
READ_RESPONSES: Responses = {
    200: {
        "model": PredictionBody | list[PredictionBody | FilmProblemBody],
        "description": "one prediction, or of several films an array; or the report asked for",
        "content": {
            "text/html": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
            "image/png": _BINARY,
        },
    },
    **problems(400, 404, 413, 415, 422, 500, 503, 504),
}
