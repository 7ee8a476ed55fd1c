import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")

from drawn_own_films import uncalibrated
from phantoms import somebody
from plainfilm.adapting import Adapted, AdaptOptions, PopulationWords, adapt
from plainfilm.datasets.looks import fitted, looks_of
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.seen import LOOKS_KEY, film_digests, packed
from plainfilm.errors import BundleError, EvaluationError
from plainfilm.evaluation import EvaluateOptions, evaluate
from plainfilm.images import read_radiograph
from plainfilm.reading import Reader
from plainfilm.reading.bundle import Bundle
from tiny_bundle import tiny_bundle

WORDS = PopulationWords("adults who were drawn, chest from the front", (18, 95))
OPTIONS = AdaptOptions(WORDS, draws=200)


@pytest.fixture(scope="module")
def adapted(parent: Path, own_films: Path, tmp_path_factory: pytest.TempPathFactory) -> Adapted:
    return adapt(parent, own_films, tmp_path_factory.mktemp("new") / "new.bundle", OPTIONS)


def number(found: Adapted, *keys: str) -> list[float]:
    value: object = found.numbers["findings"]
    for key in keys:
        assert isinstance(value, dict)
        value = value[key]
    assert isinstance(value, list)
    return value


def test_calibration_gets_better_where_it_was_bad_and_the_report_says_by_how_much(
    adapted: Adapted,
) -> None:
    for name in ("pneumonia", "atelectasis"):
        before, after = (number(adapted, name, side, "ece")[0] for side in ("before", "after"))
        change = number(adapted, name, "difference", "ece")
        assert change[0] == pytest.approx(after - before)
        assert change[1] <= change[0] <= change[2] < 0
        assert number(adapted, name, "difference", "brier")[2] < 0
        sentence = f"calibration error {before:.3f} before, {after:.3f} after"
        assert sentence in adapted.text
        assert sentence in adapted.bundle.card
    assert adapted.text.count("better") >= 2
    json.dumps(adapted.numbers, allow_nan=False)


def test_the_network_says_what_it_said_and_the_probability_is_the_films_own(
    adapted: Adapted, parent: Path, own_films: Path
) -> None:
    film = read_radiograph(own_films / "007.png")
    old = Reader(parent).read(film, override_population=True)
    new = Reader(adapted.bundle).read(film, age_years=37.0)
    assert new.calibrated
    for before, after in zip(old.results, new.results, strict=True):
        assert after.score == pytest.approx(before.score, abs=1e-5)
        assert np.allclose(after.map, before.map, atol=1e-5)
        assert abs(after.probability - before.probability) > 0.05


def test_it_says_whose_films_it_is_for_and_which_bundle_it_was(
    adapted: Adapted, parent: Path, own_films: Path
) -> None:
    header, old = adapted.bundle.header, Bundle.load(parent)
    manifest = Manifest.load(own_films)
    assert header.version == "1.0.0+adapted"
    assert header.population is not None
    assert header.population.words == WORDS.words
    assert header.population.age_years == (18, 95)
    assert header.population.views == ("PA",)
    assert "120 train films of 60 patients of table:own.csv" in header.calibration.source
    details = header.provenance.details
    assert old.id.sha256 in details["adapted from"]
    assert details["adapted on split_sha256"] == manifest.split_sha256
    assert header.provenance.data_set == old.header.provenance.data_set
    assert adapted.numbers["parent"] == vars(old.id)
    assert "plainfilm adapt PARENT FILMS" in adapted.bundle.card


def test_the_films_it_was_fitted_on_are_judged_crosswise_and_the_others_as_shipped(
    adapted: Adapted, own_films: Path, tmp_path: Path
) -> None:
    adapted.bundle.save(tmp_path / "new.bundle")
    found = {
        split: evaluate(
            tmp_path / "new.bundle",
            own_films,
            tmp_path / split,
            options=EvaluateOptions(split, draws=20),
        )
        for split in ("train", "test")
    }
    assert found["train"]["cross_fitted"]
    assert not found["test"]["cross_fitted"]
    assert found["train"]["n_refused"] == found["test"]["n_refused"] == 0


def test_model_scores_become_probabilities(parent: Path, own_films: Path, tmp_path: Path) -> None:
    imported = uncalibrated(tiny_bundle(2, familiarity=False))
    imported.save(tmp_path / "imported.bundle")
    few = replace(OPTIONS, split="test")
    made = adapt(tmp_path / "imported.bundle", own_films, tmp_path / "new.bundle", few)
    assert made.bundle.header.calibration.calibrated
    assert made.bundle.header.familiarity is None
    assert "It cannot tell a film that is unlike those it learned from." in made.text
    assert "Before: model scores, never calibrated" in made.text


def test_a_finding_that_the_films_do_not_tell_is_left_out_and_named(
    own_films: Path, tmp_path: Path
) -> None:
    three = tiny_bundle(names=["mass", "pneumonia", "atelectasis"])
    three.save(tmp_path / "three.bundle")
    made = adapt(tmp_path / "three.bundle", own_films, tmp_path / "new.bundle", OPTIONS)
    assert made.bundle.header.label_set.names == ("pneumonia", "atelectasis")
    assert any(text.endswith("do not tell them: Mass.") for text in made.bundle.header.limits)
    film = read_radiograph(own_films / "003.png")
    old = Reader(three).read(film, override_population=True).results
    new = Reader(made.bundle).read(film, override_population=True).results
    assert [r.score for r in new] == pytest.approx([r.score for r in old[1:]], abs=1e-5)
    assert np.allclose(new[0].map, old[1].map, atol=1e-5)


def trained_on(parent: Path, path: Path, **provenance: object) -> Path:
    bundle = Bundle.load(parent)
    source = replace(bundle.header.provenance, **provenance)  # type: ignore[arg-type]
    replace(bundle, header=replace(bundle.header, provenance=source)).save(path)
    return path


def test_films_it_learned_from_are_refused_and_nothing_is_written(
    parent: Path, own_films: Path, tmp_path: Path
) -> None:
    manifest = Manifest.load(own_films)
    patients = hashlib.sha256("\n".join(sorted(manifest.patients("train"))).encode()).hexdigest()
    same, split = {"data_set": manifest.source}, {"split_sha256": manifest.split_sha256}
    for facts, how, words in (
        (same, "test", "trained by another split"),
        (same | split, "train", "was trained on split 'train'"),
        (same | split, "all", "was trained on split 'train'"),
        ({"patients_sha256": patients}, "test", "patients that the network learned from"),
    ):
        bundle = trained_on(parent, tmp_path / "b.bundle", **facts)
        with pytest.raises(EvaluationError, match=words):
            adapt(bundle, own_films, tmp_path / "new.bundle", replace(OPTIONS, split=how))
        bundle.unlink()
    assert not (tmp_path / "new.bundle").exists()


def test_films_that_look_like_some_it_learned_from_are_refused_or_a_limit_names_them(
    parent: Path, own_films: Path, tmp_path: Path
) -> None:
    """By the rule that evaluate holds to: one film of them is saved again among these."""
    manifest, film = Manifest.load(own_films), somebody(seed=5)
    looks = {LOOKS_KEY: packed({looks_of([fitted(film, "squash")]).tobytes()})}
    bundle = trained_on(parent, tmp_path / "b.bundle", details=looks)
    Image.fromarray((film[:, ::-1] * 255).astype(np.uint8)).save(tmp_path / "copy.jpg")
    image = Path(os.path.relpath(tmp_path / "copy.jpg", own_films)).as_posix()
    copy = replace(manifest.samples[0], image=image)
    (tmp_path / "own").mkdir()
    replace(manifest, samples=(copy, *manifest.samples[1:])).save(tmp_path / "own")
    words = r"split 'train' .* 1 film that looks like one it learned from.* copy\.jpg\. Look at"
    with pytest.raises(EvaluationError, match=words + r".*--allow-lookalikes"):
        adapt(bundle, tmp_path / "own", tmp_path / "new.bundle", OPTIONS)
    assert not (tmp_path / "new.bundle").exists()

    taken = replace(OPTIONS, allow_lookalikes=True)
    made = adapt(bundle, tmp_path / "own", tmp_path / "new.bundle", taken)

    (told,) = (text for text in made.numbers["cautions"] if text.startswith("LEAK"))  # type: ignore[attr-defined]
    assert told.endswith("They were taken all the same (--allow-lookalikes).")
    assert told in made.bundle.header.limits
    assert told in made.bundle.card
    assert made.text.count(told) == made.summary.count(told) == 1


def test_films_in_no_split_are_held_to_it_too(
    parent: Path, own_films: Path, tmp_path: Path
) -> None:
    manifest = Manifest.load(own_films)
    bundle = trained_on(parent, tmp_path / "b.bundle", details=film_digests(manifest, ["train"]))
    bare = replace(
        manifest,
        source="table:bare.csv",
        samples=tuple(replace(sample, split="") for sample in manifest.samples),
    )
    (tmp_path / "bare").mkdir()
    bare.save(tmp_path / "bare")
    with pytest.raises(EvaluationError, match="holds 120 films it learned from"):
        adapt(bundle, tmp_path / "bare", tmp_path / "new.bundle", replace(OPTIONS, split="all"))


def test_what_cannot_be_done_is_told(parent: Path, own_films: Path, tmp_path: Path) -> None:
    for options, words in (
        (replace(OPTIONS, rule="best"), "unknown threshold rule 'best'"),
        (replace(OPTIONS, version="no version"), "version: found 'no version'"),
        (replace(OPTIONS, population=replace(WORDS, ages=(1, 5))), "no film is of the population"),
        (replace(OPTIONS, population=PopulationWords("")), "words: found ''"),
    ):
        with pytest.raises(EvaluationError, match=words):
            adapt(parent, own_films, tmp_path / "new.bundle", options)
    (tmp_path / "there.bundle").touch()
    with pytest.raises(BundleError, match="is there already"):
        adapt(parent, own_films, tmp_path / "there.bundle", OPTIONS)
    tiny_bundle(names=["mass"]).save(tmp_path / "other.bundle")
    with pytest.raises(EvaluationError, match="none in common"):
        adapt(tmp_path / "other.bundle", own_films, tmp_path / "new.bundle", OPTIONS)
    assert not (tmp_path / "new.bundle").exists()
