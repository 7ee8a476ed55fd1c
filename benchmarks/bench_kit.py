"""What serving.py and faults.py share: bundles, requests, processor time, memory, kept results."""

import io
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from dicoms import dicom_file
from phantoms import phantom
from plainfilm.images import read_radiograph_bytes
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.shelf import find_bundle
from tiny_bundle import NAMES, tiny_bundle
from wire import request_bytes

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"

TICK = os.sysconf("SC_CLK_TCK")
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
Told = dict[str, Any]


def densenet_bundle() -> Bundle:
    """A bundle of the design's network, DenseNet-121 at 224 with maps; its weights are chance."""
    import torch

    from plainfilm.evaluation.calibration import Platt
    from plainfilm.networks import build
    from plainfilm.reading.bundle import MapScale
    from plainfilm.training.golden import make_golden
    from plainfilm.training.graph import Fit, ReadingGraph
    from plainfilm.training.onnx_file import run_onnx, to_onnx

    torch.manual_seed(0)
    networks = [build("densenet121", len(NAMES))]
    network = to_onnx(ReadingGraph(networks, Fit(224), [Platt(1.0, 0.0)] * len(NAMES), None))
    tiny = tiny_bundle(len(NAMES), size=224, familiarity=False)
    header = replace(tiny.header, name="densenet121", map=MapScale(7, 7, 0.05))
    golden = make_golden(224, lambda film: run_onnx(network, [film])[0])
    return replace(tiny, header=header, network=network, golden=golden)


def bundles(folder: Path) -> dict[str, Path]:
    """The bundles that are served: a tiny one (no-op), the shipped one, DenseNet-121."""
    tiny, dense = folder / "tiny.bundle", folder / "densenet121.bundle"
    if not dense.exists():
        densenet_bundle().save(dense)
    tiny_bundle(14).save(tiny, overwrite=True)
    return {"tiny": tiny, "chest14-demo": find_bundle("chest14-demo"), "densenet121": dense}


@dataclass(frozen=True)
class Ask:
    """A kind of request: its bytes on the wire, the films' side, and what the page calls it."""

    words: str
    side: int
    content: bytes

    def file(self, folder: Path) -> Path:
        path = folder / f"{abs(hash(self.content))}.http"
        path.write_bytes(self.content)
        return path


def tensor_ask(name: str, side: int) -> Ask:
    """A fitted film as bytes after JSON, to the graph; the probabilities come back as bytes."""
    film = phantom(size=(side, side))
    head = json.dumps({
        "inputs": [{"name": "radiographs", "datatype": "FP32", "shape": [1, 1, side, side],
                    "parameters": {"binary_data_size": film.nbytes}}],
        "outputs": [{"name": "probability", "parameters": {"binary_data": True}}],
    }).encode()  # fmt: skip
    headers = {"Inference-Header-Content-Length": str(len(head)),
               "Content-Type": "application/octet-stream"}  # fmt: skip
    body = head + film.astype("<f4").tobytes()
    path = f"/v2/models/{name}/infer"
    return Ask(f"fitted film of {side} pixels, binary", side, request_bytes(path, body, headers))


def film_ask(kind: str, side: int = 1024) -> Ask:
    """A drawn film as a file, to /v1/read."""
    film = np.round(phantom(size=(side, side)) * 255).astype(np.uint8)
    content = io.BytesIO()
    if kind == "png":
        Image.fromarray(film).save(content, "PNG")
        media_type, body = "image/png", content.getvalue()
    else:
        Image.fromarray(film).save(content, "JPEG", quality=90)
        media_type = "application/dicom"
        body = dicom_file(film, syntax=JPEG_BASELINE, frame=content.getvalue())
    path = "/v1/read?view=PA&age=50&body_part=chest"
    headers = {"Content-Type": media_type}
    return Ask(f"{kind} of {side} pixels", side, request_bytes(path, body, headers))


def decoding(ask: Ask) -> str:
    """What it takes to decode a film alone, in this process, as words; empty for a tensor."""
    if "binary" in ask.words:
        return ""
    film, ms = ask.content.partition(b"\r\n\r\n")[2], []
    for _ in range(30):
        began = time.process_time()
        read_radiograph_bytes(film, "film")
        ms.append(1e3 * (time.process_time() - began))
    return f"decoding alone {percentile(ms, 50):.1f} ms, "


def load(url: str, request: Path, *, clients: int, seconds: float, rate: float = 0) -> Told:
    """What load.py tells."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    words = [sys.executable, str(HERE / "load.py"), host, port, str(request), "--clients",
             str(clients), "--seconds", str(seconds)]  # fmt: skip
    words += ["--rate", str(rate)] if rate else []
    told: Told = json.loads(subprocess.check_output(words, timeout=seconds + 90))
    return told


def bare(bundle: Path, side: int, seconds: float, rate: float = 0) -> Told:
    """What bare.py tells."""
    words = [sys.executable, str(HERE / "bare.py"), str(bundle), str(side), str(seconds)]
    words += ["--rate", str(rate)] if rate else []
    told: Told = json.loads(subprocess.check_output(words, timeout=seconds + 90))
    return told


def family(process: int) -> list[int]:
    """A process and all that it started."""
    found = [process]
    for task in Path(f"/proc/{process}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += family(int(child))
    return found


def cpu_s(process: int) -> float:
    """Processor seconds of a process and all that it started and that lives."""
    total = 0.0
    for each in family(process):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / TICK
    return total


def rss_mb(process: int) -> float:
    """Memory that a process holds, in megabytes."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def n_open(process: int) -> int:
    """Files that a process holds open."""
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def percentile(values: list[float], share: float) -> float:
    return float(np.percentile(values, share)) if values else float("nan")


def keep(where: str, rows: Mapping[str, Told]) -> None:
    """Put rows among the kept results of a script, each with what the machine was then."""
    path = RESULTS / f"{where}.json"
    kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    for name, row in rows.items():
        kept[name] = {**row, "machine": machine, "load": round(os.getloadavg()[0], 1)}
        print(name, json.dumps(kept[name], ensure_ascii=False), flush=True)
    text = json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def row(what: str, target: str, seen: str, reached: bool | None) -> Told:
    """A row of the page: `reached` None = not run."""
    return {"what": what, "target": target, "seen": seen, "reached": reached}


def scratch() -> Path:
    """A folder that outlives a run, so that DenseNet-121 is exported once."""
    folder = Path(tempfile.gettempdir()) / f"plainfilm-benchmark-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    return folder
