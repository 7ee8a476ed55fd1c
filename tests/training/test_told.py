"""Networks that are told facts beside the film, from the recipe to the evaluation."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from phantoms import phantom
from plainfilm.adapting import AdaptOptions, PopulationWords, adapt
from plainfilm.datasets.cache import CacheContent, write_cache
from plainfilm.datasets.manifest import Manifest, Sample
from plainfilm.errors import BundleError, EvaluationError, RunError
from plainfilm.evaluation import EvaluateOptions, evaluate
from plainfilm.explaining import How, explain
from plainfilm.images import read_radiograph
from plainfilm.radiograph import Sex
from plainfilm.reading import Bundle, Engine, Reader
from plainfilm.reports import only
from plainfilm.training.checkpoint import load_classifier
from plainfilm.training.export import export
from plainfilm.training.join import join
from plainfilm.training.loop import train
from plainfilm.training.recipe import Recipe
from tiny_release import releasable
from tiny_training import LABEL_SET, SIZE, same_weights, tiny_recipe

pytestmark = pytest.mark.slow

CREATED = datetime(2025, 1, 31, 12, tzinfo=UTC)


def told_recipe(*settings: str) -> Recipe:
    told = ("data.side_inputs=['age', 'sex']", "optim.lr=0.03", "optim.epochs=6")
    return tiny_recipe(*told, *settings)


def write_films(folder: Path, name: str, counts: dict[str, int], first: int = 0) -> Path:
    """Films whose first finding is there on men's alone, whatever the picture shows."""
    (folder / "images").mkdir(parents=True)
    samples: list[Sample] = []
    for number, split in enumerate(split for split, n in counts.items() for _ in range(n)):
        film = phantom(size=(72, 72), seed=first + number)
        labels = np.array([number % 2, number // 2 % 2], np.float32)
        film[40:52] *= 1 - labels[1]
        Image.fromarray((film * 255).astype(np.uint8)).save(folder / "images" / f"{number:03}.png")
        patient, age = f"{name}-{number}", 20.0 + number % 60
        samples.append(Sample(f"{number:03}.png", patient, patient, "PA", "FM"[number % 2], age,
                              split, labels))  # fmt: skip
    manifest = Manifest(LABEL_SET, tuple(samples), name, folder / "images", {}, "chest")
    manifest.save(folder)
    write_cache(manifest, folder, CacheContent.of(manifest, SIZE, "squash"))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_films(tmp_path_factory.mktemp("told") / "prepared", "drawn",
                       {"train": 40, "val": 24})  # fmt: skip


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("told-run")
    train(told_recipe(), folder, out / "first", threads=1)
    return releasable(out / "first", out / "run")


@pytest.fixture(scope="module")
def told(run: Path, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("told-bundle") / "told.bundle"
    export(run, folder, out, created=CREATED)
    return out


def test_s0_85_what_sex_tells_is_learned_and_told(told: Path, folder: Path) -> None:
    reader, manifest = Reader(told, threads=1), Manifest.load(folder)
    film = read_radiograph(manifest.root / manifest.samples[0].image)

    man, woman, nobody = (
        reader.read(film, sex=sex).results[0].score for sex in (Sex.MALE, Sex.FEMALE, None)
    )

    assert man > nobody > woman
    assert man - woman > 0.5


def test_s0_85_network_and_engine_agree_on_what_is_told(told: Path, run: Path) -> None:
    classifier, engine = load_classifier(run), Engine(Bundle.load(told), threads=1)
    film, facts = torch.rand(1, 1, 32, 32), torch.tensor([[1.0, 0.4, 0.0, 1.0]])

    with torch.no_grad():
        expected = classifier(film, facts).numpy()

    assert np.abs(engine.run(film.numpy(), facts.numpy()).score - expected).max() <= 1e-5


def test_s0_85_the_evaluation_says_how_it_reads_without_facts(
    told: Path, folder: Path, tmp_path: Path
) -> None:
    numbers = evaluate(told, folder, tmp_path / "report", options=EvaluateOptions("val", 20))

    audit = numbers["audits"]["square"]
    assert numbers["findings"]["square"]["auroc"][0] > 0.9
    assert audit["untold_auroc"][0] < 0.8
    assert any("of the same films with nothing told" in words for words in audit["words"])
    assert [audit[f"told_{key}"] for key in ("ece", "brier")] == [
        numbers["findings"]["square"][key] for key in ("ece", "brier")
    ]
    assert audit["untold_brier"][0] > audit["told_brier"][0] + 0.05
    assert any("the calibration error is" in words for words in audit["words"])
    page = (tmp_path / "report" / "report.html").read_text("utf-8")
    assert "AUROC, told nothing" in page
    assert f"{audit['untold_brier'][0]:.3f}" in page


def test_s0_85_what_is_hidden_is_drawn_alike_each_time(folder: Path, tmp_path: Path) -> None:
    recipe = told_recipe("optim.epochs=1")
    runs = [train(recipe, folder, tmp_path / name, threads=1) for name in ("one", "other")]

    assert same_weights(*runs)


def test_s0_85_its_map_is_that_of_the_pixels_alone(told: Path, folder: Path) -> None:
    reader, manifest = Reader(told, threads=1), Manifest.load(folder)
    film = read_radiograph(manifest.root / manifest.samples[0].image)
    for method in ("map", "occlusion", "guided"):
        maps = [
            explain(reader, film, only(reader.read(film, sex=sex), "square"), How(method))
            .predictions[0].results[0].map
            for sex in (Sex.MALE, None)
        ]  # fmt: skip
        assert maps[0] is not None
        assert np.allclose(maps[0], maps[1], atol=1e-4)


def test_s0_85_it_is_recalibrated_and_not_trained_on(
    told: Path, folder: Path, tmp_path: Path
) -> None:
    own = write_films(tmp_path / "own", "own", {"train": 60}, first=500)
    # Drawings of one hand look alike, whoever is drawn.
    options = AdaptOptions(PopulationWords("drawn films"), draws=20, allow_lookalikes=True)

    made = adapt(told, own, tmp_path / "own.bundle", options).bundle

    assert made.header.input == Bundle.load(told).header.input
    with pytest.raises(EvaluationError, match="is told age and sex"):
        adapt(told, own, tmp_path / "head.bundle", replace(options, learn="head"))


def test_s0_85_what_cannot_be_told_is_refused(
    told: Path, run: Path, folder: Path, tmp_path: Path
) -> None:
    bundle = Bundle.load(told)
    with pytest.raises(BundleError, match="is told age and sex"):
        join([bundle, bundle], name="both", version="1.0.0")
    with pytest.raises(RunError, match="was told facts of the films"):
        train(tiny_recipe(f"network.distil_from=['{run}']"), folder, tmp_path / "a", threads=1)
    other = train(tiny_recipe(), folder, tmp_path / "other", threads=1)
    with pytest.raises(RunError, match=r"was told nothing beside the films, the first run age"):
        export(run, folder, tmp_path / "mean.bundle", also=(releasable(other, tmp_path / "o"),))


def test_s0_85_a_fact_that_nobody_knows_is_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "silent")
    manifest = Manifest.load(tmp_path / "silent")
    silent = tuple(replace(sample, age=None) for sample in manifest.samples)
    replace(manifest, samples=silent).save(tmp_path / "silent")

    with pytest.raises(RunError, match="'age' is known of none of the training films"):
        train(told_recipe(), tmp_path / "silent", tmp_path / "run", threads=1)


def test_s0_85_another_training_begins_with_its_body(
    run: Path, folder: Path, tmp_path: Path
) -> None:
    out = train(tiny_recipe(f"network.init={run}"), folder, tmp_path / "plain", threads=1)

    assert load_classifier(out).facts is None
