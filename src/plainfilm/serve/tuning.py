"""How a server reads fastest on this machine: engines, workers and threads, measured side by side.

What is measured is the graph, as the server's threads ask it; decoding comes on top, of whichever
settings. The result is a small JSON file, which `plainfilm serve --tuned` takes.
"""

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

SCHEMA = "plainfilm.tuned/1"
FILM_SIDE = 1024
ROUNDS = 3
_NEARLY = 0.97  # of the most films a second: then the simpler setting is taken
_MAX_BYTES = 2**16

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
    """What a setting gives: films a second, the median of its rounds, and ms that a film takes."""

    setting: Setting
    films_per_s: float
    median_ms: float


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
    loaded = Bundle.load(find_bundle(bundle))
    engines = dict(_engines(loaded, settings_for(n_cores())))
    film = np.random.default_rng(0).random((1, 1, FILM_SIDE, FILM_SIDE), np.float32)
    rates: dict[Setting, list[float]] = {setting: [] for setting in engines}
    times: dict[Setting, list[float]] = {setting: [] for setting in engines}
    n_turns = ROUNDS * len(engines)
    for turn in range(n_turns):
        setting = tuple(engines)[turn % len(engines)]
        rate, took = _round(engines[setting], film, setting.workers, seconds)
        rates[setting].append(rate)
        times[setting] += took
        if progress is not None:
            progress(turn + 1, n_turns)
    found = [Measured(s, median(rates[s]), 1000 * median(times[s])) for s in engines]
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
        tuned = decode(Tuned, parse(content[:_MAX_BYTES], path.name), path.name)
    except CorruptBundle as error:
        raise ServeError(str(error)) from error
    if tuned.schema != SCHEMA or not tuned.measured:
        raise ServeError(f"{path.name}: found {tuned.schema[:40]!r}; expected {SCHEMA}, measured")
    if tuned.cores != n_cores():
        raise ServeError(
            f"{path.name}: of a machine with {tuned.cores} cores, and here are {n_cores()}; "
            "run plainfilm tune serve here"
        )
    return tuned.best


def _engines(bundle: Bundle, settings: Sequence[Setting]) -> Iterator[tuple[Setting, RunsGraph]]:
    """An engine for each setting; one whose golden outputs do not return is left out."""
    for setting in settings:
        is_own = setting.engine is EngineName.ONNXRUNTIME
        threads = setting.threads if is_own else setting.workers
        try:
            engine = Reader(bundle, threads=threads, engine=setting.engine).engine
        except CorruptBundle:
            if is_own:
                raise
            continue
        if setting.max_batch > 1:
            engine = Batching(engine, BatchSettings(setting.max_batch), lambda _: None)
        yield setting, engine


def _round(
    engine: RunsGraph, film: Array, workers: int, seconds: float
) -> tuple[float, list[float]]:
    """Films a second, and the seconds that each took, asked by so many threads."""
    start = threading.Barrier(workers)

    def ask() -> list[float]:
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
        asking = [threads.submit(ask) for _ in range(workers)]
        found = [each.result() for each in asking]
    # Each thread by its own clock: the last film of one may end after the others'.
    return sum(len(took) / sum(took) for took in found), [s for took in found for s in took]


def _ranked(found: Sequence[Measured]) -> list[Measured]:
    """The fastest first; but one before it that is nearly as fast is simpler, and first."""
    most = max(each.films_per_s for each in found)
    first = next(each for each in found if each.films_per_s >= _NEARLY * most)
    others = [each for each in found if each is not first]
    return [first, *sorted(others, key=lambda each: -each.films_per_s)]
