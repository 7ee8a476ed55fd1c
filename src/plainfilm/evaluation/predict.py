"""A bundle and the films of a split in, the table of predictions out."""

import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from plainfilm.datasets.film_facts import readable_facts
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.datasets.seen import ADAPTED_KEY, find_leak, named
from plainfilm.datasets.seen import KEY as LEARNED_KEY
from plainfilm.errors import EvaluationError, ImageError
from plainfilm.evaluation.audit import AUDITS, UNTOLD, UNTOLD_PROBABILITY, audit_film
from plainfilm.evaluation.context import context_of
from plainfilm.evaluation.degrade import DEGRADED, PREFIX, sampled_rows
from plainfilm.evaluation.metrics import Floats
from plainfilm.evaluation.read_sample import body_part_of, read_sample
from plainfilm.evaluation.table import FORMAT, About, Predictions, Texts
from plainfilm.images import read_radiograph
from plainfilm.reading import Reader
from plainfilm.reading.bundle import BundleHeader
from plainfilm.reading.telling import telling

Progress = Callable[[int, int], None]

TRAINED_ON = "train"
CHOSEN_ON = "val"
# Keys of an adapted bundle's provenance.details: which bundle it was, on which films, by what rule.
ADAPTED_FROM = "adapted from"
ADAPTED_FILMS = "adapted on films_sha256"
ADAPTED_RULE = "adapted with threshold rule"
_NO_START = ("", "scratch")  # what a recipe's `network.init` says of weights drawn at random
_LATER = r"; then [^;]*"  # by which adapting, whose films are listed
_CROSS_FIT = "cross-fit-test"  # the recipe's word for "calibrated on the test films, crosswise"


@dataclass(frozen=True, eq=False)
class FilmAnswer:
    """What was said of one film; empty arrays where it was refused."""

    name: str
    scores: Floats
    probabilities: Floats
    familiarity: float
    refused: str
    audits: dict[str, Floats]


def predict(
    reader: Reader,
    manifest: Manifest,
    split: str,
    *,
    progress: Progress | None = None,
    audited: bool = True,
) -> Predictions:
    """Read the original film of every sample of a split; a refused film is a row with a reason.

    Altered films are read too where `audited`. View and age come from the film's own header, and
    from the manifest where that is silent.

    Raises
    ------
    EvaluationError
        The bundle was trained on films of this split, by another split of this data set, or knows
        other findings.
    DatasetError
        No film is in the split, or images are gone.
    """
    about = describe(reader, manifest, split)
    films = manifest.split(split)
    films.check_images()
    answers, degraded = list[FilmAnswer](), sampled_rows(len(films)) if audited else frozenset()
    for row, sample in enumerate(films.samples):
        answers.append(_answer(reader, films, sample, audited=audited, degraded=row in degraded))
        if progress is not None:
            progress(len(answers), len(films))
    table = collect(about, films, answers, _columns(about.findings, films))
    return replace(table, facts=readable_facts(films)) if audited else table


def describe(reader: Reader, manifest: Manifest, split: str) -> About:
    """Who answers, for which films; refuses films the bundle has learned from."""
    header = reader.bundle.header
    same_set = header.provenance.data_set == manifest.source
    _check_unseen(header, manifest, split, same_set=same_set)
    _columns(header.label_set.names, manifest)
    cut = header.familiarity
    names = header.label_set.names
    return About(
        format=FORMAT,
        bundle=header.name,
        version=header.version,
        network_sha256=reader.bundle.network_sha256,
        findings=names,
        displays=tuple(finding.display for finding in header.label_set.findings),
        thresholds=tuple(header.thresholds[name] for name in names),
        threshold_rule=header.threshold_rule,
        refit_rule=_adapted_rule(header, manifest, split)
        if ADAPTED_FILMS in header.provenance.details
        else _refit_rule(header)
        if same_set and split == "test"
        else None,
        calibrated=header.calibration.calibrated,
        calibration_method=header.calibration.method,
        calibration_source=header.calibration.source,
        caution_below=cut.caution_below if cut is not None else None,
        data_set=manifest.source,
        split=split,
        split_sha256=manifest.split_sha256,
        cautions=_cautions(header, manifest, split),
        exclusive=header.label_set.is_choice,
        context=context_of(header, manifest),
    )


def collect(
    about: About, films: Manifest, answers: Sequence[FilmAnswer], columns: Sequence[int | None]
) -> Predictions:
    """The table of these films and what was said of them, one answer a film.

    `columns` says where the manifest labels each finding; None = it does not.
    """
    nothing = np.full(len(columns), np.nan)
    labels = np.full((len(films), len(columns)), np.nan)
    for column, known in enumerate(columns):
        if known is not None:
            labels[:, column] = films.labels[:, known]
    was_told = any(UNTOLD in answer.audits for answer in answers)
    untold = (UNTOLD, UNTOLD_PROBABILITY) if was_told else ()
    audits = {
        name: np.stack([answer.audits.get(name, nothing) for answer in answers])
        for name in (*AUDITS, *(PREFIX + each for each in DEGRADED), *untold)
    }
    return Predictions(
        about=about,
        name=_texts(answer.name for answer in answers),
        patient=_texts(sample.patient for sample in films.samples),
        details={
            "study": _texts(sample.study for sample in films.samples),
            "split": _texts(sample.split for sample in films.samples),
            "view": _texts(sample.view or "" for sample in films.samples),
            "sex": _texts(sample.sex or "" for sample in films.samples),
            "body_part": _texts(body_part_of(films, sample) or "" for sample in films.samples),
        },
        age=np.array([np.nan if s.age is None else s.age for s in films.samples]),
        labels=labels,
        scores=np.stack([answer.scores for answer in answers]),
        probabilities=np.stack([answer.probabilities for answer in answers]),
        familiarity=np.array([answer.familiarity for answer in answers]),
        refused=_texts(answer.refused for answer in answers),
        audits=audits,
    )


def _check_unseen(header: BundleHeader, manifest: Manifest, split: str, *, same_set: bool) -> None:
    """Refuse films the bundle learned from: by the split's name, its hash, and the films' bytes."""
    details = header.provenance.details
    adapted = ADAPTED_KEY in details and find_leak(details, manifest.split(split), ADAPTED_KEY)
    if adapted:
        found = f"{header.name} learned from split {split!r} when it was adapted"
        raise EvaluationError(f"{found} ({adapted.words}); take another split, or other films")
    if same_set and header.provenance.split_sha256 == manifest.split_sha256:
        if split == TRAINED_ON:
            images = [sample.image for sample in manifest.split(split).samples]
            found = f"all {len(images):,} films, {named(images)}"
            words = f"{header.name} was trained on split {split!r} ({found}); evaluate 'test'"
            raise EvaluationError(words)
        return
    leak = find_leak(header.provenance.details, manifest.split(split))
    if same_set:
        found = f"{header.name} was trained by another split of {manifest.source}"
        seen = f": of split {split!r}, {leak.words}" if leak else ""
        raise EvaluationError(
            f"{found}, so it may have learned from these films{seen}. Prepare the data set as it "
            "was then"
        )
    if leak:
        raise EvaluationError(
            f"{header.name}: split {split!r} of {manifest.source} holds {leak.words}. Take these "
            "patients out, and prepare again"
        )


def _refit_rule(header: BundleHeader) -> str | None:
    """The threshold rule to refit by, where the recipe calibrates on the test films crosswise."""
    try:
        release = tomllib.loads(header.provenance.recipe_toml).get("release", {})
    except tomllib.TOMLDecodeError as error:
        raise EvaluationError(f"{header.name}: its recipe is not TOML ({error})") from error
    if not isinstance(release, dict) or release.get("calibration") != _CROSS_FIT:
        return None
    return str(release.get("threshold_rule", "youden-plateau"))


def _adapted_rule(header: BundleHeader, manifest: Manifest, split: str) -> str | None:
    """The threshold rule to refit by, where calibrators and thresholds were fitted on these films.

    Raises
    ------
    EvaluationError
        They were, and cannot be refitted finding by finding.
    """
    details = header.provenance.details
    same = {manifest.images_sha256, manifest.split(split).images_sha256}
    if details.get(ADAPTED_FILMS) not in same:
        return None
    if header.label_set.is_choice:
        found = f"{header.name} was adapted on these films, and its findings exclude each other"
        raise EvaluationError(f"{found}; evaluate another split")
    return details.get(ADAPTED_RULE)


def _cautions(header: BundleHeader, manifest: Manifest, split: str) -> tuple[str, ...]:
    source = header.provenance
    same_set = source.data_set == manifest.source
    if LEARNED_KEY in source.details and _began_with_others(source.init):
        words = (
            f"Its training began with other weights ({_short(source.init)}). The films that those "
            "learned from may not be listed in the bundle; if some of them are among these, nobody "
            "noticed."
        )
        return (words, *_of_these_films(header, manifest, split, same_set=same_set))
    return _of_these_films(header, manifest, split, same_set=same_set)


def _began_with_others(init: str) -> bool:
    """Whether any first weights are other than drawn, of a joined bundle's members too."""
    return any(one not in _NO_START for one in re.sub(_LATER, "", init).split("; "))


def _short(words: str) -> str:
    """The words with the first digits of each SHA-256 only."""
    return re.sub(r"\b([0-9a-f]{12})[0-9a-f]{52}\b", r"\1", words)


def _of_these_films(
    header: BundleHeader, manifest: Manifest, split: str, *, same_set: bool
) -> tuple[str, ...]:
    if not same_set and LEARNED_KEY not in header.provenance.details:
        words = (
            "The bundle carries no list of the films it learned from; if some of them are among "
            "these, nobody noticed."
        )
        return (words, *manifest.cautions)
    if same_set and split == CHOSEN_ON:
        words = "These films chose the network's checkpoint; numbers on them flatter it."
        return (words, *manifest.cautions)
    return manifest.cautions


def _columns(findings: Sequence[str], manifest: Manifest) -> list[int | None]:
    """Where the manifest labels each of the bundle's findings; None = it does not."""
    names = manifest.label_set.names
    columns = [names.index(finding) if finding in names else None for finding in findings]
    if all(column is None for column in columns):
        found = f"{manifest.source} labels {', '.join(names)}"
        raise EvaluationError(f"{found}; the bundle knows {', '.join(findings)}: none in common")
    return columns


def _answer(
    reader: Reader, films: Manifest, sample: Sample, *, audited: bool, degraded: bool
) -> FilmAnswer:
    nothing = np.full(len(reader.bundle.header.label_set), np.nan)
    path = films.root / sample.image
    try:
        radiograph = read_radiograph(path)
    except ImageError as error:
        reason = str(error).removeprefix(f"{path.name}: ")
        return FilmAnswer(path.name, nothing, nothing, np.nan, reason, {})
    prediction = read_sample(reader, films, sample, radiograph)
    engine = telling(reader.engine, prediction)
    familiarity = np.nan if prediction.familiarity is None else prediction.familiarity
    if prediction.refused is not None:
        return FilmAnswer(path.name, nothing, nothing, familiarity, prediction.refused, {})
    return FilmAnswer(
        path.name,
        np.array([result.score for result in prediction.results]),
        np.array([result.probability for result in prediction.results]),
        familiarity,
        "",
        audit_film(engine, radiograph.pixels, degraded=degraded) if audited else {},
    )


def _texts(values: Iterable[str]) -> Texts:
    return np.array(list(values), dtype=np.str_)
