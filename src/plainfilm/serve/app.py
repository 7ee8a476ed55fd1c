"""The ASGI app: `create_app(settings)`, and beside it the app for administrators.

Both share a `House`, at `app.state.house`. Bundles load after the start, so that /ping answers at
once; /v2/health/ready says when, or why not.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from plainfilm import __version__
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.engine import check_installed
from plainfilm.serve import problems
from plainfilm.serve.audit_log import AuditLog
from plainfilm.serve.bundle_routes import bundle_routes
from plainfilm.serve.decoding import Decoders
from plainfilm.serve.documented import completed, guarded
from plainfilm.serve.guards import add_guards
from plainfilm.serve.health_routes import health_routes
from plainfilm.serve.house import Decode, House
from plainfilm.serve.job_routes import job_routes
from plainfilm.serve.jobs import Jobs
from plainfilm.serve.loading import Loader, ReaderMaker
from plainfilm.serve.metrics import Metrics
from plainfilm.serve.oip_routes import oip_routes
from plainfilm.serve.own_page import read_own_page
from plainfilm.serve.page import page_routes
from plainfilm.serve.read_routes import read_routes
from plainfilm.serve.settings import ServeSettings
from plainfilm.serve.shortage import told_as_busy
from plainfilm.serve.sources import open_source
from plainfilm.serve.stage import Stage
from plainfilm.serve.tracing import OURS_ALONE, spans_of
from plainfilm.serve.watching import Watch
from plainfilm.serve.workers import Workers

log = logging.getLogger(__name__)


def create_app(settings: ServeSettings | None = None) -> FastAPI:
    """The app that reads films over HTTP.

    Raises
    ------
    BundleError
        There is nothing at `settings.source`.
    MissingExtra
        The engine is not installed.
    OwnPageError
        The house's page.toml says something wrong.
    """
    settings = settings or ServeSettings()
    own = None if settings.page is None else read_own_page(settings.page)
    decoders = Decoders(
        settings.n_workers, limits=settings.guards.decoding, max_bytes=settings.max_body_bytes
    )
    house = _house(settings, told_as_busy(decoders.read))
    house.spans = spans_of()
    if settings.guards.audit_log is not None:
        house.audit = AuditLog(settings.guards.audit_log, strict=settings.guards.audit_strict)
    jobs = Jobs(house, max_running=settings.max_jobs, ttl_s=settings.job_ttl_s)
    app = FastAPI(
        title="plainfilm",
        version=__version__,
        description="Reads plain X-ray films. Not a medical device.",
        lifespan=lambda _: _living(house, jobs, decoders),
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        **OURS_ALONE,
    )
    app.state.house = house
    for routes in (health_routes, read_routes, oip_routes, bundle_routes):
        app.include_router(routes(house))
    if settings.max_jobs:
        app.include_router(job_routes(house, jobs))
    app.include_router(page_routes(lambda name: _bundle(house, name), own=own))
    add_guards(app, settings.guards, max_body_bytes=settings.max_body_bytes)
    app.add_middleware(Watch, house=house)
    tell_problems(app)
    return app


def tell_problems(app: FastAPI) -> None:
    """Let every refusal of an app be told as a problem (RFC 9457), and be documented so."""
    app.add_exception_handler(problems.Problem, problems.tell_problem)
    app.add_exception_handler(HTTPException, problems.tell_http_error)
    app.add_exception_handler(RequestValidationError, problems.tell_invalid)
    guards = app.state.house.settings.guards
    app.openapi = lambda: guarded(completed(FastAPI.openapi(app)), guards)  # type: ignore[method-assign]


def _bundle(house: House, name: str) -> Bundle:
    return house.stage.version_of(name, None, 1.0).reader.bundle


def _house(settings: ServeSettings, decode: Decode) -> House:
    check_installed(settings.engine)
    stage, metrics = Stage(), Metrics()
    told = metrics.batch_films.observe
    loader = Loader(
        open_source(settings.source),
        stage,
        read_with=ReaderMaker(
            settings.engine, settings.n_workers, settings.batches, told, settings.threads
        ),
        keep_versions=settings.keep_versions,
        on_leaving=lambda place: metrics.forget(place.name, place.version),
    )
    workers = Workers(settings.n_workers, settings.max_waiting)
    return House(settings, stage, loader, workers, metrics, decode)


@asynccontextmanager
async def _living(house: House, jobs: Jobs, decoders: Decoders) -> AsyncIterator[None]:
    watching = asyncio.create_task(_watch(house))
    try:
        yield
    finally:
        house.workers.is_draining = True
        await jobs.close()
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        if house.asides:
            await asyncio.wait(house.asides)
        house.loader.close()
        house.workers.close()
        decoders.close()
        if house.audit is not None:
            house.audit.close()
        await asyncio.to_thread(house.spans.close)


async def _watch(house: House) -> None:
    await _look(house)
    while house.settings.poll_s is not None:
        await asyncio.sleep(house.settings.poll_s)
        await _look(house)


async def _look(house: House) -> None:
    try:
        await house.loader.look()
    except Exception:  # told, so that the next look comes
        log.exception("bug", extra={"fields": {"during": "a look at the repository"}})
