"""Whether the process lives, and whether it can answer: /ping and /v2/health."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from plainfilm.serve.documented import Responses
from plainfilm.serve.house import House

_NOT_READY: Responses = {503: {"description": "not ready; the body says why"}}


def health_routes(house: House) -> APIRouter:
    """The routes that probes ask."""
    router = APIRouter(tags=["health"])

    @router.get("/ping")
    @router.get("/v2/health/live")
    async def live() -> dict[str, bool]:
        """The process lives, whether or not a bundle is loaded."""
        return {"live": True}

    @router.get("/ready", responses=_NOT_READY)
    @router.get("/v2/health/ready", responses=_NOT_READY)
    async def ready() -> JSONResponse:
        """Whether a film would be answered; where not, why. OIP's own text has `live` too."""
        reason = house.unready
        body = {"ready": reason is None, "live": True, "reason": reason}
        failures = dict(house.loader.failures)
        headers = {} if reason is None else {"Retry-After": "2"}
        return JSONResponse({**body, "failures": failures}, 503 if reason else 200, headers)

    return router
