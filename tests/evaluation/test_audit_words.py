from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from phantoms import phantom
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.evaluation.audit import paste_marker
from plainfilm.evaluation.audit_words import alarms, shortcut_words
from plainfilm.evaluation.bootstrap import Interval
from plainfilm.evaluation.measure import measure
from plainfilm.evaluation.predict import predict
from plainfilm.findings import Finding, LabelSet
from plainfilm.reading import Reader
from plainfilm.reading.bundle import Bundle
from planted import planted_bundle

UPPER_RIGHT = (1, 27, 6, 32)  # where a letter lies
N_FILMS = 40


def measured(bundle: Bundle, folder: Path, alter: Callable[[Any, bool], Any]) -> dict[str, Any]:
    """A bundle measured on drawn films, every other one sick, each as `alter` gives it."""
    samples = []
    for number in range(N_FILMS):
        sick = number % 2 == 1
        pixels = alter(phantom(size=(64, 64), seed=number), sick)
        Image.fromarray((pixels * 255).astype(np.uint8)).save(folder / f"{number}.png")
        labels = np.array([sick], np.float32)
        samples.append(
            Sample(f"{number}.png", f"p{number}", f"s{number}", "PA", "F", 30.0, "test", labels)
        )
    label_set = LabelSet((Finding("pneumonia", "Pneumonia"),))
    manifest = Manifest(label_set, tuple(samples), "drawn", folder, {}, "chest")
    return measure(predict(Reader(bundle, threads=1), manifest, "test"), n_draws=50)


def test_a_planted_shortcut_is_caught_and_named(tmp_path: Path) -> None:
    """The sick have a letter on the film, and the bundle looks at nothing else."""
    bundle = planted_bundle(UPPER_RIGHT, weight=20.0, offset=-4.0)
    found = measured(bundle, tmp_path, lambda film, sick: paste_marker(film) if sick else film)
    assert found["findings"]["pneumonia"]["auroc"][0] > 0.95
    named = [words for words in found["cautions"] if words.startswith("SHORTCUT, Pneumonia: ")]
    assert any("a letter pasted beside the body moves" in words for words in named)
    assert any("the frame alone, without the body, gives" in words for words in named)
    assert found["audits"]["pneumonia"]["words"][: len(named)] == named


def test_a_bundle_that_looks_at_the_chest_is_not_accused(tmp_path: Path) -> None:
    def sick_lung(film: Any, sick: bool) -> Any:
        film[26:38, 14:24] += 0.3 * sick
        return np.clip(film, 0, 1)

    bundle = planted_bundle((13, 7, 19, 12), weight=20.0, offset=-6.0)
    found = measured(bundle, tmp_path, sick_lung)
    assert found["findings"]["pneumonia"]["auroc"][0] > 0.95
    assert not [words for words in found["cautions"] if "SHORTCUT" in words]
    assert "no letter, border or frame" in found["audits"]["pneumonia"]["words"][0]


def test_a_planted_collapsed_bundle_is_caught_and_named(tmp_path: Path) -> None:
    """S3-20: one answer whatever the film."""
    found = measured(planted_bundle(UPPER_RIGHT, 0.0, 1.3), tmp_path, lambda film, _sick: film)
    assert found["findings"]["pneumonia"]["one_class"]
    assert [words for words in found["cautions"] if words.startswith("COLLAPSED, Pneumonia: ")]


def change(moved: float) -> dict[str, object]:
    return {"n_films": 9, "mean_absolute_change": Interval(moved, moved / 2, 2 * moved)}


@pytest.mark.parametrize(
    ("frame", "named"),
    [
        (Interval(0.9, 0.8, 1.0), True),
        (Interval(0.79, 0.7, 0.8), False),  # behind the whole film's .95 by more than .15
        (Interval(0.9, 0.49, 1.0), False),  # may be chance
    ],
)
def test_the_frame_is_a_shortcut_where_it_does_nearly_as_well(frame: Interval, named: bool) -> None:
    words = shortcut_words("Mass", 0.95, {"marker": change(0.02), "frame_auroc": frame})
    assert words[0].startswith("SHORTCUT") == named


def test_what_changes_the_film_itself_is_told_but_not_called_a_shortcut() -> None:
    found = {"marker": change(0.0), "blanked": change(0.03), "unlettered": change(0.04)}
    words = shortcut_words("Mass", 0.9, found)
    assert ["0.030" in words[0], "0.040" in words[1]] == [True, True]
    assert alarms({"mass": {"words": words}}) == []
    assert alarms({"mass": {"words": ["SHORTCUT, Mass: x."]}, "hernia": {}}) == [
        "SHORTCUT, Mass: x."
    ]


def test_a_bundle_that_is_told_facts_says_how_its_probabilities_hold_without_them() -> None:
    areas = {"marker": change(0.0), "untold_auroc": Interval(0.8, 0.7, 0.9)}
    (ranking,) = shortcut_words("Mass", 0.9, areas)  # of an older table
    assert ranking.endswith("with nothing told, 0.800 [0.700, 0.900].")
    keys = ("told_ece", "told_brier", "untold_ece", "untold_brier")
    numbers = {key: Interval(n / 10, 0.0, 1.0) for n, key in enumerate(keys, start=1)}
    assert shortcut_words("Mass", 0.9, areas | numbers) == [
        ranking,
        "Mass: told that, the calibration error is 0.100 [0.000, 1.000] and the Brier score 0.200 "
        "[0.000, 1.000]; with nothing told, 0.300 [0.000, 1.000] and 0.400 [0.000, 1.000].",
    ]
