from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

pytest.importorskip("torch")

from plainfilm.adapting.before_after import Row
from plainfilm.adapting.fitting import Fitted
from plainfilm.adapting.own_films import OwnFilms
from plainfilm.adapting.statement import HOW, Adaptation, state
from plainfilm.adapting.ways import Made
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.evaluation.calibration import CrossFit, Platt
from plainfilm.reading.bundle import Bundle, BundleHeader, Population
from plainfilm.training.calibrate import Thresholds
from tiny_bundle import tiny_bundle

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ROW: Row = {
    "auroc": [0.8, 0.7, 0.9],
    "before": {"ece": [0.3, 0.2, 0.4]},
    "after": {"ece": [0.1, 0.0, 0.2]},
    "difference": {"ece": [-0.2, -0.3, -0.1]},
}


def stated(bundle: Bundle, row: Row = ROW, version: str = "2") -> BundleHeader:
    from pathlib import Path

    labels, names = np.ones((200, 2), np.float32), bundle.header.label_set.names
    samples = tuple(
        Sample(f"{n}.png", f"p{n // 2}", f"s{n}", "PA", None, None, "val", labels[n])
        for n in range(200)
    )
    scores, familiarity = np.zeros((200, 2)), np.linspace(0.1, 0.9, 200)
    films = OwnFilms(samples, (), scores, scores, familiarity, labels, {"not readable": 3})
    manifest = Manifest(bundle.header.label_set, samples, "table:x.csv", Path(), {}, "chest")
    values = dict.fromkeys(names, 0.4)
    fitted = Fitted((Platt(1, 0),) * 2, "Platt", Thresholds(values, "half"), values)
    population = Population(("chest",), ("PA",), None, "everybody")
    rows = dict.fromkeys(names, row)
    made = Made(bundle.network, CrossFit(scores, scores), fitted)
    done = Adaptation(films, manifest, "val", population, (0, 1), made, rows, "half")
    return state(bundle, done, version, NOW)


def test_the_cuts_of_familiarity_are_those_of_the_films() -> None:
    cut = stated(tiny_bundle()).familiarity
    assert cut is not None
    share = (np.linspace(0.1, 0.9, 200) < cut.caution_below).mean()
    assert share == pytest.approx(0.01)
    assert cut.refuse_below == 0.05
    assert "The parent's cuts would have cautioned or refused 25 of them, 0 refused" in cut.method


def test_an_earlier_adapting_leaves_nothing_behind() -> None:
    old = tiny_bundle()
    details = {"adapted on": "others", "adapted, hernia": "better", "torch": "2"}
    source = replace(old.header.provenance, details=details)
    found = stated(replace(old, header=replace(old.header, provenance=source))).provenance.details
    assert found["torch"] == "2"
    assert "adapted, hernia" not in found
    assert found["adapted on"].startswith("200 val films of 100 patients of table:x.csv")
    assert found["adapted on"].endswith("left out: 3 not readable")


def test_how_a_network_learned_here_before_stays_told() -> None:
    old = tiny_bundle()
    source = replace(old.header.provenance, details={HOW: "--head"})
    found = stated(replace(old, header=replace(old.header, provenance=source))).provenance.details
    assert found[HOW] == "--head"


def test_a_finding_that_is_told_no_better_than_by_chance_is_a_limit() -> None:
    limits = stated(tiny_bundle(), {**ROW, "auroc": [0.55, 0.45, 0.65]}).limits
    assert any("tells pneumonia no better than chance may (AUROC 0.550" in text for text in limits)
    assert not any("chance" in text for text in stated(tiny_bundle()).limits)


def test_its_use_names_the_new_population_and_the_old() -> None:
    use = stated(tiny_bundle()).intended_use
    assert "adapted to: everybody. Its parent was meant for frontal chests of any age" in use
