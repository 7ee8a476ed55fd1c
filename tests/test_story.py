"""The whole way on drawn films: prepare, train, export, evaluate, read; every step agrees."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from phantoms import phantom
from plainfilm.cli import main
from plainfilm.datasets import Manifest
from plainfilm.images import read_radiograph
from plainfilm.reading import Reader
from plainfilm.training.recipe import Recipe
from plainfilm.training.start import load_classifier

RECIPE = """
[data]
data_set = "kermany"
size = 32
[optim]
epochs = 2
batch_size = 8
[release]
name = "story"
calibration = "cross-fit-test"
threshold_rule = "half"
intended_use = "A test."
limits = ["Drawn films only."]
citation = "none"
[release.population]
body_parts = ["chest"]
views = ["PA", "AP"]
words = "drawings"
age_years = [1, 5]
[release.licences]
weights = "Apache-2.0"
training_data = "drawn"
"""


def draw(path: Path, seed: int, *, ill: bool) -> None:
    film = phantom(size=(80, 90), seed=seed)
    if ill:
        film[20:34, 12:28] = 0.9
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.rint(film * 255).astype(np.uint8)).save(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The paediatric set's layout: 60 drawn films of 60 patients, 16 of them for the test."""
    folder = tmp_path_factory.mktemp("story")
    for number in range(60):
        part = "test" if number < 16 else "train"
        if number % 2:
            name = f"PNEUMONIA/person{number}_bacteria_{number}.jpeg"
        else:
            name = f"NORMAL/IM-{number:04d}-0001.jpeg"
        draw(folder / "films" / part / name, number, ill=bool(number % 2))
    (folder / "recipe.toml").write_text(RECIPE)
    return folder


def run(*words: str | Path) -> None:
    assert main([str(word) for word in words]) == 0, words


@pytest.fixture(scope="module")
def made(folder: Path) -> Path:
    """The folder after prepare, train, export and evaluate."""
    run("prepare", "kermany", folder / "films", "--out", folder / "prepared", "--size", "32")
    run("train", folder / "recipe.toml", "--data", folder / "prepared", "--out", folder / "run")
    bundle = folder / "story.bundle"
    run("export", folder / "run", "--data", folder / "prepared", "--out", bundle)
    run("evaluate", bundle, folder / "prepared", "--out", folder / "report", "--attach")
    return folder


@pytest.mark.slow
def test_torch_the_bundle_and_the_command_line_say_the_same(made: Path, tmp_path: Path) -> None:
    samples = Manifest.load(made / "prepared").split("test").samples
    manifest = Manifest.load(made / "prepared")
    reader = Reader(made / "story.bundle")
    classifier = load_classifier(made / "run").eval()
    for i, sample in enumerate(samples[:3]):
        path = manifest.root / sample.image
        radiograph = read_radiograph(path)
        by_reader = reader.read(radiograph, age_years=3, override_population=True).results[0]
        with torch.no_grad():
            film = torch.from_numpy(radiograph.pixels)[None, None]
            fitted = torch.nn.functional.interpolate(
                film, (32, 32), mode="bilinear", antialias=True, align_corners=False
            )
            by_torch = float(classifier(fitted)[0, 0])
        out = tmp_path / f"{i}.json"
        run(
            "read",
            path,
            "--bundle",
            made / "story.bundle",
            "--age",
            "3",
            "--outside-population",
            "--out",
            out,
        )
        by_command = json.loads(out.read_text())["findings"][0]
        assert by_reader.score == pytest.approx(by_torch, abs=1e-5)
        assert by_command["probability"] == by_reader.probability


@pytest.mark.slow
def test_the_evaluation_in_the_bundle_is_the_one_that_was_measured(made: Path) -> None:
    measured = json.loads((made / "report" / "evaluation.json").read_text())
    bundle = Reader(made / "story.bundle").bundle
    assert bundle.evaluation == measured
    assert measured["n_films"] == 16
    assert "Drawn films only." in bundle.card


@pytest.mark.slow
def test_the_recipe_inside_the_bundle_is_the_one_that_trained(made: Path) -> None:
    bundle = Reader(made / "story.bundle").bundle
    assert not Recipe.from_toml(bundle.header.provenance.recipe_toml).differences(
        Recipe.load(made / "recipe.toml")
    )


@pytest.mark.slow
def test_nothing_is_overwritten_unasked(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["export", made / "run", "--data", made / "prepared", "--out", made / "story.bundle"]
    assert main([str(word) for word in words]) == 1
    assert "--force" in capsys.readouterr().err
