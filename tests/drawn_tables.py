"""Drawn tables of predictions: no film, known truth."""

import numpy as np

from plainfilm.evaluation.calibration import sigmoid
from plainfilm.evaluation.table import FORMAT, About, Predictions


def about(**changes: object) -> About:
    plain: dict[str, object] = {
        "format": FORMAT,
        "bundle": "tiny",
        "version": "1.0.0",
        "network_sha256": "0" * 64,
        "findings": ("pneumonia", "mass"),
        "displays": ("Pneumonia", "Mass"),
        "thresholds": (0.5, 0.4),
        "threshold_rule": "half",
        "refit_rule": None,
        "calibrated": True,
        "calibration_method": "Platt",
        "calibration_source": "drawn films",
        "caution_below": 0.05,
        "data_set": "phantoms",
        "split": "test",
        "split_sha256": "1" * 64,
        "cautions": ("Drawn.",),
    }
    return About(**(plain | changes))  # type: ignore[arg-type]


def draw_table(n: int = 120, seed: int = 0, **changes: object) -> Predictions:
    """Two films per patient; scores that tell sick from healthy, calibrated by construction."""
    rng = np.random.default_rng(seed)
    facts = about(**changes)
    shape = (n, len(facts.findings))
    labels = (rng.random(shape) < 0.4).astype(np.float64)
    scores = rng.normal(0, 1, shape) + 2 * labels - 1
    return Predictions(
        about=facts,
        name=np.array([f"film-{i}.png" for i in range(n)]),
        patient=np.array([f"p{i // 2}" for i in range(n)]),
        details={
            "study": np.array([f"s{i}" for i in range(n)]),
            "body_part": np.array(["chest"] * n),
            **{key: np.array(["x"] * n) for key in ("split", "view", "sex")},
        },
        age=np.full(n, 4.0),
        labels=labels,
        scores=scores,
        probabilities=sigmoid(2 * scores - 0.4),
        familiarity=rng.random(n),
        refused=np.array([""] * n),
    )
