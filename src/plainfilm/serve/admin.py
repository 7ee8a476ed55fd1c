"""The administrators' app, for a port of its own: metrics, and what is loaded.

The repository routes are Triton's extension of the Open Inference Protocol, "Model Repository".
Loading what lies in a folder is the door through which a stranger would come: keep the port closed
to the outside.
"""

import json

from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from plainfilm import __version__
from plainfilm.errors import PlainfilmError
from plainfilm.serve.app import tell_problems
from plainfilm.serve.bundle_routes import bundle_json
from plainfilm.serve.documented import LOAD_BODY, Responses, problems
from plainfilm.serve.guards import add_guards
from plainfilm.serve.health_routes import health_routes
from plainfilm.serve.house import House
from plainfilm.serve.problems import bad_request, not_found
from plainfilm.serve.schemas import IndexRowBody
from plainfilm.serve.stage import Place, State
from plainfilm.serve.tracing import OURS_ALONE
from plainfilm.serve.uploads import bounded
from plainfilm.serve.watching import Watch

MAX_BODY_BYTES = 2**16
_PAGE: Responses = {
    200: {"description": "metrics", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


def create_admin_app(app: FastAPI) -> FastAPI:
    """The administrators' app of a server, whose house it shares and whose life it does not."""
    house: House = app.state.house
    admin = FastAPI(
        title="plainfilm admin",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        **OURS_ALONE,
    )
    admin.state.house = house
    admin.include_router(health_routes(house))
    admin.include_router(_metrics_routes(house))
    admin.include_router(_repository_routes(house))
    add_guards(admin, house.settings.guards, max_body_bytes=MAX_BODY_BYTES)
    admin.add_middleware(Watch, house=house)
    tell_problems(admin)
    return admin


def _metrics_routes(house: House) -> APIRouter:
    router = APIRouter(tags=["metrics"])

    @router.get("/metrics", responses=_PAGE, response_class=Response)
    async def metrics() -> Response:
        """What is counted and timed, for Prometheus."""
        return Response(house.metrics_page(), media_type=CONTENT_TYPE_LATEST)

    return router


def _repository_routes(house: House) -> APIRouter:
    router = APIRouter(prefix="/v2/repository", tags=["repository"])
    told = problems(400, 404)

    @router.post("/index", response_model=list[IndexRowBody], response_model_exclude_none=True)
    async def index() -> list[dict[str, object]]:
        """Every version that answers, leaves or failed, with the reason."""
        return index_json(house)

    @router.post("/models/{name}/load", responses=told, openapi_extra=LOAD_BODY)
    async def load(name: str, request: Request) -> dict[str, object]:
        """Load a bundle's newest and labelled versions, or the one in `parameters.version`.

        Where that fails, what answered before still does.
        """
        version = await _version(request)
        try:
            await house.loader.load(name, version)
        except PlainfilmError as error:
            raise bad_request(str(error)) from error
        return bundle_json(house, name)

    @router.post("/models/{name}/unload", responses=told, openapi_extra=LOAD_BODY)
    async def unload(name: str, request: Request) -> dict[str, object]:
        """Let a bundle's versions go, or the one in `parameters.version`, when none is in use."""
        version = await _version(request)
        if name not in house.stage.casts:
            raise not_found(f"not loaded; there are {', '.join(house.stage.casts) or 'none'}")
        await house.loader.unload(name, version)
        return bundle_json(house, name)

    return router


def index_json(house: House) -> list[dict[str, object]]:
    """The repository's index as plain types, one row for each version."""
    rows: dict[str, tuple[State, str]] = {
        str(place): (State.UNAVAILABLE, why) for place, why in house.loader.failures.items()
    }
    for version in house.stage.leaving:
        rows[str(version.place)] = (State.DRAINING, f"{version.in_flight} requests hold it")
    for cast in house.stage.casts.values():
        for version in cast.versions.values():
            rows[str(version.place)] = (State.READY, rows.get(str(version.place), (None, ""))[1])
    index: list[dict[str, object]] = []
    for place, (state, reason) in sorted(rows.items(), key=lambda row: _order(row[0])):
        name, _, version_text = place.partition("/")
        index.append({"name": name, "version": version_text, "state": state, "reason": reason})
    return index


def _order(place: str) -> Place:
    name, _, version = place.partition("/")
    return Place(name, int(version or 0))


async def _version(request: Request) -> int | None:
    body = b"".join([chunk async for chunk in bounded(request, MAX_BODY_BYTES)])
    try:
        asked = json.loads(body or b"{}")
        version = asked.get("parameters", {}).get("version")
    except (ValueError, RecursionError, AttributeError) as error:
        raise bad_request("expected a JSON object, or nothing") from error
    if version is None:
        return None
    if type(version) is not int or not 0 < version < 10**9:
        raise bad_request("parameters.version: expected a whole number from 1")
    return version
