"""Names, numbers and dates of a patient, sent along every path, come out nowhere but to the sender.

P1 of the server's targets: no hit in logs, errors, metrics, traces, the audit log or files.
"""

import io
import json
import logging
import os
import signal
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import httpx
import numpy as np
import pytest

from bombs import ENCAPSULATED, saved
from dicoms import dicom_file
from phantoms import phantom
from plainfilm.serve.app import create_app
from plainfilm.serve.guards import Guards
from plainfilm.serve.logs import JsonLines
from plainfilm.serve.settings import ServeSettings
from plainfilm.serve.tracing import Spans
from served import Client, serving
from tiny_bundle import tiny_bundle

FILM = np.round(phantom(size=(128, 112)) * 255).astype(np.uint8)
CANARIES = {
    "PatientName": "Canarino^Piumagialla",
    "PatientID": "CAN-4711-X",
    "PatientBirthDate": "19310217",
    "AccessionNumber": "ACC55501234",
    "InstitutionName": "Klinikum Vogelsang",
    "StudyDate": "20040826",
    "ReferringPhysicianName": "Zeisig^Otto",
    "PatientComments": "wohnt Amselweg 3",
    "StudyDescription": "Frage nach Meisenlunge",
}
# None so short that a hash could hold it by chance.
NEEDLES = [
    "canarino", "piumagialla", "can-4711", "19310217", "1931-02-17", "55501234", "vogelsang",
    "20040826", "zeisig", "amselweg", "meisenlunge",
]  # fmt: skip


class Traces:
    """The spans of a server, as a collector would get them; none where the SDK is not installed."""

    def __init__(self) -> None:
        self.spans = Spans()
        if find_spec("opentelemetry") is None or find_spec("opentelemetry.sdk") is None:
            return
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        self._kept, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        self.spans = Spans(provider)

    def text(self) -> str | None:
        if not hasattr(self, "_kept"):
            return None
        return "".join(span.to_json() for span in self._kept.get_finished_spans())


@pytest.fixture
def told(tmp_path: Path) -> Iterator[tuple[Client, Path, io.StringIO]]:
    """A server, the folder that everything it writes goes to, and its log."""
    tiny_bundle().save(tmp_path / "tiny.bundle")
    stream = io.StringIO()
    lines = logging.StreamHandler(stream)
    lines.setFormatter(JsonLines())
    lines.addFilter(lambda record: not record.name.startswith("http"))  # the client of this test
    root, before = logging.getLogger(), tempfile.tempdir
    level, others = root.level, root.handlers[:]
    # Alone: another test's handler, its stream closed, would print what this test's client logs.
    root.handlers[:] = [lines]
    root.setLevel(logging.DEBUG)
    (tmp_path / "written").mkdir()
    tempfile.tempdir = str(tmp_path / "written")
    guards = Guards(audit_log=tmp_path / "written" / "audit.jsonl")
    settings = ServeSettings(source=tmp_path / "tiny.bundle", workers=1, guards=guards)
    app = create_app(settings)
    app.state.traces = Traces()
    app.state.house.spans = app.state.traces.spans
    try:
        with serving(app) as client:
            yield client, tmp_path / "written", stream
    finally:
        tempfile.tempdir = before
        root.handlers[:] = others
        root.setLevel(level)


def films() -> dict[str, bytes]:
    """A film that is read, and films that fail at every stage."""
    whole = dicom_file(FILM, **CANARIES)
    return {
        "read": whole,
        "cut off in the header": whole[:700],
        "cut off in the pixels": whole[:-1000],
        "no film": dicom_file(FILM, **{**CANARIES, "Modality": "CT"}),
        "odd names of codes": dicom_file(
            FILM, **{**CANARIES, "Modality": "CANARINO PIUMAGIALLA 4711 VOGELSANG AMSELWEG"}
        ),
        "broken pixels": dicom_file(
            FILM, syntax=ENCAPSULATED["jpeg-2000"], frame=b"\xff\x4f\xff\x51Canarino", **CANARIES
        ),
        "no syntax": whole.replace(b"1.2.840.10008.1.2.1\0", b"Canarino 4711\0\0\0\0\0\0\0"),
        "text": b"Canarino Piumagialla, born 19310217, Amselweg 3",
        "png": saved(FILM, "PNG"),
    }


def hits(text: str) -> list[str]:
    return [needle for needle in NEEDLES if needle in text.lower()]


def send(client: Client, content: bytes, **more: str) -> httpx.Response:
    part = ("film", ("Canarino_Piumagialla_19310217.dcm", content, "application/octet-stream"))
    return client.post("/v1/read", files=[part], data=more, headers={"User-Agent": "Canarino 4711"})


def test_no_patient_is_told_to_anyone_but_the_sender(
    told: tuple[Client, Path, io.StringIO], capfd: pytest.CaptureFixture[str]
) -> None:
    client, written, log = told
    statuses = {}
    for kind, content in films().items():
        answer = send(client, content)
        statuses[kind] = answer.status_code
        without_name = answer.text.replace("Canarino_Piumagialla_19310217.dcm", "")
        assert not hits(without_name), (kind, without_name)
        send(client, content, bundle="Canarino4711", finding="Amselweg", age="19310217")
    assert statuses["read"] == statuses["png"] == 200
    assert set(statuses.values()) == {200, 422}
    client.get("/v1/Canarino/4711?name=Piumagialla")
    client.post("/v2/models/tiny/infer", json={"inputs": [{"name": "Canarino", "data": "4711"}]})
    (child,) = client.house.decode.__wrapped__.__self__.processes()  # type: ignore[attr-defined]
    os.kill(child, signal.SIGKILL)
    send(client, films()["read"])
    metrics = client.house.metrics_page().decode()
    printed = capfd.readouterr()
    paths = [path for path in written.rglob("*") if path.is_file()]
    files = {path.name: path.read_text(errors="replace") for path in paths}
    assert list(files) == ["audit.jsonl"]
    everything = {"log": log.getvalue(), "metrics": metrics, "printed": printed.out + printed.err}
    traces = client.app.state.traces.text()
    if traces is not None:
        assert "decode" in traces
        everything["traces"] = traces
    for place, text in (everything | files).items():
        assert not hits(text), (place, hits(text))
    assert len(json.loads(files["audit.jsonl"].splitlines()[0])["scores"]) == 2
    assert "request" in log.getvalue()
