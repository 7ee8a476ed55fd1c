"""The Open Inference Protocol v2: a bundle's graph itself, for tensors fitted by the caller or not.

No gate stands before it: what is asked is what the graph computes. /v1/read is for films.

References
----------
Open Inference Protocol v2, REST; Triton's extension "Binary Tensor Data".
"""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from time import monotonic, time_ns
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from plainfilm import __version__
from plainfilm.errors import PlainfilmError
from plainfilm.reading.facts import width
from plainfilm.reading.golden import output_shapes
from plainfilm.serve.documented import INFER_BODY, INFER_RESPONSES, problems
from plainfilm.serve.house import House
from plainfilm.serve.problems import Problem, problem_of, unavailable, wrong_type
from plainfilm.serve.read_routes import deadline_of
from plainfilm.serve.recording import INFERRED, Told, record
from plainfilm.serve.schemas import ModelBody, ModelReadyBody, ServerBody
from plainfilm.serve.stage import LoadedVersion
from plainfilm.serve.tensors import (
    FACTS,
    INPUT,
    LENGTH_HEADER,
    Array,
    InferRequest,
    request_from,
    response_body,
)
from plainfilm.serve.uploads import bounded, media_type_of
from plainfilm.serve.workers import Deadline

EXTENSIONS = ("binary_tensor_data", "model_repository")
# A body, how long its JSON is where bytes follow, and what to write down.
Answered = tuple[bytes, int | None, list[Told]]
_TAKEN = ("", "application/json", "application/octet-stream")


@dataclass(frozen=True)
class Named:
    """The model that a path names; version None = the server's choice."""

    name: str
    version: str | None = None


async def _named(name: str, version: str | None = None) -> Named:
    # Not the class itself: FastAPI would send each request to a thread and back to call it.
    return Named(name, version)


OfPath = Annotated[Named, Depends(_named)]


def oip_routes(house: House) -> APIRouter:
    """The routes of the protocol, each with and without a version."""
    router = APIRouter(prefix="/v2", tags=["open inference protocol"])

    @router.get("", response_model=ServerBody)
    async def server() -> dict[str, object]:
        """Who answers, and the protocol's extensions it knows."""
        return {"name": "plainfilm", "version": __version__, "extensions": list(EXTENSIONS)}

    async def metadata(named: OfPath) -> dict[str, object]:
        """The tensors a model takes and gives; -1 = any."""
        return model_json(house, house.version_for(named.name, named.version))

    async def ready(named: OfPath) -> dict[str, object]:
        """Whether a model answers; where it does not, why."""
        failed = house.loader.failures.get(f"{named.name}/{named.version or ''}".rstrip("/"))
        if failed is not None and named.name not in house.stage.casts:
            raise unavailable("not-ready", failed, 2)
        return {"name": house.version_for(named.name, named.version).place.name, "ready": True}

    async def infer(request: Request, named: OfPath) -> Response:
        """Run a model's graph on a batch of radiographs."""
        return await _infer(house, request, named)

    for path in ("/models/{name}", "/models/{name}/versions/{version}"):
        router.get(path, response_model=ModelBody, responses=problems(404, 503))(metadata)
        router.get(f"{path}/ready", response_model=ModelReadyBody,
                   responses=problems(404, 503))(ready)  # fmt: skip
        router.post(f"{path}/infer", responses=INFER_RESPONSES, response_class=Response,
                    openapi_extra=INFER_BODY)(infer)  # fmt: skip
    return router


def model_json(house: House, version: LoadedVersion) -> dict[str, object]:
    """A model's metadata as plain types.

    `facts` may be left out of a request, and then nothing is known; the protocol has no word for
    that.
    """
    names = version.reader.bundle.header.input.fact_names
    cast = house.stage.cast_of(version.place.name)
    shapes = output_shapes(version.reader.bundle.header)
    return {
        "name": version.place.name,
        "versions": [str(number) for number in sorted(cast.versions)],
        "platform": f"{version.reader.engine.name}_onnx",
        "inputs": [
            _tensor_json(INPUT, (1, -1, -1)),
            *([_tensor_json(FACTS, (width(names),))] if names else []),
        ],
        "outputs": [_tensor_json(name, shape) for name, shape in shapes.items()],
    }


async def _infer(house: House, request: Request, named: Named) -> Response:
    if media_type_of(request) not in _TAKEN or "content-encoding" in request.headers:
        raise wrong_type(f"expected {' or '.join(_TAKEN[1:])}, not encoded")
    deadline, limits = deadline_of(request, house.settings.timeout_s), house.settings
    json_length = request.headers.get(LENGTH_HEADER)
    with house.workers.place(), house.stage.holding(
        house.version_for(named.name, named.version)
    ) as version:  # fmt: skip
        content = b"".join([chunk async for chunk in bounded(request, limits.max_body_bytes)])
        began, began_ns = monotonic(), time_ns()

        def work() -> Answered:
            """The response's body, and what to write down of each radiograph, on a thread."""
            house.metrics.queue_seconds.observe(monotonic() - began)
            house.spans.past("wait", began_ns)
            n_facts = width(version.reader.bundle.header.input.fact_names)
            asked = request_from(content, json_length, max_films=limits.max_films, n_facts=n_facts)
            if asked.timeout_s is not None:
                Deadline(began + asked.timeout_s).check()
            found = _outputs(house, version, asked)
            lines = [] if house.audit is None else _lines(version, asked, found["probability"])
            return *response_body(_about(version), found, asked), lines

        running = house.workers.reading.run(work, deadline)
        body, length = await _recorded(house, version, content, running)
    place = version.place
    house.metrics.inferences.labels(place.name, place.version, "tensor").inc()
    headers = {"Plainfilm-Bundle": str(place)}
    if length is None:
        return Response(body, headers=headers, media_type="application/json")
    headers[LENGTH_HEADER] = str(length)
    return Response(body, headers=headers, media_type="application/octet-stream")


async def _recorded(
    house: House, version: LoadedVersion, content: bytes, work: Awaitable[Answered]
) -> tuple[bytes, int | None]:
    """The work's response, once what came of it is written down."""
    try:
        body, length, lines = await work
    except (Problem, PlainfilmError) as error:
        problem = error if isinstance(error, Problem) else problem_of(error)
        await record(house, version, Told(content, problem.slug))
        raise problem from error
    for line in lines:
        await record(house, version, line)
    return body, length


def _lines(version: LoadedVersion, asked: InferRequest, probabilities: Array) -> list[Told]:
    """What to write down of each radiograph, which is named by the SHA-256 of its float32."""
    header = version.reader.bundle.header
    names = [finding.name for finding in header.label_set.findings]
    return [
        Told(
            radiograph.astype("<f4").tobytes(),
            INFERRED,
            dict(zip(names, map(float, found), strict=True)),
            dict(header.thresholds),
        )
        for radiograph, found in zip(asked.radiographs, probabilities, strict=True)
    ]


def _outputs(house: House, version: LoadedVersion, asked: InferRequest) -> Mapping[str, Array]:
    place = version.place
    with house.metrics.compute_seconds.labels(
        place.name, place.version
    ).time(), house.spans.span("infer", bundle=str(place)):  # fmt: skip
        found = version.reader.engine.run(asked.radiographs, asked.facts)
    values = {"probability": found.probability, "score": found.score, "map": found.map,
              "familiarity": found.familiarity}  # fmt: skip
    return {name: value for name, value in values.items() if value is not None}


def _about(version: LoadedVersion) -> dict[str, object]:
    return {"model_name": version.place.name, "model_version": str(version.place.version)}


def _tensor_json(name: str, shape: tuple[int, ...]) -> dict[str, object]:
    return {"name": name, "datatype": "FP32", "shape": [-1, *shape]}
