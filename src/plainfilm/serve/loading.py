"""Loading: what is on disk goes on the stage; a bad version never takes a good one's place.

A version is ready only when its hashes, the signature of its graph and its golden outputs have
been checked here. Why another is not is kept in `Loader.failures`.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from plainfilm.errors import BundleError, CorruptBundle, PlainfilmError
from plainfilm.reading import Bundle, Reader
from plainfilm.reading.engine import EngineName
from plainfilm.serve.batching import Batching, BatchSettings
from plainfilm.serve.memory import give_back
from plainfilm.serve.repository import Shelved, stamp
from plainfilm.serve.shortage import is_shortage
from plainfilm.serve.sources import Source
from plainfilm.serve.stage import Cast, LoadedVersion, Place, Stage

log = logging.getLogger(__name__)

MakeReader = Callable[[Path], Reader]

NO_BUNDLE = (
    "no bundle is there; expected NAME/VERSION/ in the repository, which `plainfilm bundles "
    "publish` and then `promote` put there. Without --poll the server looks when it is told to"
)


@dataclass(frozen=True)
class ReaderMaker:
    """Makes verified readers of the bundles at paths, by the engine that is wanted where it can.

    The fast engine reads only where the bundle's golden outputs return; else onnxruntime does, and
    the log says why. With `batches` of several films their calls are run together, and `told` how
    many films each run has. `threads` are the calls at once, `threads_each` those of one, which
    only onnxruntime takes.
    """

    engine: EngineName
    threads: int
    batches: BatchSettings = field(default_factory=BatchSettings)
    told: Callable[[int], object] = lambda _: None
    threads_each: int = 1

    def __call__(self, path: Path) -> Reader:
        """A reader; BundleError where no engine can be trusted with the bundle."""
        reader = self._reader(Bundle.load(path))
        if self.batches.max_films > 1:
            reader.engine = Batching(reader.engine, self.batches, self.told)
        return reader

    def _reader(self, bundle: Bundle) -> Reader:
        if self.engine is EngineName.OPENVINO:
            try:
                return Reader(bundle, threads=self.threads, engine=self.engine)
            except CorruptBundle as error:
                fields = {"bundle": bundle.header.name, "reason": str(error)}
                log.warning("openvino not used", extra={"fields": fields})
        # A run of several films has all cores, since there is one at a time.
        return Reader(bundle, threads=self.threads_each if self.batches.max_films == 1 else None)


class Loader:
    """Brings versions from a source to a stage. To be used in one event loop.

    Parameters
    ----------
    read_with
        Makes a reader of the bundle at a path, and verifies it; called on a thread of its own.
    keep_versions
        How many of the newest versions are loaded, beside those with a label.
    on_leaving
        Told of each version that has left the stage.
    """

    def __init__(
        self,
        source: Source,
        stage: Stage,
        *,
        read_with: MakeReader,
        keep_versions: int,
        on_leaving: Callable[[Place], object] = lambda _: None,
    ) -> None:
        self.source, self.stage = source, stage
        self.failures: dict[str, str] = {}
        self.swaps: dict[str, int] = {"loaded": 0, "failed": 0}
        self.is_first_look_done = self.is_empty = False
        self._read_with, self._keep, self._on_leaving = read_with, keep_versions, on_leaving
        self._failed: dict[Place, object] = {}
        self._asked_for: set[Place] = set()
        self._sent_away: set[Place] = set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="loader")
        self._one_at_a_time = asyncio.Lock()

    async def look(self) -> None:
        """Look at the source and let the stage follow; what fails is kept in `failures`."""
        async with self._one_at_a_time:
            loop, before = asyncio.get_running_loop(), self.stage.loaded
            shelves = await loop.run_in_executor(self._thread, self._shelves)
            self.is_empty = not shelves
            self._forget_gone(shelves)
            casts = dict(self.stage.casts)
            for name in set(casts) - set(shelves):
                if name not in self.failures:
                    del casts[name]
            for name, shelved in shelves.items():
                casts[name] = await self._cast(shelved)
                self.stage.put(casts)  # each as soon as it is ready
            self.stage.put(casts)
            if not casts and not self.is_first_look_done:
                log.warning("nothing to serve", extra={"fields": {"reason": NO_BUNDLE}})
            self.is_first_look_done = True
            gone = before - self.stage.loaded
            for place in gone:
                self._on_leaving(place)
            if gone:
                await loop.run_in_executor(self._thread, give_back)

    async def load(self, name: str, version: int | None = None) -> None:
        """Load a bundle's version (None = those that would be), and look at what is new.

        Raises
        ------
        BundleError
            There is no such version, or it cannot be trusted; what answered before still does.
        """
        shelved = self.source.shelved(name)
        places = {Place(name, n) for n in (self._wanted(shelved) if version is None else {version})}
        if version is not None and version not in shelved.versions:
            raise BundleError(f"{places.pop()}: no such version")
        self._sent_away -= places | {Place(name, n) for n in shelved.versions if version is None}
        if version is not None:
            self._asked_for |= places
        for place in places:
            self._failed.pop(place, None)  # what failed is tried again
        await self.look()
        for place in sorted(places, key=str):
            if str(place) in self.failures:
                raise BundleError(self.failures[str(place)])

    async def unload(self, name: str, version: int | None = None) -> None:
        """Send a bundle's version (None = all) off the stage, once its requests are answered."""
        cast = self.stage.casts.get(name)
        numbers = set(cast.versions if cast else ()) if version is None else {version}
        gone = {Place(name, number) for number in numbers}
        if version is None:
            gone |= {Place(name, number) for number in self.source.shelved(name).versions}
        self._asked_for -= gone
        self._sent_away |= gone
        await self.look()

    def close(self) -> None:
        """Let the loading thread go."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _shelves(self) -> dict[str, Shelved]:
        shelves: dict[str, Shelved] = {}
        for name in self._names():
            try:
                shelves[name] = self.source.shelved(name)
                self.failures.pop(name, None)
            except PlainfilmError as error:
                self._tell_unseen(name, str(error))
            except OSError as error:
                self._tell_unseen(name, f"{name}: cannot be listed ({error.strerror})")
        return shelves

    def _forget_gone(self, shelves: Mapping[str, Shelved]) -> None:
        """Tell no longer of versions that are not there any more; of what cannot be listed, do."""
        if "repository" in self.failures:
            return
        for told in tuple(self.failures):
            name, _, number = told.partition("/")
            if number and name not in self.failures:
                there = shelves[name].versions if name in shelves else {}
                if int(number) not in there:
                    del self.failures[told]
                    self._failed.pop(Place(name, int(number)), None)

    def _names(self) -> tuple[str, ...]:
        try:
            names = self.source.names()
        except OSError as error:
            self._tell_unseen("repository", f"cannot be listed ({error.strerror})")
            return tuple(self.stage.casts)
        self.failures.pop("repository", None)
        return names

    def _wanted(self, shelved: Shelved) -> set[int]:
        newest = sorted(shelved.versions)[-self._keep :]
        asked = {place.version for place in self._asked_for if place.name == shelved.name}
        away = {place.version for place in self._sent_away if place.name == shelved.name}
        return ({*newest, *shelved.policy.labelled, *asked} & set(shelved.versions)) - away

    async def _cast(self, shelved: Shelved) -> Cast:
        now = self.stage.casts.get(shelved.name, Cast({}))
        versions: dict[int, LoadedVersion] = {}
        for number in sorted(self._wanted(shelved)):
            place = Place(shelved.name, number)
            found = await self._version(place, shelved.versions[number], now.versions.get(number))
            if found is not None:
                versions[number] = found
        cast = Cast(versions, shelved.policy)
        is_sent_away = Place(shelved.name, shelved.policy.stable or 0) in self._sent_away
        return cast if is_sent_away else _led(cast, now)

    async def _version(
        self, place: Place, path: Path, now: LoadedVersion | None
    ) -> LoadedVersion | None:
        loop = asyncio.get_running_loop()
        try:
            mark = await loop.run_in_executor(self._thread, stamp, path)
            if mark == self._failed.get(place, now.stamp if now else None):
                return now  # looked at before: it is loaded, or has failed
            self._failed[place] = mark
            reader = await loop.run_in_executor(self._thread, self._read_with, path)
        except Exception as error:  # noqa: BLE001 - whatever one does, the others go on
            if is_shortage(error):
                self._failed.pop(place, None)  # no fault of its files: the next look tries again
            is_ours = isinstance(error, PlainfilmError | OSError)
            why = str(error) if is_ours else f"{place}: not loaded ({type(error).__name__})"
            self._tell_failure(place, why)
            return now
        del self._failed[place]
        self.failures.pop(str(place), None)
        self.swaps["loaded"] += 1
        log.info("version loaded", extra={"fields": {"bundle": str(place)}})
        return LoadedVersion(place, reader, mark)

    def _tell_failure(self, place: Place, reason: str) -> None:
        self.failures[str(place)] = reason
        self.swaps["failed"] += 1
        log.error("version not loaded", extra={"fields": {"bundle": str(place), "reason": reason}})

    def _tell_unseen(self, what: str, reason: str) -> None:
        if self.failures.get(what) != reason:  # once, not at each look
            log.error("not looked at", extra={"fields": {"what": what, "reason": reason}})
        self.failures[what] = reason


def _led(cast: Cast, before: Cast) -> Cast:
    # Where the stable version cannot be loaded, the last one that could stays stable.
    held, policy, versions = before.policy.stable, cast.policy, dict(cast.versions)
    if policy.stable is None or policy.stable in versions:
        return cast
    if held is not None and held in before.versions:
        versions.setdefault(held, before.versions[held])
    ways_back = [n for n in (held, *reversed(policy.history)) if n in versions]
    return Cast(versions, replace(policy, stable=ways_back[0])) if ways_back else cast
