"""What a bundle states of itself: the header, from the runs, their recipe and what was fitted."""

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from plainfilm.errors import RecipeError
from plainfilm.evaluation.calibration import Platt
from plainfilm.reading.bundle import (
    BundleHeader,
    Calibration,
    FamiliarityCut,
    FitPolicy,
    InputFit,
    Licences,
    MapScale,
    Population,
    Provenance,
)
from plainfilm.reading.facts import CODING
from plainfilm.reading.header_parts import FactsInput
from plainfilm.training.calibrate import Thresholds
from plainfilm.training.cautions import untaught_limits
from plainfilm.training.checkpoint import weights_name
from plainfilm.training.encoder_settings import NAME as ENCODER
from plainfilm.training.familiarity import Percentile, Spread
from plainfilm.training.recipe import Recipe
from plainfilm.training.record import read_log, read_recipe, read_record
from plainfilm.training.sources import Sources

ENCODER_LIMIT = (
    "Films that its encoder learned from are not known here: on any of them, its numbers flatter."
)
LISTED_ENCODER_LIMIT = (
    "Of the films that its encoder learned from, those that the encoder's own bundle listed are "
    "refused: on any other of them, its numbers flatter."
)
CAUTION_BELOW = 0.01  # familiarity: one validation film in a hundred is cautioned
EXPORT_AGAIN = "Change recipe.toml in the run and export again"
SPLIT_OF = {"validation": "val", "cross-fit-test": "test", "none": "val"}


@dataclass(frozen=True, eq=False)
class Parts:
    """What export fits.

    Parameters
    ----------
    spread, percentile
        For the familiarity.
    platts
        One calibrator per finding.
    method
        How they were fitted, in plain words; None = never calibrated.
    prevalence
        Each finding's share of the films they were fitted on; empty where never calibrated.
    thresholds
        One per finding.
    n_calibration, n_val
        How many films calibrators and thresholds, and the percentiles, were fitted on.
    map_peak
        The map value that heatmaps draw at full strength; 0 = no map was positive anywhere, or
        there are none.
    """

    spread: Spread
    percentile: Percentile
    platts: tuple[Platt, ...]
    method: str | None
    prevalence: dict[str, float]
    thresholds: Thresholds
    n_calibration: int
    n_val: int
    map_peak: float


def check_release(sources: Sources) -> None:
    """Refuse a [release] that says too little, before any work is done; raises as `state`."""
    recipe = sources.recipe
    if recipe.network.name == ENCODER and not recipe.release.licences.weights:
        words = "missing; state the licence of the encoder's weights, which the bundle passes on"
        raise RecipeError(f"release.licences.weights: {words}.")
    nothing = np.zeros(0, np.float32)
    parts = Parts(
        spread=Spread(nothing, nothing, nothing, nothing, 1.0),
        percentile=Percentile((0.0, 1.0), (1.0, CAUTION_BELOW), 1.0),
        platts=(),
        method=None,
        prevalence={},
        thresholds=Thresholds(dict.fromkeys(sources.names, 0.5), "not yet chosen"),
        n_calibration=0,
        n_val=0,
        map_peak=0.0,
    )
    state(sources, parts, 0.0, datetime.now(UTC))


def state(sources: Sources, parts: Parts, gap: float, created: datetime) -> BundleHeader:
    """The header of a bundle.

    Parameters
    ----------
    sources
        The runs and their films.
    parts
        What was fitted.
    gap
        The largest difference of a probability between torch and onnxruntime.
    created
        When, with a time zone.

    Raises
    ------
    RecipeError
        [release] lacks something that a bundle must say.
    """
    release = sources.recipe.release
    shape = sources.map_shape()
    try:
        return BundleHeader(
            name=release.name,
            version=release.version,
            created=created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            label_set=sources.manifest.label_set,
            input=_input(sources),
            map=MapScale(*shape, parts.map_peak or 1.0) if shape else None,
            thresholds=parts.thresholds.values,
            threshold_rule=_threshold_words(sources, parts),
            calibration=_calibration(sources, parts),
            familiarity=_cut(parts),
            population=_population(sources.recipe),
            intended_use=release.intended_use,
            limits=(
                *release.limits,
                *_encoder_limits(sources),
                *untaught_limits(sources.record.loss, sources.names),
            ),
            provenance=_provenance(sources, gap),
            licences=Licences(
                release.licences.code, release.licences.weights, release.licences.training_data
            ),
            citation=release.citation,
        )
    except ValueError as error:
        raise RecipeError(f"release: {error}. {EXPORT_AGAIN}.") from error


def _input(sources: Sources) -> InputFit:
    told = sources.recipe.data.told
    facts = FactsInput(told, CODING) if told else None
    return InputFit(sources.cache.size, FitPolicy(sources.cache.policy), facts)


def _encoder_limits(sources: Sources) -> tuple[str, ...]:
    if sources.encoder is None:
        return ()
    return (LISTED_ENCODER_LIMIT if sources.encoder.learned else ENCODER_LIMIT,)


def _threshold_words(sources: Sources, parts: Parts) -> str:
    words = parts.thresholds.words
    if sources.recipe.release.threshold_rule == "half":
        return words
    return f"{words}; on {_films_words(sources, parts)}"


def _films_words(sources: Sources, parts: Parts) -> str:
    kind = {"val": "validation", "test": "test"}[SPLIT_OF[sources.recipe.release.calibration]]
    return f"the {parts.n_calibration:,} {kind} films of {sources.manifest.source}"


def _calibration(sources: Sources, parts: Parts) -> Calibration:
    if parts.method is None:
        return Calibration(False, "none", "never calibrated: the outputs are model scores", {})
    source = f"fitted on {_films_words(sources, parts)}"
    if sources.recipe.release.calibration == "cross-fit-test":
        source += (
            ", because the validation films are not like those a reader will see; every number "
            "reported on these films is refitted across patients, so no film is judged by a "
            "calibrator or threshold that knew its patient"
        )
    return Calibration(True, parts.method, source, parts.prevalence)


def _cut(parts: Parts) -> FamiliarityCut:
    last = parts.percentile.shares[-1]
    caution = max(CAUTION_BELOW, last)
    words = (
        f"percentile of the {parts.n_val:,} validation films: a share of {caution:g} of them looks "
        "as unfamiliar as the cut for cautions. Refused is what lies farther from the training "
        "films than every validation film, by at least as much as their 90th percentile lies "
        "beyond their median"
    )
    return FamiliarityCut(caution, float(f"{last / 2:.2g}"), words)


def _population(recipe: Recipe) -> Population:
    text = recipe.release.population
    try:
        return Population(text.body_parts, text.views, text.age_years, text.words)
    except ValueError as error:
        example = 'views = ["PA", "AP"] and words = "adults, chest from the front"'
        advice = f"Say whom the bundle is for, as in {example}. {EXPORT_AGAIN}."
        raise RecipeError(f"release.population.{error}. {advice}") from error


def _network_words(sources: Sources) -> str:
    words = f"{sources.recipe.network.name}, {sources.n_weights:,} weights"
    if sources.recipe.network.name == ENCODER:
        kind = "one hidden layer" if sources.recipe.network.head == "mlp" else "one linear layer"
        return f"{words}, of which {sources.record.n_learning:,} learned: a head of {kind}"
    frozen = sources.record.n_weights - sources.record.n_learning
    return f"{words}, of each network {frozen:,} frozen in its last training" if frozen else words


def _epochs_words(sources: Sources) -> str:
    record, recipe = sources.record, sources.recipe
    if recipe.network.name == ENCODER and recipe.network.head != "mlp":
        return f"none; {record.ended}"
    early = f"; {record.ended}" if record.epochs < sources.recipe.optim.epochs else ""
    return f"{record.epochs}, kept {record.kept_epoch}{early}"


def encoder_words(recipe: Recipe, *, has_map: bool) -> dict[str, str]:
    """What a bundle tells of the encoder in it; nothing where there is none."""
    if recipe.network.name != ENCODER:
        return {}
    stated = recipe.encoder
    fed = f"{stated.channels} x {recipe.data.size} x {recipe.data.size}"
    tones = {"range": stated.range, "mean": stated.mean, "std": stated.std}
    normalised = ", ".join(f"{key} {list(value)}" for key, value in tones.items() if value)
    told = {
        "encoder": f"{Path(stated.file).name} ({stated.sha256}), fed with {fed}, {normalised}",
        "encoder gives": f"{stated.gives}, output {stated.output or 'the only one'}",
        "encoder source": stated.source or "not stated",
    }
    if not has_map:
        told["map"] = (
            "none by algebra; `plainfilm explain --method occlusion` covers place by place"
        )
    return told


def _history_words(run: Path) -> str:
    """What the log of a run tells of each epoch."""
    each = (
        f"{row.epoch}: {row.loss:.4g}, {_or_none(row.val_loss)}, {_or_none(row.val_auroc)}"
        for row in read_log(run)
    )
    return f"epoch: loss, validation loss, mean validation AUROC; {'; '.join(each)}"


def _or_none(value: float | None) -> str:
    return "none" if value is None else f"{value:.4g}"


def _provenance(sources: Sources, gap: float) -> Provenance:
    record, recipe = sources.record, sources.recipe
    details = {
        "display": recipe.release.display or recipe.release.name,
        "network": _network_words(sources),
        "weights": "; ".join(weights_name(run) for run in sources.runs),
        "films": f"{record.films.n_films:,} training, {record.films.n_val_films:,} validation",
        "labels_sha256": record.films.labels_sha256,
        "images_sha256": record.films.images_sha256,
        "loss": record.loss.words,
        "torch": record.torch_version,
        "environment": ", ".join(record.environment) or "not recorded",
        "device": f"{record.device}, {record.threads} threads",
        "epochs": _epochs_words(sources),
        "history": _history_words(sources.runs[0]),
        "largest difference of a probability, torch to onnxruntime": f"{gap:.1g}",
    }
    for number, run in enumerate(sources.runs[1:], start=2):
        details[f"run {number}"] = shlex.join(recipe.settings_to(read_recipe(run)))
    if recipe.network.name != ENCODER:
        details["films normalised, in the graph"] = recipe.network.normalise
    if record.copies:
        details["copies"] = record.copies
    if record.teachers:
        details["teachers"] = "; ".join(record.teachers)
    details |= encoder_words(recipe, has_map=sources.map_shape() is not None)
    details |= sources.digests
    return Provenance(
        recipe=record.recipe,
        recipe_toml=recipe.to_toml(),
        data_set=record.films.data_set,
        split_sha256=record.films.split_sha256,
        n_patients=record.films.n_patients,
        patients_sha256=record.films.patients_sha256,
        seed=record.seed,
        code_version=record.code_version,
        hardware=record.hardware,
        seconds=sum(read_record(run).seconds for run in sources.runs),
        init=record.init,
        details=details,
    )
