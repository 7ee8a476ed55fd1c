"""Last layer and whole network, from the films to a bundle that knows what it learned from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")

from drawn_own_films import draw_own_films, uncalibrated
from drawn_parent import exported_bundle
from plainfilm.adapting import Adapted, AdaptOptions, PopulationWords, adapt
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import BundleError, EvaluationError
from plainfilm.evaluation import EvaluateOptions, evaluate
from plainfilm.images import read_radiograph
from plainfilm.reading import Reader
from plainfilm.reading.bundle import Bundle
from tiny_bundle import tiny_bundle

WORDS = PopulationWords("adults who were drawn, chest from the front", (18, 95))
HEAD = AdaptOptions(WORDS, learn="head", draws=50)
WHOLE = replace(HEAD, learn="whole")


@pytest.fixture(scope="module")
def marked_films(parent: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Films on which pneumonia is a bright corner, which the parent does not heed."""
    folder = draw_own_films(tmp_path_factory.mktemp("marked") / "films", parent)
    manifest = Manifest.load(folder)
    for sample in manifest.samples:
        pixels = np.array(Image.open(folder / sample.image))
        pixels[:32, :32] = pixels[:32, :32] // (1 if sample.labels[0] else 3)
        Image.fromarray(pixels).save(folder / sample.image)
    return folder


@pytest.fixture(scope="module")
def headed(parent: Path, marked_films: Path, tmp_path_factory: pytest.TempPathFactory) -> Adapted:
    return adapt(parent, marked_films, tmp_path_factory.mktemp("h") / "new.bundle", HEAD)


def test_a_last_layer_ranks_films_otherwise_and_the_report_says_by_how_much(
    headed: Adapted,
) -> None:
    row = headed.numbers["findings"]["pneumonia"]  # type: ignore[index]
    change = row["difference"]["auroc"]
    assert change[0] == pytest.approx(row["after"]["auroc"][0] - row["before"]["auroc"][0])
    assert change[1] <= change[0] <= change[2]
    assert "Learned: the last layer (4 features, which stay)" in headed.text
    assert "AUROC before | after | change" in headed.text
    details = headed.bundle.header.provenance.details
    assert details["learned when adapted"].startswith("the last layer")
    assert "plainfilm adapt PARENT FILMS --head --out" in headed.bundle.card
    assert headed.bundle.header.provenance.init.endswith("tiny 1.0.0, adapted with --head")


def test_where_no_layer_is_better_the_films_keep_the_parent_s_order(
    parent: Path, tmp_path: Path
) -> None:
    films = draw_own_films(tmp_path / "films", parent)
    rng, manifest = np.random.default_rng(10), Manifest.load(films)
    chance = [
        replace(each, labels=rng.integers(0, 2, 2).astype(np.float32)) for each in manifest.samples
    ]
    replace(manifest, samples=tuple(chance)).save(films)  # nothing is there to be learned
    made = adapt(parent, films, tmp_path / "new.bundle", HEAD)
    assert "of which no other was better than the parent's" in made.text
    for row in made.numbers["findings"].values():  # type: ignore[attr-defined]
        assert row["after"]["auroc"] == row["before"]["auroc"]
        assert "auroc" not in row["difference"]


def test_features_and_familiarity_stay_and_the_map_s_scale_is_the_new_maps(
    headed: Adapted, parent: Path, marked_films: Path
) -> None:
    film = read_radiograph(marked_films / "007.png")
    old = Reader(parent).read(film, override_population=True)
    new = Reader(headed.bundle).read(film, override_population=True)
    assert new.familiarity == pytest.approx(old.familiarity)
    assert [r.score for r in new.results] != pytest.approx([r.score for r in old.results])
    scales = [each.header.map for each in (Bundle.load(parent), headed.bundle)]
    assert scales[0] is not None
    assert scales[1] is not None
    assert scales[0].display_max != scales[1].display_max


def test_films_it_learned_from_are_refused_ever_after(
    headed: Adapted, marked_films: Path, tmp_path: Path
) -> None:
    headed.bundle.save(tmp_path / "new.bundle")
    how = EvaluateOptions("train", draws=20)
    with pytest.raises(EvaluationError, match=r"learned from split 'train' when it was adapted"):
        evaluate(tmp_path / "new.bundle", marked_films, tmp_path / "report", options=how)
    with pytest.raises(EvaluationError, match="120 films it learned from"):
        adapt(tmp_path / "new.bundle", marked_films, tmp_path / "again.bundle", HEAD)
    found = evaluate(tmp_path / "new.bundle", marked_films, tmp_path / "report",
                     options=EvaluateOptions("test", draws=20, allow_lookalikes=True))  # fmt: skip
    assert not found["cross_fitted"]
    # films drawn by one hand are alike, and so the report says that they may have been learned from
    assert any(words.startswith("LEAK, ") for words in found["cautions"])  # type: ignore[attr-defined]


@pytest.mark.slow
def test_a_whole_network_learns_and_is_exported_anew(marked_films: Path, tmp_path: Path) -> None:
    parent = uncalibrated(exported_bundle("lenet5", 1))
    parent.save(tmp_path / "parent.bundle")
    made = adapt(tmp_path / "parent.bundle", marked_films, tmp_path / "new.bundle", WHOLE)
    header = made.bundle.header
    assert made.bundle.network != parent.network
    assert header.calibration.calibrated
    assert header.familiarity is not None
    assert "what the networks make of them" in header.familiarity.method
    assert "all weights of 1 networks" in header.provenance.details["learned when adapted"]
    assert "--whole" in made.bundle.card
    row = made.numbers["findings"]["pneumonia"]  # type: ignore[index]
    assert row["after"]["auroc"][0] > 0.9  # a mark that the parent's weights tell by chance, too
    film = read_radiograph(marked_films / "003.png")
    assert Reader(tmp_path / "new.bundle").read(film, age_years=40).results


def test_what_cannot_be_learned_is_told_and_nothing_is_written(
    parent: Path, marked_films: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new.bundle"
    with pytest.raises(BundleError, match="cannot be trained on as a whole"):
        adapt(parent, marked_films, out, WHOLE)
    with pytest.raises(EvaluationError, match="40 films to train a whole network on; expected 100"):
        adapt(parent, marked_films, out, replace(WHOLE, split="test"))
    uncalibrated(tiny_bundle(2, maps=False)).save(tmp_path / "plain.bundle")
    adapt(tmp_path / "plain.bundle", marked_films, tmp_path / "plain-new.bundle", HEAD)
    assert not out.exists()
