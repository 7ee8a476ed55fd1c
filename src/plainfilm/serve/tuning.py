"""How a server reads fastest on this machine: engines, workers and threads, measured side by side.

What is measured is the graph, as the server's threads ask it; decoding comes on top, of whichever
settings. Memory is that of a process for each setting (`footprint`). The result is a small JSON
file, which `plainfilm serve --tuned` takes.
"""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from plainfilm.errors import CorruptBundle, ServeError
from plainfilm.reading import Bundle, Reader
from plainfilm.reading.engine import Array, EngineName, RunsGraph
from plainfilm.reading.shelf import find_bundle
from plainfilm.reading.strict_json import decode, encode, parse
from plainfilm.serve.batching import Batching, BatchSettings
from plainfilm.serve.workers import n_cores

SCHEMA = "plainfilm.tuned/2"
FILM_SIDE = 1024
ROUNDS = 3
_NEARLY = 0.97  # of the most films a second: then the simpler setting is taken
_MAX_BYTES = 2**16
_FOOTPRINT_S = 120  # for a process that reads a few films

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Setting:
    """What is tried: as the options of `plainfilm serve`."""

    engine: EngineName = EngineName.ONNXRUNTIME
    workers: int = 1
    threads: int = 1
    max_batch: int = 1

    @property
    def words(self) -> str:
        """As options of the command line."""
        found = f"--engine {self.engine} --workers {self.workers} --threads {self.threads}"
        return found if self.max_batch == 1 else f"{found} --max-batch {self.max_batch}"


@dataclass(frozen=True)
class Measured:
    """What a setting gives: films a second, the median of its rounds, and ms that a film takes.

    `p95_ms` is what 95 of 100 films take at most. `peak_mb` is the most memory of a process that
    reads so, in 1,000,000 bytes; None where the system does not tell.
    """

    setting: Setting
    films_per_s: float
    median_ms: float
    p95_ms: float
    peak_mb: float | None


@dataclass(frozen=True)
class Tuned:
    """What was measured of a bundle on a machine of so many cores; the best first."""

    schema: str
    bundle: str
    cores: int
    measured: tuple[Measured, ...]

    @property
    def best(self) -> Setting:
        """The one to serve with."""
        return self.measured[0].setting


def tune_serving(
    bundle: str | Path, *, seconds: float = 2.0, progress: Progress | None = None
) -> Tuned:
    """Measure the settings that make sense here, in turns, so that others' work meets each.

    Parameters
    ----------
    bundle
        Its path, or the name of a shipped one.
    seconds
        Of each setting in each of `ROUNDS` rounds.
    progress
        Told turns done and turns in all.

    Raises
    ------
    BundleError
        The bundle cannot be trusted.
    """
    path = find_bundle(bundle)
    loaded = Bundle.load(path)
    engines = dict(_engines(loaded, settings_for(n_cores())))
    film = draw_film()
    rates: dict[Setting, list[float]] = {setting: [] for setting in engines}
    times: dict[Setting, list[float]] = {setting: [] for setting in engines}
    n_turns = ROUNDS * len(engines)
    for turn in range(n_turns):
        setting = tuple(engines)[turn % len(engines)]
        rate, took = ask(engines[setting], film, setting.workers, seconds)
        rates[setting].append(rate)
        times[setting] += took
        if progress is not None:
            progress(turn + 1, n_turns)
    found = [
        Measured(
            setting,
            films_per_s=median(rates[setting]),
            median_ms=1000 * median(times[setting]),
            p95_ms=1000 * float(np.percentile(times[setting], 95)),
            peak_mb=_peak_mb(path, setting),
        )
        for setting in engines
    ]
    return Tuned(SCHEMA, loaded.header.name, n_cores(), tuple(_ranked(found)))


def settings_for(cores: int) -> tuple[Setting, ...]:
    """What is tried on so many cores, the simplest first."""
    tried = [Setting(workers=cores)]
    if cores > 1:
        tried += [Setting(threads=cores), Setting(workers=8, threads=cores, max_batch=8)]
    if find_spec("openvino") is not None:
        tried.append(Setting(EngineName.OPENVINO, workers=cores))
    return tuple(tried)


def save_tuned(tuned: Tuned) -> bytes:
    """The file that `load_tuned` reads."""
    return encode(asdict(tuned))


def load_tuned(path: Path) -> Setting:
    """The setting that a file says is best on this machine.

    Raises
    ------
    ServeError
        The file cannot be read, is no such file, or is of a machine with other cores.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ServeError(f"{path.name}: cannot be read ({error.strerror})") from error
    try:
        parsed = parse(content[:_MAX_BYTES], path.name)
        schema = parsed.get("schema", SCHEMA)
        if schema != SCHEMA:
            found = f"{path.name}: found {str(schema)[:40]!r}; expected {SCHEMA}"
            raise ServeError(f"{found}; run plainfilm tune serve again")
        tuned = decode(Tuned, parsed, path.name)
    except CorruptBundle as error:
        raise ServeError(str(error)) from error
    if not tuned.measured:
        raise ServeError(f"{path.name}: nothing measured; run plainfilm tune serve again")
    if tuned.cores != n_cores():
        raise ServeError(
            f"{path.name}: of a machine with {tuned.cores} cores, and here are {n_cores()}; "
            "run plainfilm tune serve here"
        )
    return tuned.best


def _engines(bundle: Bundle, settings: Sequence[Setting]) -> Iterator[tuple[Setting, RunsGraph]]:
    """An engine for each setting; one whose golden outputs do not return is left out."""
    for setting in settings:
        try:
            yield setting, engine_for(bundle, setting)
        except CorruptBundle:
            if setting.engine is EngineName.ONNXRUNTIME:
                raise


def engine_for(bundle: Bundle, setting: Setting) -> RunsGraph:
    """What runs a bundle's graph as a server with this setting does.

    Raises
    ------
    CorruptBundle
        Its golden outputs do not come back.
    """
    is_own = setting.engine is EngineName.ONNXRUNTIME
    threads = setting.threads if is_own else setting.workers
    engine = Reader(bundle, threads=threads, engine=setting.engine).engine
    if setting.max_batch == 1:
        return engine
    return Batching(engine, BatchSettings(setting.max_batch), lambda _: None)


def draw_film() -> Array:
    """What every setting reads: noise, float32 (1, 1, FILM_SIDE, FILM_SIDE) in [0, 1)."""
    return np.random.default_rng(0).random((1, 1, FILM_SIDE, FILM_SIDE), np.float32)


def _peak_mb(path: Path, setting: Setting) -> float | None:
    numbers = (str(n) for n in (setting.workers, setting.threads, setting.max_batch))
    module = ("-P", "-m", "plainfilm.serve.footprint")
    command = (sys.executable, *module, str(path.resolve()), setting.engine, *numbers)
    try:
        done = subprocess.run(command, capture_output=True, timeout=_FOOTPRINT_S, check=True)
        return int(done.stdout) / 1e6
    except (OSError, subprocess.SubprocessError, ValueError):
        return None  # how fast it is still holds


def ask(engine: RunsGraph, film: Array, workers: int, seconds: float) -> tuple[float, list[float]]:
    """Films a second, and the seconds that each took, asked by so many threads."""
    start = threading.Barrier(workers)

    def go_on() -> list[float]:
        """The seconds of one thread's films."""
        engine.run(film)
        start.wait()
        until, took = perf_counter() + seconds, list[float]()
        while not took or perf_counter() < until:
            began = perf_counter()
            engine.run(film)
            took.append(perf_counter() - began)
        return took

    with ThreadPoolExecutor(workers) as threads:
        asking = [threads.submit(go_on) for _ in range(workers)]
        found = [each.result() for each in asking]
    # Each thread by its own clock: the last film of one may end after the others'.
    return sum(len(took) / sum(took) for took in found), [s for took in found for s in took]


def _ranked(found: Sequence[Measured]) -> list[Measured]:
    """The fastest first; but one before it that is nearly as fast is simpler, and first."""
    most = max(each.films_per_s for each in found)
    first = next(each for each in found if each.films_per_s >= _NEARLY * most)
    others = [each for each in found if each is not first]
    return [first, *sorted(others, key=lambda each: -each.films_per_s)]
