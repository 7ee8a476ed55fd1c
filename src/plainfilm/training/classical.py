"""Films as vectors, and the classifiers that older work set beside networks.

| baseline | what it is | its settings are chosen from |
|---|---|---|
| `majority` | the share of the films with the finding, whatever the film | nothing |
| `random-forest` | trees grown on draws of the films | number of trees, pixels tried per branch |
| `svm` | a support vector machine on 60 principal components | kernel, C and gamma |

Settings are chosen by the mean AUROC of a cross-validation in which no patient is in two folds; the
chosen one then learns from all films. The cross-validation's own scores, each from a classifier
that saw other patients, make probabilities of the scores (Platt's method). No classifier is kept:
the same films and seed make the same one again.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from tqdm import tqdm

from plainfilm.evaluation.calibration import Platt, fit_platt, patient_folds
from plainfilm.evaluation.metrics import Floats, auroc

FOLDS = 3
N_COMPONENTS = 60  # of the principal component analysis, or as many as the films allow

Setting = Mapping[str, str | float]
Vectors = NDArray[np.float32]
Answer = Callable[[Vectors], Floats]


@dataclass(frozen=True)
class Kind:
    """One kind of classifier: its settings, how it is made, and what its score (n,) is.

    `make` takes a setting, the vectors' rank at most, and a seed.
    """

    settings: tuple[Setting, ...]
    make: Callable[[Setting, int, int], Any]
    score: Callable[[Any, Vectors], Floats]


@dataclass(frozen=True)
class Trial:
    """A setting and its mean AUROC over the folds."""

    setting: Setting
    auroc: float


@dataclass(frozen=True, eq=False)
class Learnt:
    """What answers for one finding.

    Parameters
    ----------
    score
        Vectors (n, D) to scores (n,).
    platt
        Scores to probabilities.
    chosen
        None = the majority answers.
    trials
        Every setting that was tried, in order.
    """

    score: Answer
    platt: Platt
    chosen: Trial | None
    trials: tuple[Trial, ...]

    def probability(self, scores: Floats) -> Floats:
        """Probabilities (n,) of scores (n,)."""
        return self.platt.apply(scores)


def flattened(films: NDArray[np.float32]) -> Vectors:
    """Films (n, H, W) or (n, H, W, C) as vectors (n, C H W): channel after channel, row by row.

    Older programs flattened pixel by pixel, each pixel's channels side by side; a forest or a
    kernel does not care, a file of such vectors does.
    """
    channels = films[..., np.newaxis] if films.ndim == 3 else films
    return np.ascontiguousarray(channels.transpose(0, 3, 1, 2)).reshape(len(films), -1)


def learn(
    name: str,
    vectors: Vectors,
    labels: NDArray[np.float32],
    patients: NDArray[np.str_],
    *,
    seed: int = 0,
) -> Learnt:
    """Choose settings and learn one finding; unknown films are left out.

    The majority answers where fewer than `FOLDS` patients have the finding, or lack it.

    Parameters
    ----------
    name
        "majority" or a key of `KINDS`.
    vectors
        float32 (n, D).
    labels
        float32 (n,): 1, 0 or NaN = unknown.
    patients
        str (n,).
    seed
        Of folds and classifiers.
    """
    known = ~np.isnan(labels)
    vectors, labels, patients = vectors[known], labels[known], patients[known]
    n_sick = np.unique(patients[labels == 1]).size
    n_healthy = np.unique(patients).size - n_sick
    if name not in KINDS or min(n_sick, n_healthy) < FOLDS:
        return _majority(labels)
    kind = KINDS[name]
    folds = patient_folds(labels, patients, FOLDS, seed)
    trials, scores = [], []
    for setting in tqdm(kind.settings, unit="setting", desc=name, disable=None):
        scores.append(_scores_across(kind, setting, vectors, labels, folds, seed))
        each = [auroc(scores[-1][folds == k], labels[folds == k]) for k in range(FOLDS)]
        trials.append(Trial(setting, float(np.mean(each))))
    best = max(range(len(trials)), key=lambda place: trials[place].auroc)  # the first of equals
    classifier = _fitted(kind, trials[best].setting, vectors, labels, seed)
    platt = fit_platt(scores[best], labels)
    return Learnt(lambda seen: kind.score(classifier, seen), platt, trials[best], tuple(trials))


def _majority(labels: NDArray[np.float32]) -> Learnt:
    share = (np.sum(labels == 1) + 0.5) / (labels.size + 1)  # finite where one class is missing
    odds = math.log(share / (1 - share))
    return Learnt(lambda seen: np.full(len(seen), odds), Platt(1.0, 0.0), None, ())


def _scores_across(
    kind: Kind,
    setting: Setting,
    vectors: Vectors,
    labels: NDArray[np.float32],
    folds: NDArray[np.int64],
    seed: int,
) -> Floats:
    """The score of each film by a classifier that learned from the other folds."""
    scores = np.empty(len(labels))
    for fold in range(FOLDS):
        seen = folds != fold
        classifier = _fitted(kind, setting, vectors[seen], labels[seen], seed)
        scores[~seen] = kind.score(classifier, vectors[~seen])
    return scores


def _fitted(
    kind: Kind, setting: Setting, vectors: Vectors, labels: NDArray[np.float32], seed: int
) -> Any:
    return kind.make(setting, min(vectors.shape), seed).fit(vectors, labels == 1)


def _grid(**choices: tuple[str | float, ...]) -> tuple[Setting, ...]:
    """Every combination, the last name's choices changing fastest."""
    return tuple(dict(zip(choices, values, strict=True)) for values in product(*choices.values()))


def _forest(setting: Setting, _: int, seed: int) -> RandomForestClassifier:
    return RandomForestClassifier(**setting, random_state=seed, n_jobs=-1)


def _votes(forest: RandomForestClassifier, vectors: Vectors) -> Floats:
    """The log odds of the trees' votes; half a vote either way keeps them finite."""
    forest.set_params(n_jobs=1)  # threads would add the votes up in any order
    n_trees = len(forest.estimators_)
    votes = forest.predict_proba(vectors)[:, 1] * n_trees
    odds: Floats = np.log((votes + 0.5) / (n_trees - votes + 0.5))
    return odds


def _machine(setting: Setting, rank: int, seed: int) -> Any:
    components = PCA(min(N_COMPONENTS, rank), random_state=seed)
    return make_pipeline(components, SVC(**setting, tol=1e-3))


def _distance(machine: Any, vectors: Vectors) -> Floats:
    """How far a film lies on the present side of the machine's border."""
    distance: Floats = machine.decision_function(vectors)
    return distance


KINDS: dict[str, Kind] = {
    "random-forest": Kind(
        _grid(n_estimators=(100, 500), max_features=("sqrt", "log2")), _forest, _votes
    ),
    "svm": Kind(
        _grid(kernel=("rbf",), C=(1.0, 10.0), gamma=("scale", "auto"))
        + _grid(kernel=("linear",), C=(0.01, 1.0)),
        _machine,
        _distance,
    ),
}
BASELINES = ("majority", *KINDS)
