"""Findings of which a film shows exactly one, all the way: folders, training, bundle, reading."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from phantoms import somebody
from plainfilm.datasets import prepare
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import RunError
from plainfilm.evaluation import EvaluateOptions, evaluate
from plainfilm.evaluation.calibration import softmax
from plainfilm.images import read_radiograph
from plainfilm.radiograph import Study
from plainfilm.reading import Bundle, Reader
from plainfilm.reports.as_json import prediction_json
from plainfilm.training.export import export
from plainfilm.training.loop import train
from plainfilm.training.sources import Sources
from tiny_release import releasable
from tiny_training import SIZE, tiny_recipe

CLASSES = ("black stripe", "plain", "white square")
N_FILMS = {"train": 36, "val": 24, "test": 18}


def draw_class(number: int) -> NDArray[np.uint8]:
    film = somebody(size=(80, 80), seed=number)
    if CLASSES[number % 3] == "white square":
        down, across = np.random.default_rng(number).integers(10, 50, 2)
        film[down : down + 20, across : across + 20] = 1.0
    if CLASSES[number % 3] == "black stripe":
        film[23:36] = 0.0
    return (film * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared folder of films sorted into three classes."""
    place = tmp_path_factory.mktemp("classes")
    numbers: Iterator[int] = iter(range(sum(N_FILMS.values())))
    for split, n_films in N_FILMS.items():
        for _ in range(n_films):
            number = next(numbers)
            path = place / "films" / split / CLASSES[number % 3] / f"{number:02}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(draw_class(number)).save(path)
    prepare("folders", place / "films", place / "prepared", size=SIZE)
    return place / "prepared"


@pytest.fixture(scope="module")
def learned(chosen: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("run")
    run = train(
        tiny_recipe("optim.epochs=6", 'loss.name="cross-entropy"'), chosen, place / "run", threads=1
    )
    return releasable(run, place / "releasable", threshold_rule="half")


@pytest.fixture(scope="module")
def exported(learned: Path, chosen: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bundle") / "choice.bundle"
    export(learned, chosen, out)
    return out


@pytest.mark.slow
def test_the_probabilities_of_a_film_add_up_to_1_by_one_temperature(
    exported: Path, chosen: Path
) -> None:
    reader = Reader(exported, threads=1)
    header = reader.bundle.header
    assert header.label_set.exclusive
    assert header.calibration.method.startswith("one temperature, ")
    temperature = float(header.calibration.method.split()[2].strip(","))
    test = Manifest.load(chosen).split("test")
    for sample in test.samples[:4]:
        film = read_radiograph(test.root / sample.image)
        results = reader.read(film).results
        said = np.array([result.probability for result in results])
        assert said.sum() == pytest.approx(1, abs=1e-5)
        expected = softmax(np.array([result.score for result in results]) / temperature)
        np.testing.assert_allclose(said, expected, atol=0.02)  # two digits of the temperature
        assert sum(result.present for result in results) <= 1


@pytest.mark.slow
def test_a_study_of_such_films_adds_up_to_1_and_reports_as_any(
    exported: Path, chosen: Path
) -> None:
    reader = Reader(exported, threads=1)
    test = Manifest.load(chosen).split("test")
    films = tuple(read_radiograph(test.root / sample.image) for sample in test.samples[:3])
    prediction = reader.read(Study("three films", films))
    assert sum(r.probability for r in prediction.results) == pytest.approx(1)
    written = json.loads(json.dumps(prediction_json(prediction)))
    assert [f["finding"] for f in written["findings"]] == ["black_stripe", "plain", "white_square"]


@pytest.mark.slow
def test_such_a_bundle_is_evaluated_like_any(exported: Path, chosen: Path, tmp_path: Path) -> None:
    numbers = evaluate(exported, chosen, tmp_path / "out", options=EvaluateOptions(draws=20))
    assert numbers["n_films"] == N_FILMS["test"]
    assert numbers["mean"]["n_findings"] == 3  # type: ignore[index,call-overload]
    assert (tmp_path / "out" / "report.html").exists()


@pytest.mark.slow
def test_without_calibration_the_scores_are_a_softmax_and_are_called_scores(
    learned: Path, chosen: Path, tmp_path: Path
) -> None:
    run = releasable(learned, tmp_path / "run", calibration="none")
    reader = Reader(export(run, chosen, tmp_path / "raw.bundle"), threads=1)
    test = Manifest.load(chosen).split("test")
    film = read_radiograph(test.root / test.samples[0].image)
    prediction = reader.read(film)
    assert prediction.refused is None
    assert not prediction.calibrated
    scores = np.array([result.score for result in prediction.results])
    said = [result.probability for result in prediction.results]
    np.testing.assert_allclose(said, softmax(scores), atol=1e-5)


def test_calibrating_such_findings_crosswise_is_refused(
    learned: Path, chosen: Path, tmp_path: Path
) -> None:
    run = releasable(learned, tmp_path / "run", calibration="cross-fit-test")
    with pytest.raises(RunError, match="calibrated on validation films only"):
        Sources.open([run], chosen)


@pytest.mark.slow
def test_films_that_show_several_such_findings_calibrate_nothing(
    learned: Path, chosen: Path, tmp_path: Path
) -> None:
    """The folder was changed by hand after the training."""
    manifest = Manifest.load(chosen)
    twice = [
        replace(s, labels=np.ones(3, np.float32)) if s.split == "val" else s
        for s in manifest.samples
    ]
    changed = replace(manifest, samples=tuple(twice))
    for file in chosen.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    changed.save(tmp_path)
    with pytest.raises(RunError, match="expected exactly one"):
        export(learned, tmp_path, tmp_path / "b.bundle")


@pytest.mark.slow
def test_the_bundle_says_that_its_findings_exclude_each_other(exported: Path) -> None:
    label_set = Bundle.load(exported).header.label_set
    assert label_set.is_choice
