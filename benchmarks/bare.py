"""onnxruntime alone on a bundle's graph: as many threads as cores, each with one film at a time.

    python benchmarks/bare.py BUNDLE SIDE SECONDS [--threads 2]

Prints one JSON object: runs, seconds, processor seconds. SIDE is the films'; the network's own
size = fitted films.
"""

import argparse
import json
import sys
import threading
import time
from pathlib import Path

import numpy as np

from plainfilm.reading.bundle import Bundle
from plainfilm.reading.runtimes import onnxruntime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("side", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        Bundle.load(chosen.bundle).network, options, providers=["CPUExecutionProvider"]
    )
    film = np.random.default_rng(0).random((1, 1, chosen.side, chosen.side), np.float32)
    session.run(None, {"radiographs": film})
    counts = [0] * chosen.threads
    began, cpu = time.monotonic(), time.process_time()

    def run(which: int) -> None:
        while time.monotonic() < began + chosen.seconds:
            session.run(None, {"radiographs": film})
            counts[which] += 1

    threads = [threading.Thread(target=run, args=(which,)) for which in range(chosen.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = {"runs": sum(counts), "seconds": time.monotonic() - began,
            "cpu_s": time.process_time() - cpu}  # fmt: skip
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
