"""A radiograph in, a prediction out: `Reader`.

bundle.py loads what reads, engine.py runs it, gate.py says what it may not judge.
"""

from dataclasses import dataclass
from pathlib import Path

from plainfilm.findings import FindingResult, Prediction
from plainfilm.radiograph import Radiograph, Sex, Study, View
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.engine import Engine, EngineName, GraphOutput, RunsGraph
from plainfilm.reading.facts import facts_vector
from plainfilm.reading.gate import (
    Check,
    Circumstances,
    check_familiarity,
    check_image,
    check_population,
    gather,
    overridden,
    shouts_first,
)
from plainfilm.reading.shelf import find_bundle
from plainfilm.reading.study import combine, mean_choice, mean_each
from plainfilm.reading.verify import verify_engine

__all__ = ["Bundle", "Engine", "Reader"]


class Reader:
    """A bundle that reads films.

    Parameters
    ----------
    bundle
        A bundle, its path, or the name of a bundled one.
    threads
        Processor threads, at least 1; None = one for each core.
    engine
        What runs the graph. Whatever it is, the golden outputs must return.

    Raises
    ------
    CorruptBundle
        The bundle cannot be trusted, or its golden outputs do not return on this machine.
    MissingExtra
        The engine is not installed.
    BundleTooNew
        It is written in a newer format.
    """

    def __init__(
        self,
        bundle: Bundle | Path | str,
        *,
        threads: int | None = None,
        engine: EngineName = EngineName.ONNXRUNTIME,
    ) -> None:
        if not isinstance(bundle, Bundle):
            bundle = Bundle.load(find_bundle(bundle))
        self.bundle = bundle
        self.engine = _engine(bundle, threads, engine)
        verify_engine(self.engine)

    def read(
        self,
        film: Radiograph | Study,
        *,
        age_years: float | None = None,
        view: View | None = None,
        body_part: str | None = None,
        sex: Sex | None = None,
        override_population: bool = False,
    ) -> Prediction:
        """What the bundle says of a film, or of a study of several.

        What is said here of age, view, body part and sex counts more than the film's header; a
        contradiction becomes a caution. Where the bundle is told facts (`header.input.facts`),
        they are these; what is not known it is told so.

        Parameters
        ----------
        film
            A film; or a study, whose answer is the mean over its films (see `study.combine`).
        age_years, view, body_part, sex
            What is known of the film (of every film of the study); None = see its header.
        override_population
            Read what is outside the bundle's population, or unlike its films, all the same; the
            cautions then begin with "OUTSIDE POPULATION", and the numbers are model scores
            (`calibrated` is False), since no such film was calibrated on.

        Returns
        -------
        With results, or refused with the reason: the picture is no film, it is outside the
        population, or unlike the films the bundle knows. The numbers of a film with a caution for
        its familiarity are model scores too.

        Raises
        ------
        CorruptBundle
            The graph fails.
        """
        said = Circumstances(age_years, view, body_part, sex)
        if isinstance(film, Radiograph):
            return self._read_film(film, said, override=override_population)
        films = [
            self._read_film(each, said, override=override_population) for each in film.radiographs
        ]
        is_choice = self.bundle.header.label_set.is_choice
        return combine(film.name, films, mean=mean_choice if is_choice else mean_each)

    def _read_film(self, film: Radiograph, said: Circumstances, *, override: bool) -> Prediction:
        header = self.bundle.header
        told = gather(film, said)
        image = check_image(film, header.input.size, body_part=told.known.body_part)
        population = check_population(header.population, told)
        outside = population.refusal is not None
        if override:
            population = overridden(population)
        cautions = (*population.cautions, *image.cautions, *told.contradictions, *film.cautions)
        refusal = image.refusal or population.refusal
        if refusal is not None:
            return self._answer(film, told.known, _Reading(cautions=cautions, refused=refusal))
        names = header.input.fact_names
        facts = facts_vector(names, _facts(told.known))[None] if names else None
        found = self.engine.run(film.pixels[None, None], facts)
        share, familiar = None, Check()
        if found.familiarity is not None and header.familiarity is not None:
            share = float(found.familiarity[0])
            familiar = check_familiarity(share, header.familiarity)
        outside = outside or familiar != Check()
        if override:
            familiar = overridden(familiar)
        cautions = shouts_first((*familiar.cautions, *cautions))
        results = () if familiar.refusal else self._results(found)
        reading = _Reading(results, share, cautions, familiar.refusal, outside)
        return self._answer(film, told.known, reading)

    def _results(self, found: GraphOutput) -> tuple[FindingResult, ...]:
        header = self.bundle.header
        return tuple(
            FindingResult(
                finding=finding,
                probability=float(found.probability[0, index]),
                score=float(found.score[0, index]),
                threshold=header.thresholds[finding.name],
                map=None if found.map is None else found.map[0, index],
                prevalence=header.calibration.prevalence.get(finding.name),
            )
            for index, finding in enumerate(header.label_set.findings)
        )

    def _answer(self, film: Radiograph, known: Circumstances, reading: "_Reading") -> Prediction:
        is_outside = reading.outside or reading.refused is not None
        names, facts = self.bundle.header.input.fact_names, _facts(known)
        return Prediction(
            name=film.name,
            bundle=self.bundle.id,
            calibrated=self.bundle.header.calibration.calibrated and not is_outside,
            results=reading.results,
            familiarity=reading.familiarity,
            cautions=reading.cautions,
            refused=reading.refused,
            age_years=known.age_years,
            view=known.view,
            body_part=known.body_part,
            facts={name: facts[name] for name in names} if names else None,
        )


def _facts(known: Circumstances) -> dict[str, float | str | None]:
    view = None if known.view is None else str(known.view)
    return {
        "age": None if known.age_years is None else float(known.age_years),
        "sex": None if known.sex is None else str(known.sex),
        "view": view,
    }


def _engine(bundle: Bundle, threads: int | None, name: EngineName) -> RunsGraph:
    if name is EngineName.ONNXRUNTIME:
        return Engine(bundle, threads=threads)
    from plainfilm.reading.fast_engine import FastEngine  # not above: an extra

    return FastEngine(bundle, threads=threads)


@dataclass(frozen=True)
class _Reading:
    results: tuple[FindingResult, ...] = ()
    familiarity: float | None = None
    cautions: tuple[str, ...] = ()
    refused: str | None = None
    outside: bool = False
    """Of the population, or little like its films: the calibration may not hold for such a film."""
