"""A run in, a bundle out: calibrate, choose thresholds, trace, verify."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from plainfilm.errors import RunError
from plainfilm.reading.bundle import Bundle, Golden
from plainfilm.reading.container import check_place
from plainfilm.reading.verify import verify
from plainfilm.training.calibrate import (
    IDENTITY,
    Seen,
    calibrate,
    calibrate_choice,
    choice_probabilities,
    choose_thresholds,
    prevalence,
    probabilities,
    see,
)
from plainfilm.training.card import card
from plainfilm.training.encoder_graph import to_one_onnx
from plainfilm.training.familiarity import MAX_RANK, Percentile, fit_percentile, fit_spread
from plainfilm.training.golden import draw_facts, draw_radiographs
from plainfilm.training.onnx_file import check_agreement, run_onnx
from plainfilm.training.sources import Sources
from plainfilm.training.statement import SPLIT_OF, Parts, check_release, state

COMPARED_FILMS = 16  # originals on which torch and onnxruntime are compared


def export(
    run: Path,
    prepared: Path,
    out: Path,
    *,
    also: Sequence[Path] = (),
    overwrite: bool = False,
    created: datetime | None = None,
) -> Bundle:
    """Make a bundle of a finished run.

    Parameters
    ----------
    run
        The folder `train` left. Its recipe's [release] says what goes into the bundle; it may be
        changed after the training.
    prepared
        The folder it learned from; the films must still be in their place.
    out
        NAME.bundle (or .zip) for one file, else a folder.
    also
        Further finished runs of the same films, whose logits and maps are averaged with the
        first's.
    created
        In UTC; None = now. The same date, runs and versions give the same bytes.

    Raises
    ------
    RunError
        A run is not finished or of other films, or torch and onnxruntime disagree.
    RecipeError
        [release] lacks something that a bundle must say.
    DatasetError
        The prepared folder does not hold together, or a film cannot be read.
    BundleError
        Something is at `out` and `overwrite` is False, or the disk refuses.
    """
    check_place(out, overwrite=overwrite)
    sources = Sources.open((run, *also), prepared)
    check_release(sources)
    parts = _fit_parts(sources)
    graph = sources.graph(parts.platts, parts.spread, parts.percentile)
    network = to_one_onnx(graph)
    drawn, told = draw_radiographs(graph.fit.size), draw_facts(sources.recipe.data.told)
    films = [*drawn, *sources.some_films(COMPARED_FILMS)]
    gap = check_agreement(
        graph, network, films, (*told, *sources.some_facts(COMPARED_FILMS)) if told else ()
    )
    header = state(sources, parts, gap, created or datetime.now(UTC))
    golden = Golden(drawn, tuple(run_onnx(network, drawn, told)), told)
    bundle = Bundle(header, network, golden, card=card(header, None))
    verify(bundle)
    bundle.save(out, overwrite=overwrite)
    return Bundle.load(out)


def _fit_parts(sources: Sources) -> Parts:
    """Familiarity from training and validation films, the rest from the recipe's split."""
    release, names = sources.recipe.release, sources.names
    unfitted = (IDENTITY,) * len(names)
    spread = fit_spread(sources.describe_training(), MAX_RANK // len(sources.runs))
    draft = sources.graph(unfitted, spread, None)
    told = sources.recipe.data.told
    val = see(draft, sources.manifest.split("val"), told)
    split = SPLIT_OF[release.calibration]
    seen = val if split == "val" else see(draft, sources.manifest.split(split), told)
    is_choice = sources.manifest.label_set.is_choice
    fitting, speaking = (
        (calibrate_choice, choice_probabilities) if is_choice else (calibrate, probabilities)
    )
    calibrated = None if release.calibration == "none" else fitting(seen, names)
    platts = calibrated.platts if calibrated else unfitted
    return Parts(
        spread=spread,
        percentile=_percentile(val),
        platts=platts,
        method=calibrated.method if calibrated else None,
        prevalence=prevalence(seen, names) if calibrated else {},
        thresholds=choose_thresholds(seen, speaking(seen, platts), names, release.threshold_rule),
        n_calibration=len(seen.scores),
        n_val=len(val.scores),
        map_peak=val.map_peak,
    )


def _percentile(val: Seen) -> Percentile:
    try:
        return fit_percentile(val.familiarity)
    except ValueError as error:
        raise RunError(f"split 'val': {error}; add validation films") from error
