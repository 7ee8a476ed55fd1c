"""What the OpenAPI document says beside the code: bodies of requests, and each status."""

from collections.abc import Mapping
from http import HTTPStatus

from plainfilm.serve.asked import FIELDS, Format, Maps, Reported
from plainfilm.serve.auth import KEY_HEADER, needed_scope
from plainfilm.serve.guards import Guards
from plainfilm.serve.keys import Scope
from plainfilm.serve.problems import MEDIA_TYPE as PROBLEM
from plainfilm.serve.schemas import FilmProblemBody, InferBody, PredictionBody, ProblemBody
from plainfilm.serve.uploads import FILM_FIELD, FILM_TYPES

Json = dict[str, object]
Responses = dict[int | str, dict[str, object]]

_WORDS: Mapping[str, Json] = {
    "age": {"type": "number", "minimum": 0, "maximum": 130, "description": "of the patient, years"},
    "view": {"type": "string", "enum": ["PA", "AP", "LATERAL", "OBLIQUE"]},
    "body_part": {"type": "string", "description": "as in chest, knee"},
    "sex": {"type": "string", "enum": ["F", "M"], "description": "of the patient"},
    "outside_population": {"type": "boolean", "description": "read films the bundle is not for"},
    "format": {"type": "string", "enum": [str(each) for each in Format], "default": "json"},
    "maps": {"type": "string", "enum": [str(each) for each in Maps], "default": "none"},
    "report": {
        "type": "string",
        "enum": [str(each) for each in Reported],
        "default": "none",
        "description": "a report of each film beside its findings",
    },
    "finding": {
        "type": "array",
        "items": {"type": "string"},
        "description": "whose maps are wanted; default: all",
    },
    "bundle": {"type": "string", "description": "which bundle reads"},
    "version": {"type": "string", "description": "its version in the repository, a whole number"},
}

_WHY = {
    401: "no key or token that counts",
    403: "the key or token is not for this, or a page of another site sent it",
    429: "too many requests of one caller; Retry-After tells when to come back",
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


def completed(document: Json) -> Json:
    """An OpenAPI document with the problems' schema, and without the framework's own errors."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {}) if isinstance(components, dict) else {}
    schemas[ProblemBody.__name__] = ProblemBody.model_json_schema()
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    paths = document["paths"]
    for operations in paths.values() if isinstance(paths, dict) else ():
        for operation in operations.values():
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                del operation["responses"]["422"]  # they are told as 400
    return document


def guarded(document: Json, guards: Guards) -> Json:
    """An OpenAPI document with what comes of a server's guards: keys, and their statuses."""
    components, paths = document["components"], document["paths"]
    if guards.auth.is_on and isinstance(components, dict):
        components["securitySchemes"] = _SCHEMES
    for path, operations in paths.items() if isinstance(paths, dict) else ():
        for method, operation in operations.items():
            scope = needed_scope(method.upper(), path) if guards.auth.is_on else None
            if guards.auth.is_on:
                operation["security"] = [] if scope is None else [{name: []} for name in _SCHEMES]
            told = operation["responses"]
            foreign = [] if method == "get" else [403]  # what another site's page sends
            for status, response in problems(
                *_statuses(operation, scope, guards), *foreign
            ).items():
                told.setdefault(str(status), response)
    return document


def _statuses(operation: Mapping[str, object], scope: Scope | None, guards: Guards) -> list[int]:
    """What a guard answers in the place of a route."""
    slow = [408] if "requestBody" in operation else []
    unknown = [] if scope is None else [401, 403, 503]
    return [*slow, *unknown, *([] if guards.rate_per_s is None else [429])]


_SCHEMES: Json = {
    "key": {"type": "apiKey", "in": "header", "name": KEY_HEADER},
    "bearer": {"type": "http", "scheme": "bearer", "description": "a key, or the issuer's token"},
}

_DEADLINE: Json = {
    "name": "Request-Timeout",
    "in": "header",
    "required": False,
    "schema": {"type": "number", "exclusiveMinimum": 0},
    "description": "seconds that the client waits; then 504, and no thread is spent",
}
JOB_QUERY: list[Json] = [
    {"name": name, "in": "query", "required": False, "schema": _WORDS[name]} for name in FIELDS
]
READ_QUERY: list[Json] = [*JOB_QUERY, _DEADLINE]

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
            "application/dicom": _BINARY,
        },
    },
    **problems(400, 404, 413, 415, 422, 500, 503, 504),
}

_TENSOR: Json = {
    "type": "object",
    "required": ["name", "shape", "datatype"],
    "properties": {
        "name": {"type": "string", "enum": ["radiographs", "facts"]},
        "shape": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 4},
        "datatype": {"type": "string", "enum": ["FP32"]},
        "data": {"type": "array", "items": {}},
        "parameters": {"type": "object"},
    },
}
INFER_BODY: Json = {
    "parameters": [
        _DEADLINE,
        {
            "name": "Inference-Header-Content-Length",
            "in": "header",
            "required": False,
            "schema": {"type": "integer", "minimum": 1},
            "description": "bytes of JSON at the body's start, where tensors follow as bytes",
        },
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["inputs"],
                    "properties": {
                        "id": {"type": "string", "maxLength": 256},
                        "inputs": {"type": "array", "items": _TENSOR, "minItems": 1, "maxItems": 2},
                        "outputs": {"type": "array", "items": {"type": "object"}},
                        "parameters": {"type": "object"},
                    },
                }
            },
            "application/octet-stream": _BINARY,
        },
    },
}
INFER_RESPONSES: Responses = {
    200: {
        "description": "the outputs, as JSON or as bytes after it",
        "model": InferBody,
        "content": {"application/octet-stream": _BINARY},
    },
    **problems(400, 404, 413, 415, 500, 503, 504),
}
LOAD_BODY: Json = {
    "requestBody": {
        "required": False,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "parameters": {
                            "type": "object",
                            "properties": {"version": {"type": "integer", "minimum": 1}},
                        }
                    },
                }
            }
        },
    }
}
JOB_HEADER: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
    "description": "the same key and content give the same job",
}
JOB_REPORT: Responses = {
    200: {
        "description": "the report",
        "content": {"text/html": {"schema": {"type": "string"}}, "image/png": _BINARY},
    }
}
JOB_RESULTS: Responses = {
    200: {
        "description": "a line of JSON for each film: its index, and its prediction or problem",
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}
