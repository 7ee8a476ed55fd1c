"""The ways to make a bundle's numbers fit one's own films: `recalibrate`, `relearn_head`, `train`.

Each gives a graph, its calibrators and thresholds, and what these would have said of every film had
its patient not been there.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from plainfilm.adapting.appearance import MIN_FILMS, add_familiarity, measure
from plainfilm.adapting.fitting import FOLDS, Fitted, deal_patients, fit, fit_across
from plainfilm.adapting.graph_edit import recalibrated
from plainfilm.adapting.last_layer import find_last_layer, see_features, with_last_layer
from plainfilm.adapting.learned_layer import Known, first_layer, relearn, relearn_across
from plainfilm.adapting.own_films import OwnFilms
from plainfilm.adapting.rebuilt import rebuild_networks
from plainfilm.adapting.tuned_networks import (
    BODY_RATE,
    HEAD_RATE,
    SEED,
    Squares,
    Tuned,
    Way,
    tune,
    tune_across,
)
from plainfilm.errors import EvaluationError, RecipeError
from plainfilm.evaluation.calibration import CrossFit
from plainfilm.images import read_radiograph
from plainfilm.radiograph import Pixels
from plainfilm.reading.bundle import Bundle, FamiliarityCut
from plainfilm.training.augment import Augment
from plainfilm.training.calibrate import MAP_FILMS, MAP_QUANTILE, Seen
from plainfilm.training.familiarity import MAX_RANK, Appearance, Familiarity, describe
from plainfilm.training.golden import draw_radiographs
from plainfilm.training.graph import Fit, Link, ReadingGraph
from plainfilm.training.onnx_file import check_agreement, run_onnx, to_onnx
from plainfilm.training.recipe import Recipe

Learn = Literal["nothing", "head", "whole"]
_COMPARED = 8  # films, beside the golden ones, on which graph and network are compared
_BATCH = 64


@dataclass(frozen=True, eq=False)
class Work:
    """A bundle, the films to adapt it to, and which of its findings they tell.

    Parameters
    ----------
    root
        The folder that the films' images are relative to.
    kept
        Positions of the findings that stay.
    rule
        That chooses the thresholds.
    """

    parent: Bundle
    films: OwnFilms
    root: Path
    kept: tuple[int, ...]
    rule: str

    @property
    def names(self) -> list[str]:
        """The findings that stay."""
        return [self.parent.header.label_set.names[place] for place in self.kept]

    @property
    def link(self) -> Link:
        """Whether the findings exclude each other."""
        return "softmax" if self.parent.header.label_set.is_choice else "sigmoid"

    @property
    def seen(self) -> Seen:
        """What the bundle says of the films, of the findings that stay."""
        films, kept = self.films, list(self.kept)
        return Seen(films.scores[:, kept], films.familiarity, films.labels[:, kept], 0.0)

    def pixels(self) -> Iterator[Pixels]:
        """The films, one after the other."""
        for sample in self.films.samples:
            yield read_radiograph(self.root / sample.image).pixels

    def some_pixels(self, most: int) -> Iterator[Pixels]:
        """At most so many of them, evenly spread."""
        samples = self.films.samples[:: -(-len(self.films) // most)]
        for sample in samples:
            yield read_radiograph(self.root / sample.image).pixels


@dataclass(frozen=True, eq=False)
class Made:
    """A graph for one's own films.

    Parameters
    ----------
    across
        Probabilities and thresholds (n, K) by fits that saw other patients only.
    fitted
        The calibrators and thresholds of the graph itself.
    words
        What was learned, how; "" = nothing: scores and maps are the parent's.
    map_peak
        The map value that heatmaps draw at full strength; None = the parent's.
    familiarity
        Cuts of a familiarity that was fitted anew; None = the graph has the parent's, if any.
    keeps_order
        True: films stand in the parent's order, so their AUROC is the parent's too.
    """

    network: bytes
    across: CrossFit
    fitted: Fitted
    words: str = ""
    map_peak: float | None = None
    familiarity: FamiliarityCut | None = None
    keeps_order: bool = False


def recalibrate(work: Work) -> Made:
    """The parent's graph with other calibrators.

    Raises
    ------
    EvaluationError, RunError
        As `fitting.fit` and `fitting.fit_across`.
    """
    across = fit_across(work.seen, work.films.patients, work.names, work.link, work.rule)
    fitted = fit(work.seen, work.names, work.link, work.rule)
    network = _calibrated(work, work.parent.network, fitted)
    return Made(network, across, fitted, keeps_order=True)


def relearn_head(work: Work) -> Made:
    """The parent's graph with a last layer learned on these films.

    Raises
    ------
    BundleError
        It has no last layer that can be told.
    EvaluationError, RunError
        As `learned_layer.relearn`.
    """
    last = find_last_layer(work.parent)
    features = see_features(work.parent.network, last, work.pixels())
    films = Known(features, work.seen.labels, work.films.patients)
    old = first_layer(last, work.kept)
    across = relearn_across(films, old, work.names, work.link, work.rule)
    found = relearn(films, old, work.names, work.link, work.rule)
    weight, bias = last.weight.copy(), last.bias.copy()
    weight[list(work.kept)], bias[list(work.kept)] = found.layer.weight, found.layer.bias
    network = with_last_layer(work.parent.network, last, weight, bias)
    network = _calibrated(work, network, found.fitted)
    words = f"the last layer ({weight.shape[1]:,} features, which stay), {_pull_words(found.pull)}"
    peak, stays = _map_peak(work, network), math.isinf(found.pull)
    return Made(network, across, found.fitted, words, peak, keeps_order=stays)


def train(work: Work) -> Made:
    """All weights of the parent's networks trained on with these films, as a new graph.

    Raises
    ------
    BundleError
        The bundle cannot be turned back into its networks.
    EvaluationError, RunError
        Too few films; or as `tuned_networks.tune`.
    """
    if len(work.films) < MIN_FILMS:
        found = f"{len(work.films)} films to train a whole network on"
        raise EvaluationError(f"{found}; expected {MIN_FILMS} at least. Take --head")
    first = rebuild_networks(work.parent, work.kept, list(work.some_pixels(_COMPARED)))
    fit_square = Fit(work.parent.header.input.size, work.parent.header.input.policy)
    squares = _squares(work, fit_square)
    way = Way(work.names, work.link, _augment(work.parent), work.rule)
    across = tune_across(first, squares, way)
    tuned = tune(first, squares, np.arange(len(work.films)), way)
    graph, cut = _graph(tuned, squares, fit_square, work.link)
    network = to_onnx(graph)
    films = [*draw_radiographs(fit_square.size), *work.some_pixels(_COMPARED)]
    gap = check_agreement(graph, network, films)
    words = _train_words(tuned, squares, gap)
    return Made(network, across, tuned.fitted, words, _map_peak(work, network), cut)


WAYS = {"nothing": recalibrate, "head": relearn_head, "whole": train}


def with_own_familiarity(work: Work, made: Made) -> Made:
    """As it was; but where the parent cannot tell a strange film, by the looks of these films."""
    if work.parent.header.familiarity is not None or made.familiarity is not None:
        return made
    if len(work.films) < MIN_FILMS:
        return made
    held_out = deal_patients(work.seen.labels, work.films.patients) == 0
    added = add_familiarity(made.network, work.parent.header.input, work.pixels(), held_out)
    return made if added is None else replace(made, network=added[0], familiarity=added[1])


def _calibrated(work: Work, network: bytes, fitted: Fitted) -> bytes:
    return recalibrated(network, work.kept, fitted.platts, work.link)


def _squares(work: Work, fit_square: Fit) -> Squares:
    with torch.no_grad():
        films = [fit_square(torch.from_numpy(film)[None, None]).half() for film in work.pixels()]
    return Squares(torch.cat(films), work.seen.labels, work.films.patients)


def _augment(parent: Bundle) -> Augment:
    """How films are changed at random: as the parent's recipe has it."""
    try:
        return Recipe.from_toml(parent.header.provenance.recipe_toml).augment
    except RecipeError:
        return Augment()


def _graph(
    tuned: Tuned, squares: Squares, fit_square: Fit, link: Link
) -> tuple[ReadingGraph, FamiliarityCut | None]:
    """The networks with their calibrators, and a familiarity for films like these."""
    appearance, rows = Appearance(), []
    with torch.no_grad():
        for start in range(0, len(squares.films), _BATCH):
            batch = squares.films[start : start + _BATCH].float()
            pooled = [network.embed(batch)[1] for network in tuned.networks]
            rows.append(describe(appearance, batch, pooled).numpy())
    held_out = np.zeros(len(squares.films), dtype=np.bool_)
    held_out[tuned.stopping] = True
    also = " and by what the networks make of them"
    found = measure(np.concatenate(rows), held_out, also, MAX_RANK // len(tuned.networks))
    familiar = None if found is None else Familiarity(found.spread, found.percentile)
    graph = ReadingGraph(tuned.networks, fit_square, tuned.fitted.platts, familiar, link)
    return graph, None if found is None else found.cut


def _map_peak(work: Work, network: bytes) -> float | None:
    """The strength of map that is rarely passed on these films; None where there is no map."""
    said = run_onnx(network, work.some_pixels(MAP_FILMS))
    positive = [each["map"][each["map"] > 0] for each in said if "map" in each]
    values = np.concatenate(positive) if positive else np.zeros(0)
    return float(np.quantile(values, MAP_QUANTILE)) if values.size else None


def _pull_words(pull: float) -> str:
    if math.isinf(pull):
        return "of which no other was better than the parent's, brought to these films' scale"
    return (
        "learned anew by logistic regression from the parent's, towards which a pull of "
        f"{pull:g} holds it; the pull was chosen among {FOLDS} folds by patient"
    )


def _train_words(tuned: Tuned, films: Squares, gap: float) -> str:
    n_stopping = len(tuned.stopping)
    kept = f"epoch {tuned.kept_epoch} of {tuned.epochs} was kept"
    if not tuned.kept_epoch:
        kept = f"none of {tuned.epochs} epochs was better than the parent, which was kept"
    return (
        f"all weights of {len(tuned.networks)} networks, from the parent's, on "
        f"{len(films.films) - n_stopping:,} of the films; {n_stopping:,} films of other patients "
        f"said when to stop and gave calibrators and thresholds: {kept}. AdamW, rate "
        f"{BODY_RATE:g}, of the last layers {HEAD_RATE:g}; films changed at random as in its "
        f"recipe, or plainfilm's; seed {SEED}; torch {torch.__version__}; torch and "
        f"onnxruntime differ by {gap:.1g} at most"
    )
