"""House: what the routes of one server share."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

from plainfilm.radiograph import Radiograph
from plainfilm.serve.audit_log import AuditLog
from plainfilm.serve.loading import NO_BUNDLE, Loader
from plainfilm.serve.metrics import Metrics
from plainfilm.serve.problems import Problem
from plainfilm.serve.settings import DEFAULT_BUNDLE, ServeSettings
from plainfilm.serve.shortage import has_handle
from plainfilm.serve.stage import LoadedVersion, Stage
from plainfilm.serve.tracing import Spans
from plainfilm.serve.workers import Workers

Decode = Callable[[bytes, str], Radiograph]


@dataclass(eq=False)
class House:
    """What the routes of one server share.

    Parameters
    ----------
    decode
        A film's bytes and name to a radiograph; called on a reading thread, may block, raises
        `ImageError`.
    draw
        A number in [0, 1), evenly: who meets the canary.
    audit
        Where every film is written down before it is answered; None = nowhere.
    spans
        Where requests are traced to; by default nowhere.
    """

    settings: ServeSettings
    stage: Stage
    loader: Loader
    workers: Workers
    metrics: Metrics
    decode: Decode
    draw: Callable[[], float] = field(default=random.random)
    audit: AuditLog | None = None
    spans: Spans = field(default_factory=Spans)
    asides: set[asyncio.Task[None]] = field(default_factory=set)

    def run_aside(self, work: Coroutine[None, None, None]) -> None:
        """Start work that no request waits for; it is finished before the server stops."""
        task = asyncio.get_running_loop().create_task(work)
        self.asides.add(task)
        task.add_done_callback(self.asides.discard)

    def version_for(self, name: str | None, version: str | None) -> LoadedVersion:
        """The version that answers a request which names these, or does not.

        Raises
        ------
        Problem
            404 or 503: there is no such version, or none yet.
        """
        return self.stage.version_of(name or self.default_name, version, self.draw())

    @property
    def default_name(self) -> str:
        """The bundle that answers where none is named; a name even where none is loaded."""
        there = tuple(self.stage.casts)
        wanted = self.settings.default_bundle
        if wanted is not None:
            return wanted
        return DEFAULT_BUNDLE if DEFAULT_BUNDLE in there or not there else there[0]

    @property
    def unready(self) -> str | None:
        """Why the server is not ready; None = it is."""
        if self.workers.is_draining:
            return "the server is stopping"
        if not has_handle():
            return "no file handle is free"
        if self.audit is not None and not self.audit.works():
            return "the audit log cannot be written"
        if not self.loader.is_first_look_done:
            return "bundles are being loaded"
        if not self.stage.casts:
            why = f" ({NO_BUNDLE})" if self.loader.is_empty else ""
            return f"no bundle is loaded{self._failures() or why}"
        if self.default_name not in self.stage.casts:
            return f"{self.default_name} is not loaded{self._failures()}"
        try:
            self.stage.cast_of(self.default_name).default(1.0)
        except Problem as problem:
            return f"{self.default_name}: {problem.detail}"
        return None

    def metrics_page(self) -> bytes:
        """What Prometheus scrapes: the counters, and how things stand now."""
        now = self.metrics
        now.ready.set(self.unready is None)
        now.queue_depth.set(self.workers.n_admitted)
        now.loaded.clear()
        for cast in self.stage.casts.values():
            for version in cast.versions.values():
                place, sha256 = version.place, version.reader.bundle.id.sha256
                now.loaded.labels(place.name, place.version, sha256).set(1)
        for outcome, times in self.loader.swaps.items():
            now.swaps.labels(outcome).set(times)
        return now.page()

    def _failures(self) -> str:
        reasons = "; ".join(f"{place}: {why}" for place, why in self.loader.failures.items())
        return f" ({reasons})" if reasons else ""
