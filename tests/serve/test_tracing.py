"""Requests as spans: what is in them, and that none are made where nobody asked."""

import json
import logging
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from plainfilm.serve.admin import create_admin_app
from plainfilm.serve.app import create_app
from plainfilm.serve.settings import ServeSettings
from plainfilm.serve.tracing import Spans, spans_of
from served import Client, film_part, png_film, serving

HERE = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
IS_THERE = find_spec("opentelemetry") is not None and find_spec("opentelemetry.sdk") is not None
needs_it = pytest.mark.skipif(not IS_THERE, reason="opentelemetry-sdk is not installed")


@pytest.fixture
def traced(tiny_path: Path) -> Iterator[tuple[Client, Any]]:
    """A client of a server whose spans stay in memory, and those spans."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    kept, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    app = create_app(ServeSettings(source=tiny_path, workers=1))
    app.state.house.spans = Spans(provider)
    with serving(app) as client:
        yield client, kept


def by_name(kept: Any) -> dict[str, Any]:
    return {span.name: span for span in kept.get_finished_spans()}


@needs_it
def test_a_request_is_a_span_with_its_parts_within(traced: tuple[Client, Any]) -> None:
    client, kept = traced
    trace, caller = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    told = {"traceparent": f"00-{trace}-{caller}-01", "tracestate": "a=b", "baggage": "name=x"}
    answer = client.post("/v1/read?age=41", files=[film_part(png_film())], headers=told)
    spans = by_name(kept)
    whole = spans.pop("POST /v1/read")
    assert set(spans) == {"wait", "decode", "infer"}
    assert f"{whole.context.trace_id:032x}" == trace
    assert f"{whole.parent.span_id:016x}" == caller
    for part in spans.values():
        assert part.parent.span_id == whole.context.span_id
        assert whole.start_time <= part.start_time <= part.end_time <= whole.end_time
    assert dict(whole.attributes) == {
        "plainfilm.request": answer.headers["X-Request-Id"],
        "http.request.method": "POST",
        "http.route": "/v1/read",
        "http.response.status_code": 200,
    }
    assert dict(spans["infer"].attributes) == {"plainfilm.bundle": "tiny/1"}
    assert not spans["decode"].attributes


@needs_it
def test_a_tensor_s_request_is_one_too(traced: tuple[Client, Any]) -> None:
    client, kept = traced
    film = {"name": "radiographs", "datatype": "FP32", "shape": [1, 1, 32, 32],
            "data": np.zeros(1024).tolist()}  # fmt: skip
    assert client.post("/v2/models/tiny/infer", json={"inputs": [film]}).status_code == 200
    assert set(by_name(kept)) == {"POST /v2/models/{name}/infer", "wait", "infer"}


@needs_it
def test_a_failure_says_its_status_and_quotes_nothing(traced: tuple[Client, Any]) -> None:
    client, kept = traced

    def broken(content: bytes, name: str) -> None:
        raise RuntimeError(f"{name} of Canarino")

    client.house.decode = broken  # type: ignore[assignment]
    assert client.post("/v1/read", files=[film_part(png_film())]).status_code == 500
    client.post("/v1/Canarino")
    spans = by_name(kept)
    assert spans["POST /v1/read"].status.status_code.name == "ERROR"
    assert spans["POST unknown"].attributes["http.response.status_code"] == 404
    text = "".join(span.to_json() for span in kept.get_finished_spans())
    assert "Canarino" not in text
    assert "film.png" not in text
    assert not any(span.events for span in kept.get_finished_spans())


@pytest.mark.parametrize(
    "environment",
    [{}, HERE | {"OTEL_SDK_DISABLED": "true"}, HERE | {"OTEL_TRACES_EXPORTER": "none"},
     {"OTEL_SERVICE_NAME": "ward"}],
    ids=str,
)  # fmt: skip
def test_nothing_is_traced_unasked(environment: dict[str, str]) -> None:
    spans = spans_of(environment)
    with spans.span("decode") as opened, spans.request({"type": "http"}, "1") as finish:
        finish("/v1/read", 200)
    spans.past("wait", 0)
    spans.close()
    assert opened is None


def test_what_cannot_be_done_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), spans_of({"OTEL_TRACES_EXPORTER": "zipkin"}).span("a"):
        pass
    fields = json.dumps([vars(record)["fields"] for record in caplog.records])
    assert "zipkin" in fields
    assert "expected otlp" in fields


@pytest.mark.skipif(IS_THERE, reason="opentelemetry-sdk is installed")
def test_without_the_extra_a_warning_names_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        spans_of(HERE)
    assert "plainfilm[telemetry]" in str(vars(caplog.records[0])["fields"])


@needs_it
def test_an_endpoint_gets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    from otlp_sink import sink

    with sink() as (url, received):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        spans = spans_of()
        with spans.span("decode"):
            pass
        spans.close()
    assert [path for path, _ in received] == ["/v1/traces"]
    assert b"decode" in received[0][1]
    assert b"plainfilm" in received[0][1]


@needs_it
def test_fastapi_s_own_telemetry_quotes_nothing(
    tiny_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would send what exceptions say wherever its variable is set, or a provider is."""
    from otlp_sink import sink

    with sink() as (url, received):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        app = create_app(ServeSettings(source=tiny_path, workers=1))
        app.add_api_route("/broken", _broken)
        admin = create_admin_app(app)
        admin.add_api_route("/broken", _broken)
        for one in (app, admin):
            with TestClient(one, raise_server_exceptions=False) as client:
                assert client.get("/broken").status_code == 500
    assert {path for path, _ in received} <= {"/v1/traces"}
    assert b"GIVEN^NAME" not in b"".join(body for _, body in received)


def _broken() -> None:
    raise ValueError("PatientName: GIVEN^NAME")
