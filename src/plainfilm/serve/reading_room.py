"""Films and a version in, answers out: each film in its turn, with its own answer or problem."""

import asyncio
import base64
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic, time_ns

import numpy as np

from plainfilm.errors import PlainfilmError
from plainfilm.film_files import ReadOptions
from plainfilm.findings import FindingResult, Prediction
from plainfilm.radiograph import Radiograph
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.header import BundleHeader
from plainfilm.reports import WRITERS, Report
from plainfilm.reports.as_json import prediction_json
from plainfilm.reports.pictures import heat_png, thumbnail
from plainfilm.serve.asked import MEDIA_TYPES, Asked, Format, Maps, Reported
from plainfilm.serve.house import House
from plainfilm.serve.problems import Problem, bad_request, problem_of
from plainfilm.serve.recording import Told, record
from plainfilm.serve.stage import LoadedVersion
from plainfilm.serve.uploads import Film
from plainfilm.serve.workers import Deadline

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Answer:
    """What came of a film: the prediction, and what of it was asked for.

    Parameters
    ----------
    json
        The prediction as plain types.
    thumbnail
        The film, small enough for a report of all films; None = no such report was asked for.
    report
        The one that goes with the JSON; None = none was asked for.
    """

    prediction: Prediction
    json: dict[str, object]
    thumbnail: Radiograph | None = None
    report: "Attached | None" = None


@dataclass(frozen=True, eq=False)
class Attached:
    """A report that goes with a JSON answer."""

    media_type: str
    content: bytes

    def as_json(self) -> dict[str, object]:
        """Within the answer."""
        return {"media_type": self.media_type, "base64": base64.b64encode(self.content).decode()}


async def read_films(
    house: House, version: LoadedVersion, films: Sequence[Film], asked: Asked, deadline: Deadline
) -> list[Answer | Problem]:
    """An answer, or the reason why there is none, for each film in the order they came.

    No more films of one request than are in hand at a time wait, so that a long list lets
    others in between.
    """
    turns = asyncio.Semaphore(house.workers.n_in_hand)

    async def one(film: Film) -> Answer | Problem:
        """The film's answer, or its problem."""
        async with turns:
            try:
                return await read_film(house, version, film, asked, deadline)
            except Problem as problem:
                house.metrics.films_rejected.labels(problem.slug).inc()
                return problem

    check_findings(asked, version)
    reading = [asyncio.create_task(one(film)) for film in films]
    try:
        return list(await asyncio.gather(*reading))
    finally:
        for each in reading:  # where one meets a bug, nobody waits for the others
            each.cancel()


async def read_film(
    house: House, version: LoadedVersion, film: Film, asked: Asked, deadline: Deadline
) -> Answer:
    """The answer to one film; where there is an audit log, it stands there before it is given.

    Raises
    ------
    Problem
        The film cannot be read (415, 422), its turn came too late (504), the bundle fails (500),
        the audit log cannot be written (503).
    """
    try:
        answer = await _read_film(house, version, film, asked, deadline)
    except Problem as problem:
        await _record(house, version, film, problem)
        raise
    await _record(house, version, film, answer)
    return answer


async def _record(
    house: House, version: LoadedVersion, film: Film, found: Answer | Problem
) -> None:
    if house.audit is None:
        return
    results: tuple[FindingResult, ...] = ()
    outcome = found.slug if isinstance(found, Problem) else "read"
    if isinstance(found, Answer):
        results = found.prediction.results
        outcome = "refused" if found.prediction.refused else "read"
    told = Told(
        film.content,
        outcome,
        {result.finding.name: result.probability for result in results},
        {result.finding.name: result.threshold for result in results},
    )
    await record(house, version, told)


async def _read_film(
    house: House, version: LoadedVersion, film: Film, asked: Asked, deadline: Deadline
) -> Answer:
    film.check_type()
    place, began, began_ns = version.place, monotonic(), time_ns()

    def decoded() -> Radiograph:
        """The film, on a thread that decodes."""
        house.metrics.queue_seconds.observe(monotonic() - began)
        house.spans.past("wait", began_ns)
        with house.metrics.decode_seconds.time(), house.spans.span("decode"):
            return house.decode(film.content, film.name)

    def read(radiograph: Radiograph) -> Answer:
        """The answer, on a thread that reads."""
        with house.metrics.compute_seconds.labels(
            place.name, place.version
        ).time(), house.spans.span("infer", bundle=str(place)):  # fmt: skip
            prediction = asked.how.read(version.reader, radiograph)
        return _answer(prediction, radiograph, version.reader.bundle, asked)

    try:
        async with house.workers.in_hand(deadline):
            radiograph = await house.workers.decoding.run(decoded, deadline)
            answer = await house.workers.reading.run(lambda: read(radiograph), deadline)
    except PlainfilmError as error:
        raise problem_of(error) from error
    outcome = "refused" if answer.prediction.refused else "read"
    house.metrics.inferences.labels(place.name, place.version, outcome).inc()
    for result in answer.prediction.results:
        house.metrics.scores.labels(place.name, result.finding.name).observe(result.probability)
    _ask_shadow(house, version, radiograph, asked.how, answer.prediction)
    return answer


def check_findings(asked: Asked, version: LoadedVersion) -> None:
    """Raise the 400 `Problem` where maps are asked for that the bundle does not have."""
    header = version.reader.bundle.header
    unknown = set(asked.findings) - set(header.label_set.names)
    if unknown:
        there = ", ".join(header.label_set.names)
        raise bad_request(f"finding: {min(unknown)[:60]!r} is none of {header.name}'s: {there}")
    if asked.maps is not Maps.NONE and header.map is None:
        raise bad_request(f"maps: {header.name} has none; leave the field out")


def item_json(film: Film, found: Answer | Problem) -> dict[str, object]:
    """A film's place in a list of answers: its prediction, or its name and its problem."""
    if isinstance(found, Problem):
        return {"name": film.name, **found.as_json()}
    if found.report is None:
        return found.json
    return {**found.json, "report": found.report.as_json()}


def _answer(prediction: Prediction, radiograph: Radiograph, bundle: Bundle, asked: Asked) -> Answer:
    found, header = prediction_json(prediction), bundle.header
    if asked.maps is not Maps.NONE:
        wanted = asked.findings or header.label_set.names
        found["maps"] = {
            result.finding.name: _map_json(result, radiograph, header, asked.maps)
            for result in prediction.results
            if result.finding.name in wanted
        }
    if asked.format is Format.JSON and asked.report is Reported.NONE:
        return Answer(prediction, found)
    small = thumbnail(radiograph)
    if asked.report is Reported.NONE:
        return Answer(prediction, found, small)
    of_one = Report((prediction,), (small,), header, evaluation=bundle.evaluation, is_single=True)
    content = WRITERS[f".{asked.report}"](of_one)
    return Answer(prediction, found, small, Attached(MEDIA_TYPES[asked.report], content))


def _map_json(
    result: FindingResult, radiograph: Radiograph, header: BundleHeader, kind: Maps
) -> dict[str, object]:
    if result.map is None or header.map is None:
        raise ValueError(f"{header.name} promises maps and gave none")
    if kind is Maps.PNG:
        height, width = radiograph.pixels.shape
        content = heat_png(result.map, (height, width), header)
        return {"media_type": "image/png", "base64": base64.b64encode(content).decode()}
    values = np.ascontiguousarray(result.map, dtype="<f4")
    return {
        "dtype": "float32",
        "shape": list(values.shape),
        "display_max": header.map.display_max,
        "base64": base64.b64encode(values.tobytes()).decode(),
    }


def _ask_shadow(
    house: House, version: LoadedVersion, film: Radiograph, how: ReadOptions, given: Prediction
) -> None:
    # Asked only where a thread is free: a shadow takes nobody's time.
    cast = house.stage.casts.get(version.place.name)
    shadow = cast.shadow if cast else None
    if shadow is None or shadow is version or not house.workers.reading.is_idle:
        return
    house.run_aside(_compare(house, shadow, film, how, given))


async def _compare(
    house: House, shadow: LoadedVersion, film: Radiograph, how: ReadOptions, given: Prediction
) -> None:
    with house.stage.holding(shadow):
        deadline = Deadline.after(house.settings.timeout_s)
        try:
            found = await house.workers.reading.run(lambda: how.read(shadow.reader, film), deadline)
        except (PlainfilmError, Problem) as error:
            log.warning("shadow failed", extra={"fields": {"bundle": str(shadow.place),
                                                           "reason": str(error)}})  # fmt: skip
            return
    place = shadow.place
    house.metrics.inferences.labels(place.name, place.version, "shadow").inc()
    others = {result.finding.name: result.probability for result in found.results}
    gaps = [
        abs(result.probability - others[result.finding.name])
        for result in given.results
        if result.finding.name in others
    ]
    if gaps:
        house.metrics.shadow_difference.labels(place.name).observe(max(gaps))
