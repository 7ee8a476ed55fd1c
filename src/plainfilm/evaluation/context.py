"""What a report says of bundle and films beside the numbers, told by their own records."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.datasets.seen import FOR_PROGRAMS, LOOKS_KEY
from plainfilm.datasets.seen import KEY as LEARNED_KEY
from plainfilm.reading.bundle import BundleHeader, Provenance

_UNKNOWN = "not known"
BY_BYTES, BY_LOOK = "by their bytes", "by their bytes and by their look"
_ADAPTED = "adapted"  # how the details of an adaptation begin; it may have been on this data set


@dataclass(frozen=True)
class SplitFacts:
    """Who is in a split; counts of films, where nothing else is said.

    Parameters
    ----------
    sex, view
        The films of each, "not known" among them.
    n_ages, age_median
        Films whose patient's age is known, and the median of those ages in years; None = of none.
    present, unknown
        Per finding: films that show it, and films of which it is not known.
    """

    n_films: int
    n_patients: int
    sex: dict[str, int]
    view: dict[str, int]
    n_ages: int
    age_median: float | None
    present: dict[str, int]
    unknown: dict[str, int]


@dataclass(frozen=True)
class Context:
    """What bundle.json and manifest.json say and a reviewer asks for; empty words = not told.

    Parameters
    ----------
    training, licences
        Short names and plain words; digests of films are left out.
    splits
        Of the data set measured on.
    n_unsplit
        Films of it that are in no split.
    dropped
        Why films were left out when the data set was prepared → how many.
    """

    intended_use: str
    population: str
    limits: tuple[str, ...]
    fit: str
    training: dict[str, str]
    licences: dict[str, str]
    citation: str
    release: str
    cautions: tuple[str, ...]
    splits: dict[str, SplitFacts]
    n_unsplit: int
    dropped: dict[str, int]


def context_of(header: BundleHeader, manifest: Manifest) -> Context:
    """What is told of this bundle and of these films."""
    source = header.provenance
    told = {
        "recipe": source.recipe,
        "learned from": header.learned_from,
        "start": source.init,
        "seed": _words(source.seed),
        "plainfilm": source.code_version,
        "hardware": source.hardware,
        "seconds": _words(None if source.seconds is None else round(source.seconds)),
        "split SHA-256": _words(source.split_sha256),
        "ensemble": _ensemble(source.details),
        "films compared": _compared(source.details),
        **_internal_or_external(source, manifest),
        **{key: words for key, words in source.details.items() if key not in FOR_PROGRAMS},
    }
    return Context(
        intended_use=header.intended_use,
        population=header.population.words if header.population else "",
        limits=header.limits,
        fit=f"{header.input.size} x {header.input.size} pixels, {header.input.policy}",
        training={key: words for key, words in told.items() if words},
        licences={key: words for key, words in vars(header.licences).items() if words},
        citation=header.citation,
        release=manifest.release,
        cautions=manifest.cautions,
        splits={name: _facts(manifest.split(name)) for name in manifest.split_names},
        n_unsplit=sum(not sample.split for sample in manifest.samples),
        dropped=manifest.dropped,
    )


def _ensemble(details: Mapping[str, str]) -> str:
    """How many networks answer, or bundles; "" where one was imported, of which nobody knows."""
    if "imported by" in details:
        return ""
    n_members = sum(key.startswith("member ") for key in details)
    if n_members:
        return f"the mean of {n_members} bundles"
    n_runs = 1 + sum(key.startswith("run ") for key in details)
    return "none: one network" if n_runs == 1 else f"the mean of {n_runs} networks"


def _compared(details: Mapping[str, str]) -> str:
    """How films that the bundle learned from would be noticed; "" = not at all."""
    if LOOKS_KEY in details:
        return BY_LOOK
    return BY_BYTES if LEARNED_KEY in details else ""


def _internal_or_external(source: Provenance, manifest: Manifest) -> dict[str, str]:
    """Nothing where it is not known which films the bundle learned from, or was adapted on."""
    if source.data_set == manifest.source:
        return {"internal test": f"{manifest.source}, the data set that it learned from"}
    if LEARNED_KEY not in source.details or any(key.startswith(_ADAPTED) for key in source.details):
        return {}
    return {"external test": f"{manifest.source}; it learned from {source.data_set}"}


def _facts(films: Manifest) -> SplitFacts:
    ages = [sample.age for sample in films.samples if sample.age is not None]
    names, labels = films.label_set.names, films.labels
    return SplitFacts(
        n_films=len(films),
        n_patients=len(films.patients()),
        sex=_counted(sample.sex for sample in films.samples),
        view=_counted(_view(sample) for sample in films.samples),
        n_ages=len(ages),
        age_median=float(np.median(ages)) if ages else None,
        present={n: int((labels[:, k] == 1).sum()) for k, n in enumerate(names)},
        unknown={n: int(np.isnan(labels[:, k]).sum()) for k, n in enumerate(names)},
    )


def _view(sample: Sample) -> str | None:
    return str(sample.view) if sample.view else None


def _counted(values: Iterable[str | None]) -> dict[str, int]:
    return dict(sorted(Counter(value or _UNKNOWN for value in values).items()))


def _words(fact: object) -> str:
    return _UNKNOWN if fact is None else str(fact)
