"""Faults on purpose under load, as often as is asked (tests/faults: the same drills, a few times).

    python benchmarks/faults.py [swaps=1000] [bad=20] [kills=200] [decoders=200]
                                [stops=20] [replicas=200] [slow=300]

All of them where none is named. Kept in results/faults.json; the last log is faults.txt.
"""

import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

import bench_kit as kit
from bench_kit import Told, row
from drills import Asking, film_request, kill, kill_decoders, push_bad, stop, swap
from proxied import free_port, proxy, slow_clients, start_server
from tiny_bundle import tiny_bundle

BETWEEN_S = 2.0  # between a replica's return and the next one's death


def _bundle(folder: Path) -> Path:
    path = folder / "tiny.bundle"
    tiny_bundle(14).save(path)
    return path


def swaps(folder: Path, n: int) -> dict[str, Told]:
    """F1."""
    asking, held = swap(folder, n)
    grown = held[-1] / held[min(19, n - 1)] - 1
    seen = f"{asking.n_right:,} right, {_wrong(asking)}; memory after the 20th {grown:+.1%}"
    target = "0 failed, 0 of mixed version, memory ≤ +5 %"
    what = f"{n:,} hot swaps under load, each answer's numbers checked"
    return {"F1": row(what, target, seen, not asking.wrong and grown <= 0.05)}


def bad(folder: Path, n: int) -> dict[str, Told]:
    """F2."""
    asking, told = push_bad(folder, n)
    silent = [kind for kind, reason in told.items() if not reason]
    seen = f"{asking.n_right:,} right, {_wrong(asking)}; without a reason: {silent or 'none'}"
    what = f"{len(told)} kinds of bad versions, {n} of each, made the one that answers, under load"
    target = "0 failed, the old one serves, the reason told"
    return {"F2": row(what, target, seen, not asking.wrong and not silent)}


def kills(folder: Path, n: int) -> dict[str, Told]:
    """F3: the server itself."""
    bundle, chance = _bundle(folder), np.random.default_rng(0)
    found = [kill(bundle, folder / "a.jsonl", float(chance.random()) / 5) for _ in range(n)]
    lacks = [lack for _, _, lack in found if lack]
    back = statistics.median(seconds for _, seconds, _ in found)
    most = max(seconds for _, seconds, _ in found)
    seen = (f"{sum(n for n, _, _ in found):,} answered, lost {lacks or 'none'}; back in {back:.1f} "
            f"s (slowest {most:.1f} s)")  # fmt: skip
    what = f"kill -9 of the server at {n} random moments; answered = written in the audit log"
    target = "0 lost, back in ≤ 3 s (median)"
    return {"F3 server": row(what, target, seen, not lacks and back <= 3)}


def decoders(folder: Path, n: int) -> dict[str, Told]:
    """F3: the processes that decode."""
    chance = np.random.default_rng(0)
    asking, n_killed = kill_decoders(_bundle(folder), n, lambda: float(chance.random()) / 5)
    seen = f"{n_killed} killed; {asking.n_right:,} the same bit for bit or 503, {_wrong(asking)}"
    what = f"kill -9 of all decoding children under load, at {n} random moments"
    return {"F3 decoders": row(what, "0 lost, 0 wrong", seen, not asking.wrong)}


def stops(folder: Path, n: int) -> dict[str, Told]:
    """F6."""
    bundle, chance = _bundle(folder), np.random.default_rng(0)
    wrong: Counter[str] = Counter()
    statuses, seconds = set(), []
    for _ in range(n):
        found, status, took_s = stop(bundle, float(chance.random()) / 5)
        wrong += found
        statuses.add(status)
        seconds.append(took_s)
    seen = f"{dict(wrong) or 'none failed'}; exit status {statuses}; slowest {max(seconds):.1f} s"
    is_right = not wrong and statuses == {0} and max(seconds) <= 20
    what = f"SIGTERM under load, {n} times (the plan: 100)"
    return {"F6": row(what, "0 failed, exit in ≤ 20 s", seen, is_right)}


def replicas(folder: Path, n: int) -> dict[str, Told]:
    """F7."""
    bundle, ports = _bundle(folder), [free_port(), free_port()]
    servers = [start_server(bundle, port) for port in ports]
    with proxy(folder, ports) as url, Asking(url, film_request()) as asking:
        for number in range(n):
            which = number % 2
            time.sleep(BETWEEN_S)
            servers[which].kill()
            servers[which].wait()
            servers[which] = start_server(bundle, ports[which])
    for each in servers:
        each.send_signal(signal.SIGTERM)
        each.wait(60)
    seen = f"{asking.n_right:,} right, {_wrong(asking)}"
    what = f"two servers behind nginx, one killed every few seconds, {n} times"
    return {"F7": row(what, "0 failed", seen, not asking.wrong)}


def slow(folder: Path, n: int) -> dict[str, Told]:
    """B3: with the proxy, and without."""
    bundle, port = _bundle(folder), free_port()
    running, rows = start_server(bundle, port), {}
    with proxy(folder, [port]) as through:
        for where, url in (("bare", f"http://127.0.0.1:{port}"), ("behind nginx", through)):
            with Asking(url, film_request(), n=2) as calm:
                calm.wait_for(400)
            before = kit.rss_mb(running.pid)
            each = min(n // 3, 20)  # nginx lets 64 connections of one address in
            with slow_clients(url, each), Asking(url, film_request(), n=2) as asking:
                asking.wait_for(400)
            ratio = np.percentile(asking.ms, 99) / np.percentile(calm.ms, 99)
            grown = kit.rss_mb(running.pid) - before
            seen = f"99th percentile {ratio:.1f} times, {_wrong(asking)}; memory {grown:+.0f} MB"
            what = f"{3 * each} slow clients (head, body, idle), {where} (the plan: 1,000)"
            is_right = ratio <= 2 and not asking.wrong and grown <= 50
            rows[f"B3 {where}"] = row(what, "≤ 2 times, ≤ +50 MB", seen, bool(is_right))
    running.kill()
    running.wait()
    return rows


def _wrong(asking: Asking) -> str:
    return f"wrong {dict(asking.wrong)}" if asking.wrong else "0 wrong"


DRILLS: dict[str, tuple[Callable[[Path, int], dict[str, Told]], int]] = {
    "swaps": (swaps, 1000), "bad": (bad, 20), "kills": (kills, 200),
    "decoders": (decoders, 200), "stops": (stops, 20), "replicas": (replicas, 200),
    "slow": (slow, 300),
}  # fmt: skip


def main() -> None:
    for word in sys.argv[1:] or DRILLS:
        name, _, times = word.partition("=")
        drill, usual = DRILLS[name]
        with tempfile.TemporaryDirectory() as folder:
            kit.keep("faults", drill(Path(folder), int(times or usual)))


if __name__ == "__main__":
    main()
