"""How long a person waits: fresh processes, beside the bare engine doing the same.

    python benchmarks/start.py FILM [--bundle pneumonia-paediatric]

Each command runs in a process of its own, in turn, `--runs` times; the median counts, and all are
put beside the first: a bare onnxruntime session on the bundle's graph, with one run of it.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from plainfilm.reading.bundle import Bundle
from plainfilm.reading.shelf import find_bundle

BARE = """
import numpy, onnxruntime
session = onnxruntime.InferenceSession({path!r}, providers=["CPUExecutionProvider"])
session.run(None, {{"radiographs": numpy.zeros((1, 1, {size}, {size}), numpy.float32)}})
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("film", type=Path)
    parser.add_argument("--bundle", default="pneumonia-paediatric")
    parser.add_argument("--runs", type=int, default=7)
    chosen = parser.parse_args()
    bundle = Bundle.load(find_bundle(chosen.bundle))
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "network.onnx"
        graph.write_bytes(bundle.network)
        bare = BARE.format(path=str(graph), size=bundle.header.input.size)
        plainfilm = [sys.executable, "-m", "plainfilm"]
        read = [*plainfilm, "read", str(chosen.film), "--bundle", chosen.bundle]
        commands = {
            "bare onnxruntime, one run": [sys.executable, "-c", bare],
            "plainfilm --help": [*plainfilm, "--help"],
            "plainfilm read": read,
            "plainfilm read --out r.html": [*read, "--out", f"{folder}/r.html", "--force"],
        }
        seconds = {what: [] for what in commands}
        for _ in range(chosen.runs):
            for what, words in commands.items():
                seconds[what].append(_seconds(words))
    first = statistics.median(seconds["bare onnxruntime, one run"])
    for what, found in seconds.items():
        middle = statistics.median(found)
        print(f"{what}: {middle:.2f} s, {middle / first:.2f} times the first")


def _seconds(words: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(words, check=True, capture_output=True)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
