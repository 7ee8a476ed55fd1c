"""The README's way from films to a bundle, on drawn films: every step says the same."""

import json
from pathlib import Path

import pytest
import torch

from drawn_story import N_TEST, run
from plainfilm.cli import main
from plainfilm.datasets import Manifest
from plainfilm.images import read_radiograph
from plainfilm.reading import Reader
from plainfilm.training.recipe import Recipe
from plainfilm.training.start import load_classifier

RECIPE = Path("recipes") / "pneumonia-paediatric.toml"


@pytest.mark.slow
def test_torch_the_bundle_and_the_command_line_say_the_same(story: Path, tmp_path: Path) -> None:
    manifest = Manifest.load(story / "prepared")
    reader = Reader(story / "mine.bundle")
    classifier = load_classifier(story / "run").eval()
    for i, sample in enumerate(manifest.split("test").samples[:3]):
        path, out = manifest.root / sample.image, tmp_path / f"{i}.json"
        radiograph = read_radiograph(path)
        by_reader = reader.read(radiograph, age_years=3, override_population=True).results[0]
        with torch.no_grad():
            film = torch.from_numpy(radiograph.pixels)[None, None]
            fitted = torch.nn.functional.interpolate(
                film, (32, 32), mode="bilinear", antialias=True, align_corners=False
            )
            by_torch = float(classifier(fitted)[0, 0])
        options = ("--age", "3", "--outside-population", "--out", out)
        run(["read", path, "--bundle", story / "mine.bundle", *options])
        by_command = json.loads(out.read_text())["findings"][0]
        assert by_reader.score == pytest.approx(by_torch, abs=1e-5)
        assert by_command["probability"] == by_reader.probability


@pytest.mark.slow
def test_the_evaluation_in_the_bundle_is_the_one_that_was_measured(story: Path) -> None:
    measured = json.loads((story / "report" / "evaluation.json").read_text())
    bundle = Reader(story / "mine.bundle").bundle
    assert bundle.evaluation == measured
    assert measured["n_films"] == N_TEST
    assert all(limit in bundle.card for limit in Recipe.load(story / RECIPE).release.limits)


@pytest.mark.slow
def test_the_recipe_inside_the_bundle_is_the_one_that_trained(story: Path) -> None:
    bundle = Reader(story / "mine.bundle").bundle
    assert not Recipe.from_toml(bundle.header.provenance.recipe_toml).differences(
        Recipe.load(story / RECIPE)
    )


@pytest.mark.slow
def test_nothing_is_overwritten_unasked(story: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["export", story / "run", "--data", story / "prepared", "--out", story / "mine.bundle"]
    assert main([str(word) for word in words]) == 1
    assert "--force" in capsys.readouterr().err
