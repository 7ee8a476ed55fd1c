"""Traces of requests by OpenTelemetry, where the operator asks for them; nothing of a film in them.

A request is a span, named by its route's template, and within it stand `wait` (for a thread),
`decode` and `infer` (the gate and the graph, which fits the film too). Attributes are chosen here:
method, route, status, our id of the request, the bundle's name and version. No exception is
recorded, since libraries quote what they were given.

References
----------
OpenTelemetry, "Environment Variable Specification" and "Semantic Conventions for HTTP Spans"; W3C
"Trace Context".
"""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from starlette.datastructures import Headers
from starlette.types import Scope

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

log = logging.getLogger(__name__)

NAME = "plainfilm"
_PLACES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_MISSING = "opentelemetry is not installed; pip install 'plainfilm[telemetry]'"

OURS_ALONE: Final[Mapping[str, Any]] = MappingProxyType(
    {"telemetry": dict.fromkeys(("auto_configure", "tracing", "metrics", "logs"), False)}
)
"""For each `FastAPI`: its own telemetry would record what exceptions quote, a film's tags too."""

Finish = Callable[[str, int], None]
"""Told a request's route and status, once both are known."""


class Spans:
    """The spans of one server, made by a provider of OpenTelemetry; None = none are made."""

    def __init__(self, provider: "TracerProvider | None" = None) -> None:
        self._provider = provider
        self._tracer: Tracer | None = None if provider is None else provider.get_tracer(NAME)

    def span(self, name: str, *, bundle: str = "") -> AbstractContextManager[object]:
        """A span within the one that is open here; `bundle` is NAME/VERSION."""
        if self._tracer is None:
            return nullcontext()
        return self._tracer.start_as_current_span(
            name,
            attributes={f"{NAME}.bundle": bundle} if bundle else {},
            record_exception=False,
            set_status_on_exception=False,
        )

    def past(self, name: str, began_ns: int) -> None:
        """A span that ends now and began at this moment of `time.time_ns`."""
        if self._tracer is not None:
            self._tracer.start_span(name, start_time=began_ns).end()

    @contextmanager
    def request(self, scope: Scope, identity: str) -> Iterator[Finish]:
        """The span of a request, in the trace that its `traceparent` names, if it has one."""
        if self._tracer is None:
            yield _nothing
            return
        from opentelemetry.trace import SpanKind, StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        parent = Headers(scope=scope).get("traceparent", "")
        with self._tracer.start_as_current_span(
            "request",
            TraceContextTextMapPropagator().extract({"traceparent": parent}),
            SpanKind.SERVER,
            {f"{NAME}.request": identity},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:

            def finish(route: str, status: int) -> None:
                """Name the span by its route."""
                method = method_of(scope)
                span.update_name(f"{method} {route}")
                span.set_attributes({"http.request.method": method, "http.route": route,
                                     "http.response.status_code": status})  # fmt: skip
                if status >= 500 or not status:
                    span.set_status(StatusCode.ERROR)

            yield finish

    def close(self) -> None:
        """Send what is not sent yet, and stop."""
        if self._provider is not None:
            self._provider.shutdown()


def spans_of(environment: Mapping[str, str] = os.environ) -> Spans:
    """The spans that OpenTelemetry's own variables ask for, sent by OTLP over HTTP; else none.

    They ask where an endpoint is named, or OTEL_TRACES_EXPORTER is otlp, and OTEL_SDK_DISABLED is
    not true. Where the extra is not installed, a warning says so.
    """
    exporter = environment.get("OTEL_TRACES_EXPORTER", "otlp")
    asks = "OTEL_TRACES_EXPORTER" in environment or any(map(environment.get, _PLACES))
    is_off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if is_off or not asks or exporter == "none":
        return Spans()
    if exporter != "otlp":
        _warn(f"OTEL_TRACES_EXPORTER: found {exporter[:20]!r}; expected otlp or none")
        return Spans()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError:
        _warn(_MISSING)
        return Spans()
    named = {} if environment.get("OTEL_SERVICE_NAME") else {"service.name": NAME}
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Spans(provider)


def method_of(scope: Scope) -> str:
    """The request's method, one of a few: a client may send any word."""
    method = str(scope["method"])
    return method if method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS") else "OTHER"


def _warn(reason: str) -> None:
    log.warning("traces not sent", extra={"fields": {"reason": reason}})


def _nothing(route: str, status: int) -> None:
    del route, status
