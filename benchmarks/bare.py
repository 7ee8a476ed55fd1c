"""onnxruntime alone on a bundle's graph: as many threads as cores, each with one film at a time.

    python benchmarks/bare.py BUNDLE SIDE SECONDS [--threads 2] [--rate 20]

Prints one JSON object: runs, seconds, processor seconds, milliseconds of each run. SIDE is the
films'; the network's own size = fitted films. With --rate, so many films come in a second, evenly,
and a film's milliseconds begin with its coming; else each begins when the one before ends.
"""

import argparse
import json
import sys
import threading
import time
from itertools import count
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
    parser.add_argument("--rate", type=float)
    chosen = parser.parse_args()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        Bundle.load(chosen.bundle).network, options, providers=["CPUExecutionProvider"]
    )
    film = np.random.default_rng(0).random((1, 1, chosen.side, chosen.side), np.float32)
    session.run(None, {"radiographs": film})
    ms: list[float] = []
    began, cpu = time.monotonic(), time.process_time()
    until = began + chosen.seconds
    turns = (began + number / chosen.rate for number in count()) if chosen.rate else None
    lock = threading.Lock()

    def run() -> None:
        while True:
            with lock:
                at = time.monotonic() if turns is None else next(turns)
            if at >= until:
                return
            time.sleep(max(0.0, at - time.monotonic()))
            session.run(None, {"radiographs": film})
            ms.append(1e3 * (time.monotonic() - at))

    threads = [threading.Thread(target=run) for _ in range(chosen.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = {"runs": len(ms), "seconds": time.monotonic() - began,
            "cpu_s": time.process_time() - cpu, "ms": ms}  # fmt: skip
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
