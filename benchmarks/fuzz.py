"""Damaged files by the thousand through the server's decoders: does anything but an answer come?

    python benchmarks/fuzz.py 20000

Whole films in every transfer syntax, and as PNG, JPEG and TIFF, damaged in four ways
(tests/mutations.py). Prints what came of them, the slowest, and what it cost. Exit status 1 where
an answer was neither a film nor a refusal, took more than 10 s, or this process grew by more than
300 MB. Kept as row B1 of results/attacks.json; the last log is results/fuzz.txt.
"""

import resource
import sys
import time
from collections import Counter

import numpy as np

import bench_kit as kit
from bombs import whole_films
from mutations import mutated
from plainfilm.errors import ImageError
from plainfilm.serve.decoding import Decoders

MAX_GROWTH_MB = 300
RARELY = (
    "jpeg-lossless",
    "jpeg-lossless-sv1",
)  # each starts a process of its own: a tenth of these


def main() -> int:
    n_inputs, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    chance = np.random.default_rng(seed)
    films = whole_films()
    names, contents = list(films), list(films.values())
    weights = np.array([0.1 if name in RARELY else 1.0 for name in names])
    came: Counter[str] = Counter()
    slowest, before, began = (0.0, ""), peak_mb(), time.perf_counter()
    with Decoders(1) as decoders:
        print(f"inputs {n_inputs}, seed {seed}; enforced: {decoders.enforced()}")
        for which in chance.choice(len(names), n_inputs, p=weights / weights.sum()):
            content = mutated(contents[which], contents, chance)
            start = time.perf_counter()
            came[outcome(decoders, content)] += 1
            slowest = max(slowest, (time.perf_counter() - start, names[which]))
        n_replaced = decoders.n_replaced
    seconds, grown = time.perf_counter() - began, peak_mb() - before
    for what, count in came.most_common():
        print(f"{count:7,}  {what}")
    print(f"children replaced {n_replaced}; slowest {slowest[0]:.2f} s ({slowest[1]})")
    print(
        f"this process grew by {grown:.0f} MB; {seconds:.0f} s, {n_inputs / seconds:.0f} a second"
    )
    n_bugs = sum(count for what, count in came.items() if what.startswith("BUG"))
    is_reached = not n_bugs and grown <= MAX_GROWTH_MB and slowest[0] <= 10
    seen = (f"{n_bugs} neither read nor refused, {n_replaced} decoders replaced, the slowest "
            f"{slowest[0]:.1f} s, the server's process {grown:+.0f} MB")  # fmt: skip
    what = f"{n_inputs:,} damaged DICOM, PNG, JPEG and TIFF files (the plan: a million)"
    target = "each read or refused, none in more than 10 s, ≤ +300 MB"
    kit.keep("attacks", {"B1": kit.row(what, target, seen, is_reached)})
    return int(not is_reached)


def outcome(decoders: Decoders, content: bytes) -> str:
    try:
        decoders.read(content, "film")
    except ImageError as error:
        is_limit = "limits:" in str(error) or "more memory" in str(error)
        return f"{type(error).__name__}{', at a limit' if is_limit else ''}"
    except Exception as error:  # noqa: BLE001 - any other is what is looked for
        return f"BUG: {type(error).__name__}: {error}"
    return "read as a film"


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
