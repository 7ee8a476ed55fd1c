"""Batching: calls of an engine that wait at the same time, answered by one run of the graph.

For engines that gain by it: a graphics processor, or one engine that spreads a run over all cores.
On a processor with a call for each core it does not pay, and is off (docs/how-to/serve.md).
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from plainfilm.errors import PlainfilmError
from plainfilm.reading.engine import FACTS, Array, GraphOutput, RunsGraph, checked_input


@dataclass(frozen=True)
class BatchSettings:
    """How calls are put together.

    Parameters
    ----------
    max_films
        Of one run; 1 = each call alone.
    wait_s
        Seconds that the first call waits for company; 0 = it takes what waits already.
    """

    max_films: int = 1
    wait_s: float = 0.0

    def __post_init__(self) -> None:
        if not self.max_films >= 1:
            raise ValueError(f"max_films: found {self.max_films}; expected at least 1")
        if not 0 <= self.wait_s <= 10:
            raise ValueError(f"wait_s: found {self.wait_s}; expected 0 to 10")


@dataclass(eq=False)
class _Call:
    radiographs: Array
    facts: Array | None
    found: GraphOutput | PlainfilmError | None = field(default=None)


class Batching:
    """An engine that runs the calls of several threads together; the same port.

    One run at a time; calls are taken in the order they came, as long as their films have the
    same height and width. Each gets its own films' outputs. Where a run of several fails, each is
    run alone, so that one film costs no other its answer.

    Parameters
    ----------
    told
        Is told how many films each run has.
    """

    def __init__(
        self, engine: RunsGraph, settings: BatchSettings, told: Callable[[int], object]
    ) -> None:
        self.bundle, self.name = engine.bundle, engine.name
        self._engine, self._settings, self._told = engine, settings, told
        self._waiting: deque[_Call] = deque()
        self._changed = threading.Condition()
        self._is_led = False

    def run(self, radiographs: Array, facts: Array | None = None) -> GraphOutput:
        """The graph's outputs for a batch; as `Engine.run`."""
        fed = checked_input(self.bundle.header, radiographs, facts)
        call = _Call(radiographs, fed.get(FACTS))
        with self._changed:
            self._waiting.append(call)
            self._changed.notify_all()
            self._changed.wait_for(lambda: call.found is not None or not self._is_led)
            if call.found is None:
                self._is_led = True
        if call.found is None:
            self._lead(call)
        if not isinstance(call.found, GraphOutput):
            raise call.found or RuntimeError("not answered")
        return call.found

    def _lead(self, own: _Call) -> None:
        """Run what waits, until one's own call is answered; then another may."""
        try:
            while own.found is None:
                calls = self._taken()
                try:
                    found = self._answered(calls)
                except BaseException:  # a bug: it is ours alone, and the others try again
                    with self._changed:
                        self._waiting.extendleft(c for c in reversed(calls) if c is not own)
                    raise
                with self._changed:
                    for call, each in zip(calls, found, strict=True):
                        call.found = each
                    self._changed.notify_all()
        finally:
            with self._changed:
                self._is_led = False
                self._changed.notify_all()

    def _taken(self) -> list[_Call]:
        most, wait_s = self._settings.max_films, self._settings.wait_s
        with self._changed:
            self._changed.wait_for(lambda: _n_films(self._waiting) >= most, wait_s)
            calls = [self._waiting.popleft()]
            while self._waiting:
                fits = self._waiting[0].radiographs.shape[1:] == calls[0].radiographs.shape[1:]
                if not fits or _n_films([*calls, self._waiting[0]]) > most:
                    break
                calls.append(self._waiting.popleft())
        return calls

    def _answered(self, calls: Sequence[_Call]) -> Sequence[GraphOutput | PlainfilmError]:
        self._told(_n_films(calls))
        try:
            told = [call.facts for call in calls if call.facts is not None]
            films = np.concatenate([call.radiographs for call in calls])
            facts = np.concatenate(told) if told else None
            whole = self._engine.run(films, facts)
        except PlainfilmError as error:
            return [error] if len(calls) == 1 else [self._alone(call) for call in calls]
        ends = np.cumsum([len(call.radiographs) for call in calls])
        starts = (0, *ends[:-1])
        return [_part(whole, start, end) for start, end in zip(starts, ends, strict=True)]

    def _alone(self, call: _Call) -> GraphOutput | PlainfilmError:
        return self._answered([call])[0]


def _n_films(calls: Sequence[_Call] | deque[_Call]) -> int:
    return sum(len(call.radiographs) for call in calls)


def _part(whole: GraphOutput, start: int, end: int) -> GraphOutput:
    return GraphOutput(
        probability=whole.probability[start:end],
        score=whole.score[start:end],
        map=None if whole.map is None else whole.map[start:end],
        familiarity=None if whole.familiarity is None else whole.familiarity[start:end],
    )
