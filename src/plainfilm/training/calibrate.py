"""From what a graph says of films whose labels are known: calibrators, thresholds, map scale.

Where a finding has too few films for a number of its own, a shared or a plain one is taken, and
the words that go into the bundle say so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import DatasetError, EvaluationError, ImageError, RunError
from plainfilm.evaluation.calibration import (
    Platt,
    fit_choice_temperature,
    fit_platt,
    fit_temperature,
    softmax,
)
from plainfilm.evaluation.thresholds import choose_threshold, rule_in_words
from plainfilm.images import read_radiograph
from plainfilm.training.graph import ReadingGraph
from plainfilm.training.side_inputs import SideInput, fact_columns

MIN_FOR_PLATT = 30  # present and absent films; below, slope and intercept are mostly chance
MIN_FOR_THRESHOLD = 10  # likewise; below, a chosen threshold is
MAP_FILMS = 512  # whose maps are kept, for the scale
MAP_QUANTILE = 0.995

IDENTITY = Platt(1.0, 0.0)

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Seen:
    """What a graph says of n films.

    Parameters
    ----------
    scores
        float64 (n, K).
    familiarity
        float64 (n,): whatever the graph's branch gives.
    labels
        float32 (n, K): 1, 0 or NaN.
    map_peak
        `MAP_QUANTILE` of the positive map values; 0 where there are none or no maps.
    """

    scores: Floats
    familiarity: Floats
    labels: NDArray[np.float32]
    map_peak: float


@dataclass(frozen=True)
class Calibrated:
    """One calibrator per finding, and in plain words how they were fitted."""

    platts: tuple[Platt, ...]
    method: str


@dataclass(frozen=True)
class Thresholds:
    """One threshold per finding, and in plain words how they were chosen."""

    values: dict[str, float]
    words: str


def see(graph: ReadingGraph, films: Manifest, told: Sequence[SideInput] = ()) -> Seen:
    """What the graph says of the original files of a manifest's films.

    `told` are the facts that it is told of each, as the manifest knows them; () = none.

    Raises
    ------
    DatasetError
        A file cannot be read.
    """
    stride = max(1, len(films) // MAP_FILMS)
    facts = torch.from_numpy(fact_columns(films, told)) if told else None
    scores, familiarity, positive = [], [], []
    for row, sample in enumerate(tqdm(films.samples, unit="film", desc="score", disable=None)):
        try:
            film = read_radiograph(films.root / sample.image)
        except ImageError as error:
            raise DatasetError(f"{str(error).rstrip('.')}. Replace it and export again.") from error
        with torch.no_grad():
            known = None if facts is None else facts[row : row + 1]
            answers = graph(torch.from_numpy(film.pixels)[None, None], known)
        scores.append(answers.score[0].double().numpy())
        familiarity.append(float(answers.familiarity[0]))
        if row % stride == 0 and answers.map is not None:
            positive.append(answers.map[answers.map > 0].numpy())
    values = np.concatenate(positive) if positive else np.zeros(0)
    peak = float(np.quantile(values, MAP_QUANTILE)) if values.size else 0.0
    return Seen(np.stack(scores), np.array(familiarity), films.labels, peak)


def calibrate(seen: Seen, names: Sequence[str]) -> Calibrated:
    """Calibrators fitted on films; one shared temperature where a finding is too rare.

    Raises
    ------
    RunError
        No finding is both present and absent on these films.
    """
    rare = [k for k in range(len(names)) if min(_counts(seen, k)) < MIN_FOR_PLATT]
    own = [k for k in range(len(names)) if k not in rare]
    shared = _temperature(seen) if rare else IDENTITY
    platts = [
        shared if k in rare else fit_platt(seen.scores[:, k], seen.labels[:, k])
        for k in range(len(names))
    ]
    words = []
    if own:
        words.append("Platt scaling" + (_of(own, names) if rare else " per finding"))
    if rare:
        few = f"fewer than {MIN_FOR_PLATT} films with or without it"
        words.append(f"one shared temperature, {1 / shared.slope:.2f},{_of(rare, names)} ({few})")
    return Calibrated(tuple(platts), "; ".join(words))


def calibrate_choice(seen: Seen, names: Sequence[str]) -> Calibrated:
    """One temperature for findings of which a film shows exactly one.

    Raises
    ------
    RunError
        A film shows none of them or several, or all films show the same.
    """
    try:
        shared = fit_choice_temperature(seen.scores, seen.labels)
    except EvaluationError as error:
        raise RunError(str(error)) from error
    words = f"one temperature, {1 / shared.slope:.2f}, for findings that exclude each other"
    return Calibrated((shared,) * len(names), words)


def probabilities(seen: Seen, platts: Sequence[Platt]) -> Floats:
    """Each finding's probability by itself, float64 (n, K)."""
    return np.stack([p.apply(seen.scores[:, k]) for k, p in enumerate(platts)], axis=1)


def choice_probabilities(seen: Seen, platts: Sequence[Platt]) -> Floats:
    """The probabilities of findings of which a film shows exactly one; each row adds up to 1."""
    slopes, intercepts = np.array([(p.slope, p.intercept) for p in platts]).T
    return softmax(slopes * seen.scores + intercepts)


def prevalence(seen: Seen, names: Sequence[str]) -> dict[str, float]:
    """Each finding's share of the films on which it is known, in [0, 1]; 0 where never known."""
    known = (~np.isnan(seen.labels)).sum(axis=0)
    shares = np.nansum(seen.labels, axis=0) / np.maximum(known, 1)
    return dict(zip(names, shares.astype(float).tolist(), strict=True))


def choose_thresholds(
    seen: Seen, probability: Floats, names: Sequence[str], rule: str
) -> Thresholds:
    """Thresholds for probabilities (n, K) by a named rule; a rare finding's is its share of films.

    At that share a calibrated probability speaks as much for the finding as against it, which is
    where sensitivity + specificity is largest.
    """
    values, rare = {}, []
    for k, name in enumerate(names):
        known = ~np.isnan(seen.labels[:, k])
        if rule != "half" and _leaned_on(rule, *_counts(seen, k)) < MIN_FOR_THRESHOLD:
            rare.append(k)
            values[name] = float(seen.labels[known, k].mean()) if known.any() else 0.5
        else:
            values[name] = choose_threshold(probability[known, k], seen.labels[known, k], rule)
    words = rule_in_words(rule)
    if rare:
        few = f"fewer than {MIN_FOR_THRESHOLD} films with or without it"
        words += f"; the finding's share of the films{_of(rare, names)} ({few})"
    return Thresholds(values, words)


def _leaned_on(rule: str, n_present: int, n_absent: int) -> int:
    """How many films a rule's choice rests on; 0 where a class is missing."""
    if not n_present or not n_absent:
        return 0
    if rule.startswith("specificity"):
        return n_absent
    return n_present if rule.startswith("sensitivity") else min(n_present, n_absent)


def _counts(seen: Seen, k: int) -> tuple[int, int]:
    return int((seen.labels[:, k] == 1).sum()), int((seen.labels[:, k] == 0).sum())


def _temperature(seen: Seen) -> Platt:
    known = ~np.isnan(seen.labels)
    if not {0.0, 1.0} <= set(seen.labels[known].tolist()):
        raise RunError("no finding is both present and absent on these films; cannot calibrate")
    return fit_temperature(seen.scores, seen.labels)


def _of(findings: Sequence[int], names: Sequence[str]) -> str:
    return " for " + ", ".join(names[k] for k in findings)
