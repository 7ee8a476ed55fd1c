"""What the server costs beside the graph alone, and how it stands under load.

    python benchmarks/serving.py [overhead|throughput|overload|steady|start|archive ...]

All of them where none is named. The server, the clients and the bare engine are processes of their
own on this machine; rounds of server and bare engine alternate, so that others' work meets both.
Where others compute, and clients do on the same cores, processor time says more than the clock:
both are told. Kept in results/serving.json, a row for each claim; the last log is serving.txt.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import bench_kit as kit
from bench_kit import Ask, Told, row
from plainfilm.serve.workers import n_cores
from served import server

ROUNDS, ROUND_S, CLIENTS = 4, 5.0, 4


def throughput(folder: Path) -> dict[str, Told]:
    """L1: the server beside onnxruntime alone, fitted tensors and films as files."""
    rows, paths = {}, kit.bundles(folder)
    for name, side in (("densenet121", 224), ("chest14-demo", 160)):
        asks = [kit.tensor_ask(name, side), kit.film_ask("jpeg-dicom"), kit.film_ask("png")]
        with server(paths[name], "--workers", "2") as (process, told, _):
            for ask in asks:
                target = 0.92 if "binary" in ask.words else 0.80
                rows[f"L1 {name}, {ask.words}"] = _ratio(
                    folder, process, told["url"], paths[name], ask, target
                )
    return rows


def _ratio(
    folder: Path, process: subprocess.Popen[str], url: str, bundle: Path, ask: Ask, target: float
) -> Told:
    request = ask.file(folder)
    kit.load(url, request, clients=CLIENTS, seconds=1)
    walls, cpus, served, alone, client = [], [], [], [], []
    for _ in range(ROUNDS):
        bare = kit.bare(bundle, ask.side, ROUND_S)
        before = kit.cpu_s(process.pid)
        found = kit.load(url, request, clients=CLIENTS, seconds=ROUND_S)
        n = len(found["ms"].get("200", []))
        if found["failed"] or set(found["ms"]) != {"200"}:
            raise SystemExit(f"{ask.words}: {found['failed']}, {list(found['ms'])}")
        walls.append((n / found["seconds"]) / (bare["runs"] / bare["seconds"]))
        served.append(1e3 * (kit.cpu_s(process.pid) - before) / n)
        alone.append(1e3 * bare["cpu_s"] / bare["runs"])
        client.append(1e3 * found["cpu_s"] / n)
        cpus.append(alone[-1] / served[-1])
    wall, cpu = statistics.median(walls), statistics.median(cpus)
    seen = (f"by the clock {wall:.2f}, by processor time {cpu:.2f} (graph alone "
            f"{statistics.median(alone):.1f} ms, {kit.decoding(ask)}server "
            f"{statistics.median(served):.1f} ms, client "
            f"{statistics.median(client):.1f} ms a film)")  # fmt: skip
    what = f"throughput beside onnxruntime alone: {bundle.stem}, {ask.words}"
    return row(what, f"≥ {target:.2f}", seen, wall >= target)


def overhead(folder: Path) -> dict[str, Told]:
    """L2: one client, a graph that does nothing to speak of."""
    with server(kit.bundles(folder)["tiny"], "--workers", "2") as (_, told, _):
        request = kit.tensor_ask("tiny", 32).file(folder)
        kit.load(told["url"], request, clients=1, seconds=1)
        ms = kit.load(told["url"], request, clients=1, seconds=20)["ms"]["200"]
    half, most = kit.percentile(ms, 50), kit.percentile(ms, 99)
    seen = f"{half:.1f} ms and {most:.1f} ms of {len(ms):,} requests"
    what = "one client, a graph of 32 pixels: median and 99th percentile of the whole answer"
    return {"L2": row(what, "≤ 2 ms and ≤ 8 ms", seen, half <= 2 and most <= 8)}


def overload(folder: Path) -> dict[str, Told]:
    """L3 and L4: 70 % of what the server can, then ten times of it."""
    bundle = kit.bundles(folder)["densenet121"]
    with server(bundle, "--workers", "2", "--max-waiting", "16") as (process, told, _):
        request = kit.tensor_ask("densenet121", 224).file(folder)
        most = kit.load(told["url"], request, clients=4, seconds=10)
        capacity = len(most["ms"]["200"]) / most["seconds"]
        calm = kit.load(told["url"], request, clients=16, seconds=60, rate=0.7 * capacity)
        alone = kit.bare(bundle, 224, 60, rate=0.7 * capacity)["ms"]
        before = kit.rss_mb(process.pid)
        flood = kit.load(told["url"], request, clients=64, seconds=300, rate=10 * capacity)
        after = kit.load(told["url"], request, clients=4, seconds=10)
        grown = kit.rss_mb(process.pid) - before
    ms = calm["ms"]["200"]
    spread, graph_spread = (kit.percentile(v, 99) / kit.percentile(v, 50) for v in (ms, alone))
    good = len(flood["ms"].get("200", [])) / flood["seconds"] / capacity
    refused = flood["ms"].get("503", [])
    asked = sum(map(len, flood["ms"].values())) / flood["seconds"] / capacity
    late = kit.percentile(refused, 99)
    again = len(after["ms"]["200"]) / after["seconds"] / capacity
    theirs = flood["cpu_s"] / flood["seconds"] / n_cores()
    seen = (f"goodput {good:.2f} of capacity; {len(refused):,} got 503, 99th percentile {late:.0f} "
            f"ms; others {set(flood['ms']) - {'200', '503'} or 'none'}; hangs and failures "
            f"{flood['failed'] or 'none'}; afterwards {again:.2f}; memory {grown:+.0f} MB; "
            f"{asked:.1f} times was asked, by clients who took {theirs:.0%} of the same "
            f"cores")  # fmt: skip
    return {
        "L3": row("99th percentile by median at 70 % of capacity, 1 minute (the plan: 30)",
                  "≤ 3", f"{spread:.1f} ({kit.percentile(ms, 50):.0f} ms and "
                  f"{kit.percentile(ms, 99):.0f} ms); the graph alone, asked as often, "
                  f"{graph_spread:.1f}", spread <= 3),
        "L4": row("ten times the capacity offered for 5 minutes, 64 clients",
                  "goodput ≥ 0.9, 503 within 100 ms (99 %), no hang", seen,
                  good >= 0.9 and late <= 100 and not flood["failed"]),
    }  # fmt: skip


def steady(folder: Path) -> dict[str, Told]:
    """L6: what the server and its decoders hold after a thousand films."""
    rows = {}
    for name in ("chest14-demo", "densenet121"):
        with server(kit.bundles(folder)[name], "--workers", "2") as (process, told, _):
            request = kit.film_ask("jpeg-dicom").file(folder)
            kit.load(told["url"], request, clients=4, seconds=10)
            first = [kit.rss_mb(each) for each in kit.family(process.pid)]
            open_before = kit.n_open(process.pid)
            kit.load(told["url"], request, clients=4, seconds=20)
            held = [kit.rss_mb(each) for each in kit.family(process.pid)]
            opened = kit.n_open(process.pid) - open_before
        seen = (f"server {held[0]:.0f} MB ({held[0] - first[0]:+.0f} in the last 20 s), each of "
                f"{len(held) - 1} decoders {max(held[1:]):.0f} MB; open "
                f"files {opened:+d}")  # fmt: skip
        what = f"memory held after 30 s of DICOM films, {name}"
        rows[f"L6 {name}"] = row(what, "≤ 450 MB", seen, sum(held) <= 450)
    return rows


def start(folder: Path) -> dict[str, Told]:
    """L7: from the command to the line that says a bundle is loaded, checked and answering."""
    seconds, bundle = [], kit.bundles(folder)["densenet121"]
    for _ in range(5):
        began = time.perf_counter()
        with server(bundle, "--workers", "2"):
            seconds.append(time.perf_counter() - began)
    middle, most = statistics.median(seconds), max(seconds)
    seen = f"{middle:.1f} s (slowest of 5: {most:.1f} s)"
    return {"L7": row("cold start to ready, DenseNet-121", "≤ 3 s", seen, middle <= 3)}


def archive(folder: Path, n_films: int = 2000) -> dict[str, Told]:
    """L8: an archive of films of 1024 pixels, beside the server's rate with them (L1)."""
    bundle = kit.bundles(folder)["densenet121"]
    film = kit.film_ask("png").content.partition(b"\r\n\r\n")[2]
    with tempfile.TemporaryDirectory() as place:
        films = Path(place) / "films"
        films.mkdir()
        for number in range(n_films):
            (films / f"{number:06}.png").write_bytes(film)
        with server(bundle, "--workers", "2") as (_, told, _):
            request = kit.film_ask("png").file(folder)
            kit.load(told["url"], request, clients=CLIENTS, seconds=1)
            asked = kit.load(told["url"], request, clients=CLIENTS, seconds=4 * ROUND_S)
        alone = kit.bare(bundle, 1024, 4 * ROUND_S)
        words = [sys.executable, "-m", "plainfilm", "score", str(films), "--bundle", str(bundle),
                 "--workers", "2", "--view", "PA", "--body-part", "chest",
                 "--out", f"{place}/scores.csv"]  # fmt: skip
        began = time.perf_counter()
        subprocess.run(words, check=True, capture_output=True, timeout=600)
        seconds = time.perf_counter() - began
        n_rows = len((Path(place) / "scores.csv").read_text("utf-8").splitlines()) - 1
    rate = n_films / seconds
    of_server = rate / (len(asked["ms"]["200"]) / asked["seconds"])
    of_graph = rate / (alone["runs"] / alone["seconds"])
    seen = (f"{of_server:.2f} of the server's rate with the same films, {of_graph:.2f} of the "
            f"graph alone: {rate:.1f} films a second, {n_rows} rows of {n_films}")  # fmt: skip
    what = f"{n_films:,} PNG films of 1024 pixels scored (the plan: 112,120), DenseNet-121, "
    is_reached = of_server >= 0.9 and n_rows == n_films
    return {"L8": row(what + "two workers", "≥ 0.90 of L1's rate", seen, is_reached)}


PARTS: dict[str, Callable[[Path], dict[str, Told]]] = {
    "overhead": overhead, "throughput": throughput, "overload": overload, "steady": steady,
    "start": start, "archive": archive,
}  # fmt: skip


if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        kit.keep("serving", PARTS[part](kit.scratch()))
