"""Bad input, strangers and short supplies: the tests that hold a row of the plan, run and counted.

    python benchmarks/attacks.py [F4|B2|B4|B5|P1|P5 ...]

All of them where none is named. A row is reached where each of its tests passed and none was
skipped. benchmarks/fuzz.py writes B1. Kept in results/attacks.json; the last log is attacks.txt.
"""

import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import bench_kit as kit
from bad_versions import pickled_files, pickles
from bench_kit import Told, row
from bombs import bombs, disguises
from hostile_names import names, versions
from tiny_bundle import tiny_bundle

_OUTCOME = re.compile(r"(\d+) (passed|failed|skipped|error)")


@dataclass(frozen=True)
class Attack:
    """What is tried, what is wanted of it, and the tests that try it."""

    what: str
    target: str
    tests: tuple[str, ...]


def attacks() -> dict[str, Attack]:
    """The rows by their number in the plan."""
    n_names, bundle = len(list(names())), tiny_bundle()
    n_pickled = sum(
        1 + len(list(pickled_files(bundle, content))) for content in pickles(Path("trace"))
    )
    faults, serve = "tests/faults/", "tests/serve/"
    return {
        "F4": Attack(
            "full disk, read-only disks, no file handle left, clocks that jump, a decoder out of "
            "memory",
            "503 and not ready, with the reason; then as before",
            (
                f"{faults}test_endings.py::test_a_full_disk_is_told_and_got_over",
                f"{faults}test_endings.py::test_a_server_without_file_handles_says_so_and_gets_over_it",
                f"{faults}test_surroundings.py",
                f"{serve}test_shortage.py",
                f"{serve}test_decoding.py::test_a_film_that_takes_too_much_memory_is_refused",
            ),
        ),
        "B2": Attack(
            f"{len(bombs())} named files that no server may be harmed by, and {len(disguises())} "
            "films in disguise",
            "each refused within 2 s of work, the decoder under 1 GB; the disguised read",
            (
                f"{serve}test_decoding.py::test_bombs_are_refused_and_cost_little",
                f"{serve}test_decoding.py::test_a_film_in_disguise_is_the_film_alone",
                f"{serve}test_guards.py::test_bombs_are_answered_as_the_client_s_fault",
            ),
        ),
        "B4": Attack(
            f"{n_names} names that climb, in three places, {len(list(versions()))} versions; "
            f"{n_pickled} bundles that are or hold a pickle",
            "0 escapes, 0 loads, no 5xx",
            (f"{faults}test_corpora.py",),
        ),
        "B5": Attack(
            "schemathesis on the whole OpenAPI of both ports, 12 requests made up for each route",
            "0 undocumented statuses, 0 of 5xx",
            (f"{faults}test_api.py", f"{serve}test_documented.py"),
        ),
        "P1": Attack(
            "a patient's name, number and dates in films, file names, headers and fields, on every "
            "path",
            "0 hits in logs, errors, metrics, traces, the audit log, files",
            (f"{serve}test_canaries.py",),
        ),
        "P5": Attack(
            "tritonclient, unmodified: JSON and binary tensors, both ports",
            "all of it passes",
            (f"{serve}test_oip_routes.py::test_the_protocol_s_own_client_works_unmodified",),
        ),
    }


def tried(attack: Attack) -> Told:
    """The row of an attack."""
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *attack.tests]
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        ran = subprocess.run(
            [*words, f"--basetemp={place}/films"],
            cwd=kit.HERE.parent, capture_output=True, text=True, check=False, timeout=900,
        )  # fmt: skip
    print(ran.stdout[-2000:], file=sys.stderr)
    came = {what: int(n) for n, what in _OUTCOME.findall(ran.stdout.splitlines()[-1])}
    counted = ", ".join(f"{n} {what}" for what, n in came.items())
    seen = f"tests: {counted}, in {time.perf_counter() - began:.0f} s"
    return row(attack.what, attack.target, seen, ran.returncode == 0 and "skipped" not in came)


if __name__ == "__main__":
    there = attacks()
    for name in sys.argv[1:] or there:
        kit.keep("attacks", {name: tried(there[name])})
