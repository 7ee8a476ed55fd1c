"""A bundle and one's own films in, a bundle for those films out: `adapt`.

Calibrators, thresholds, population and the cuts of familiarity are set anew; where asked for, the
last layer or the whole network learns. What that changed is measured crosswise by patient. See
docs/how-to/adapt-a-bundle.md.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from plainfilm.adapting.before_after import Row, compare, summary_lines, table_lines
from plainfilm.adapting.fitting import FOLDS
from plainfilm.adapting.own_films import OwnFilms, read_films
from plainfilm.adapting.population import PopulationWords, population_of
from plainfilm.adapting.statement import Adaptation, films_in_words, state
from plainfilm.adapting.ways import WAYS, Learn, Made, Work, with_own_familiarity
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import EvaluationError
from plainfilm.evaluation.bootstrap import N_DRAWS, draw_patients
from plainfilm.evaluation.calibration import CrossFit
from plainfilm.evaluation.predict import Progress, describe
from plainfilm.evaluation.resaved import check_looks
from plainfilm.reading import Reader
from plainfilm.reading.bundle import Bundle, BundleHeader, Golden
from plainfilm.reading.container import check_place
from plainfilm.reading.header import check_name
from plainfilm.reading.verify import verify
from plainfilm.training.card import card
from plainfilm.training.onnx_file import run_onnx

__all__ = ["AdaptOptions", "Adapted", "Learn", "PopulationWords", "adapt"]

SCHEMA = "plainfilm.adaptation/1"


@dataclass(frozen=True)
class AdaptOptions:
    """What may differ from one adapting to the next.

    Parameters
    ----------
    population
        Whose films they are.
    split
        "train", "val", "test" or "all": which of the prepared films.
    version
        Of the new bundle; "" = the parent's with "+adapted".
    rule
        That chooses the thresholds, see `evaluation.thresholds`.
    learn
        "nothing": calibrators and thresholds only; "head": the last layer too, on frozen features;
        "whole": all weights.
    draws
        Of the bootstrap over patients.
    overwrite
        True: a bundle that is there is replaced.
    allow_lookalikes
        True: films that look like some it learned from are taken, and a new limit names them.
    """

    population: PopulationWords
    split: str = "train"
    version: str = ""
    rule: str = "youden-plateau"
    learn: Learn = "nothing"
    draws: int = N_DRAWS
    overwrite: bool = False
    allow_lookalikes: bool = False


@dataclass(frozen=True, eq=False)
class Adapted:
    """The new bundle, and what changed: `numbers` for programs, `text` (Markdown) for people.

    `summary` is a line for each finding, for a terminal.
    """

    bundle: Bundle
    numbers: Mapping[str, object]
    text: str
    summary: str


def adapt(
    bundle: Path | str,
    prepared: Path,
    out: Path,
    options: AdaptOptions,
    *,
    progress: Progress | None = None,
) -> Adapted:
    """Make a bundle's numbers fit one's own films, and say by how much they did not before.

    Parameters
    ----------
    bundle
        A bundle's path, or the name of a bundled one.
    prepared
        The folder `datasets.prepare` wrote; the films must still be in their place.
    out
        NAME.bundle (or .zip) for one file, else a folder.
    progress
        Called after each film with how many are done and how many there are.

    Raises
    ------
    EvaluationError
        The bundle learned from these films or may have, or from films that look like them; it
        knows none of their findings, or they are too few or do not tell their population.
    RunError
        No finding is both present and absent.
    BundleError
        Something is at `out` and `overwrite` is False, or the bundle cannot be trusted.
    DatasetError
        The prepared folder does not hold together.
    """
    check_place(out, overwrite=options.overwrite)
    reader, manifest = Reader(bundle), Manifest.load(prepared)
    _check_facts(reader.bundle.header, options.learn)
    version = _version(reader.bundle.header, options)
    cautions = _check_strangers(reader, manifest, options.split)
    leaks = _check_looks(reader, manifest, options)
    films = manifest if options.split == "all" else manifest.split(options.split)
    done = _fit(reader, read_films(reader, films, progress), manifest, options)
    done = replace(done, leaks=leaks)
    made = _bundle(reader.bundle, done, version)
    verify(made)
    made.save(out, overwrite=options.overwrite)
    numbers = _numbers(reader.bundle, made, done, cautions)
    text = _text(reader.bundle, made, done, cautions)
    return Adapted(Bundle.load(out), numbers, text, _summary(reader.bundle, made, done, cautions))


def _version(header: BundleHeader, options: AdaptOptions) -> str:
    version = options.version or f"{header.version.partition('+')[0]}+adapted"
    try:
        check_name(header.name, version)
    except ValueError as error:
        raise EvaluationError(f"{error}.") from error
    return version


def _check_facts(header: BundleHeader, learn: Learn) -> None:
    """Refuse to learn anew what is told facts beside the films: only its numbers can be fitted."""
    if header.input.fact_names and learn != "nothing":
        told = " and ".join(header.input.fact_names)
        raise EvaluationError(
            f"{header.name}: its network is told {told}, and only one that is shown films alone "
            "can be trained on. Leave out --head or --train: it can be recalibrated"
        )


def _check_strangers(reader: Reader, manifest: Manifest, split: str) -> tuple[str, ...]:
    """Refuse films that the bundle learned from; what is to be said of the others."""
    told = [describe(reader, manifest, name).cautions for name in _splits(manifest, split)]
    cautions = tuple(dict.fromkeys(words for each in told for words in each))
    header = reader.bundle.header
    for name in (None, *manifest.split_names):
        patients = "\n".join(sorted(manifest.patients(name))).encode()
        if hashlib.sha256(patients).hexdigest() == header.provenance.patients_sha256:
            found = "these are the patients that the network learned from"
            raise EvaluationError(f"{header.name}: {found}; adapt it on films of others")
    return cautions


def _check_looks(reader: Reader, manifest: Manifest, options: AdaptOptions) -> tuple[str, ...]:
    """Refuse films that look like some it learned from, or say that they were taken."""
    header, allowed = reader.bundle.header, options.allow_lookalikes
    splits = _splits(manifest, options.split)
    told = [check_looks(header, manifest, name, allowed=allowed) for name in splits]
    return tuple(words for each in told for words in each)


def _splits(manifest: Manifest, split: str) -> tuple[str, ...]:
    """Every split that films are taken from; "" = those in none."""
    if split != "all":
        return (split,)
    return tuple(dict.fromkeys(sample.split for sample in manifest.samples))


def _fit(reader: Reader, read: OwnFilms, manifest: Manifest, options: AdaptOptions) -> Adaptation:
    header = reader.bundle.header
    population = population_of(options.population, read.known)
    films = read.inside(population)
    work = Work(reader.bundle, films, manifest.root, _told(header, films), options.rule)
    made = with_own_familiarity(work, WAYS[options.learn](work))
    return Adaptation(
        films, manifest, options.split, population, work.kept, made,
        _compare(work, made, options), options.rule, options.learn,
    )  # fmt: skip


def _compare(work: Work, made: Made, options: AdaptOptions) -> dict[str, Row]:
    """Before and after, by finding."""
    films, header = work.films, work.parent.header
    draws = draw_patients(films.patients, options.draws)
    rows: dict[str, Row] = {}
    for column, (place, name) in enumerate(zip(work.kept, work.names, strict=True)):
        threshold = np.full(len(films), header.thresholds[name])
        rows[name] = compare(
            films.scores[:, place],
            films.labels[:, place],
            CrossFit(films.probabilities[:, place], threshold),
            CrossFit(made.across.probability[:, column], made.across.threshold[:, column]),
            draws,
            learned=not made.keeps_order,
        )
    return rows


def _told(header: BundleHeader, films: OwnFilms) -> tuple[int, ...]:
    """The findings that are present on some films and absent on others."""
    both = (films.labels == 1).any(axis=0) & (films.labels == 0).any(axis=0)
    kept = tuple(np.flatnonzero(both).tolist())
    if not kept:
        names = ", ".join(header.label_set.names)
        raise EvaluationError(
            f"none of {names} is present on some of these films and not on others"
        )
    if header.label_set.is_choice and len(kept) < len(header.label_set):
        missing = ", ".join(
            f.display for k, f in enumerate(header.label_set.findings) if not both[k]
        )
        raise EvaluationError(
            f"its findings exclude each other, so none can be left out: {missing}"
        )
    return kept


def _bundle(parent: Bundle, done: Adaptation, version: str) -> Bundle:
    network = done.made.network
    header = state(parent, done, version, datetime.now(UTC))
    films, facts = parent.golden.radiographs, parent.golden.facts
    golden = Golden(films, tuple(run_onnx(network, films, facts)), facts)
    return Bundle(header, network, golden, card=card(header, None))


def _numbers(
    parent: Bundle, made: Bundle, done: Adaptation, cautions: tuple[str, ...]
) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "parent": vars(parent.id),
        "bundle": vars(made.id),
        "data_set": done.manifest.source,
        "split": done.split,
        "split_sha256": done.manifest.split_sha256,
        "population": done.population.words,
        "n_films": len(done.films),
        "n_patients": int(np.unique(done.films.patients).size),
        "left_out": done.films.left_out,
        "cautions": [*cautions, *done.leaks],
        "learned": done.made.words or None,
        "calibrated_before": parent.header.calibration.calibrated,
        "intervals": "95 %, of a paired bootstrap over patients: [value, low, high]",
        "cross_fitted": f"after: {FOLDS} folds by patient",
        "findings": done.rows,
    }


def _summary(parent: Bundle, made: Bundle, done: Adaptation, cautions: tuple[str, ...]) -> str:
    old, new = parent.header, made.header
    lines = [
        f"{new.name} {new.version}, adapted from {old.version} on {films_in_words(done)}",
        *([f"Learned: {done.made.words}."] if done.made.words else []),
        *summary_lines(done.rows, [finding.display for finding in new.label_set.findings]),
        "  (in brackets: 95 % intervals, by patient)",
        *[f"Left out: {n} films, {why}." for why, n in done.films.left_out.items()],
        *[f"Caution: {text}" for text in (*new.limits, *cautions) if text not in old.limits],
    ]
    return "\n".join(lines) + "\n"


def _text(parent: Bundle, made: Bundle, done: Adaptation, cautions: tuple[str, ...]) -> str:
    old, new = parent.header, made.header
    kind = "probabilities" if old.calibration.calibrated else "model scores, never calibrated"
    displays = [finding.display for finding in new.label_set.findings]
    lines = [
        f"# {new.name} {new.version}, adapted from {old.version}",
        "",
        f"On {films_in_words(done)}. Before: {kind}. After: each film is judged by a fit that saw "
        f"other patients only ({FOLDS} folds). In brackets: 95 % intervals, by a paired bootstrap "
        "over patients; a change below 0 is better, of the AUROC one above.",
        "",
        *([f"Learned: {done.made.words}.", ""] if done.made.words else []),
        *table_lines(done.rows, displays),
        "",
        *[f"- {f}: {new.provenance.details[f'adapted, {n}']}"
          for f, n in zip(displays, done.rows, strict=True)],
        *[f"- Left out: {n} films, {why}." for why, n in done.films.left_out.items()],
        *[f"- {text}" for text in (*new.limits, *cautions)],
    ]  # fmt: skip
    if new.familiarity is not None:
        lines.append(f"- Familiarity: {new.familiarity.method}.")
    return "\n".join(lines) + "\n"
