"""GET /v1/bundles and below: what is served, and the cards."""

from fastapi import APIRouter, Response

from plainfilm.serve.documented import Responses, problems
from plainfilm.serve.house import House
from plainfilm.serve.schemas import ServedBundlesBody
from plainfilm.serve.stage import Cast, LoadedVersion, State

_MARKDOWN = "text/markdown; charset=utf-8"
_CARD: Responses = {
    200: {"description": "the card", "content": {"text/markdown": {"schema": {"type": "string"}}}}
}


def bundle_routes(house: House) -> APIRouter:
    """The routes that say what is served."""
    router = APIRouter(tags=["bundles"])

    @router.get("/v1/bundles", response_model=ServedBundlesBody)
    async def bundles() -> dict[str, object]:
        """Every bundle served: its versions, those that could not be loaded with the reason."""
        names = sorted({*house.stage.casts, *(p.split("/")[0] for p in house.loader.failures)})
        return {
            "default": house.default_name,
            "bundles": [bundle_json(house, name) for name in names],
        }

    @router.get("/v1/bundles/{name}/card", responses={**_CARD, **problems(404, 503)},
                response_class=Response)  # fmt: skip
    async def card(name: str) -> Response:
        """The card of the version that answers when none is named (Markdown)."""
        return _card(house.stage.version_of(name, None, 1.0))

    @router.get("/v1/bundles/{name}/versions/{version}/card",
                responses={**_CARD, **problems(404, 503)}, response_class=Response)  # fmt: skip
    async def version_card(name: str, version: str) -> Response:
        """The card of a version (Markdown)."""
        return _card(house.stage.version_of(name, version, 1.0))

    return router


def bundle_json(house: House, name: str) -> dict[str, object]:
    """A bundle's versions and labels as plain types."""
    cast = house.stage.casts.get(name, Cast({}))
    policy, versions = cast.policy, []
    for number, version in sorted(cast.versions.items()):
        found = version.reader.bundle.id
        row = {"version": number, "state": State.READY, "sha256": found.sha256}
        versions.append(
            {**row, "bundle_version": found.version, "engine": version.reader.engine.name}
        )
    for place, reason in house.loader.failures.items():
        of, _, number_text = place.partition("/")
        if of == name and number_text and int(number_text) not in cast.versions:
            row = {"version": int(number_text), "state": State.UNAVAILABLE}
            versions.append({**row, "reason": reason})
    return {
        "name": name,
        "stable": policy.stable,
        "canary": policy.canary,
        "percent": policy.percent,
        "shadow": policy.shadow,
        "versions": versions,
    }


def _card(version: LoadedVersion) -> Response:
    header = {"Plainfilm-Bundle": str(version.place), "X-Content-Type-Options": "nosniff"}
    return Response(version.reader.bundle.card.encode(), headers=header, media_type=_MARKDOWN)
