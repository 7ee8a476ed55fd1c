from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bare_manifests import bare_manifest
from phantoms import somebody
from plainfilm.datasets.lookalikes import adapted_looks, film_looks
from plainfilm.datasets.looks import fitted
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import EvaluationError
from plainfilm.evaluation import EvaluateOptions, evaluate
from plainfilm.evaluation.resaved import check_looks
from plainfilm.evaluation.table import Predictions
from plainfilm.reading.bundle import BundleHeader
from tiny_bundle import tiny_bundle


@pytest.fixture
def own(tmp_path: Path) -> Manifest:
    """Four training films and two of test."""
    return drawn(tmp_path / "own", [0, 1, 2, 3, 4, 5], ["train"] * 4 + ["test"] * 2, "own")


@pytest.fixture
def header(own: Manifest) -> BundleHeader:
    squares = np.stack([fitted(somebody(seed=seed), "squash") for seed in range(6)])
    plain = tiny_bundle(1).header
    origin = replace(plain.provenance, data_set="own", details=film_looks(own, squares))
    return replace(plain, provenance=origin)


def drawn(root: Path, seeds: list[int], splits: list[str], source: str) -> Manifest:
    root.mkdir()
    patients = [f"p{row // 2}" for row in range(len(seeds))]
    manifest = bare_manifest([[0.0]] * len(seeds), patients, splits)
    manifest = replace(manifest, root=root, source=source)
    for sample, seed in zip(manifest.samples, seeds, strict=True):
        film = (somebody(seed=seed) * 255).astype(np.uint8)
        Image.fromarray(film).resize((200, 230)).save(root / sample.image, "JPEG")
    return manifest


def test_a_training_film_saved_again_is_refused_and_named(
    header: BundleHeader, tmp_path: Path
) -> None:
    other = drawn(tmp_path / "other", [20, 3, 21, 22], ["test"] * 4, "other")
    words = (
        "split 'test' of other holds 1 film that looks like one it learned from, saved again, and "
        r"1 other films of the same patients: 1\.png\. Look at them.*--allow-lookalikes"
    )
    with pytest.raises(EvaluationError, match=words):
        check_looks(header, other, "test", allowed=False)


def test_it_is_measured_all_the_same_where_that_is_asked_and_the_report_says_so(
    header: BundleHeader, tmp_path: Path
) -> None:
    other = drawn(tmp_path / "other", [0, 3, 21, 22], ["test"] * 4, "other")
    (told,) = check_looks(header, other, "test", allowed=True)
    assert told.startswith("LEAK, 2 films that look like films it learned from, saved again: 0.png")
    assert told.endswith("They were taken all the same (--allow-lookalikes).")


def test_other_films_and_the_bundle_s_own_training_films_are_no_leak(
    header: BundleHeader, own: Manifest
) -> None:
    assert check_looks(header, own, "test", allowed=False) == ()
    assert check_looks(header, own, "train", allowed=False) == ()


def test_films_adapted_on_are_noticed_too(header: BundleHeader, tmp_path: Path) -> None:
    films = drawn(tmp_path / "theirs", [7, 8], ["test"] * 2, "theirs")
    details = {**header.provenance.details, **adapted_looks({}, films, "squash")}
    adapted = replace(header, provenance=replace(header.provenance, details=details))
    again = drawn(tmp_path / "again", [8, 9], ["test"] * 2, "again")
    with pytest.raises(EvaluationError, match="1 film that looks like one"):
        check_looks(adapted, again, "test", allowed=False)


def test_evaluate_refuses_such_films_before_the_read_is_counted(
    header: BundleHeader, tmp_path: Path
) -> None:
    replace(tiny_bundle(1), header=header).save(tmp_path / "own.bundle")
    other = drawn(tmp_path / "other", [20, 3], ["test"] * 2, "other")
    replace(other, label_set=header.label_set).save(tmp_path / "other")
    with pytest.raises(EvaluationError, match="1 film that looks like one"):
        evaluate(tmp_path / "own.bundle", tmp_path / "other", tmp_path / "report")
    assert not (tmp_path / "other" / "test-reads.jsonl").exists()
    assert not (tmp_path / "report").exists()


@pytest.mark.slow
def test_no_operating_point_is_chosen_on_such_films(header: BundleHeader, tmp_path: Path) -> None:
    replace(tiny_bundle(1), header=header).save(tmp_path / "own.bundle")
    other = drawn(tmp_path / "other", [20, 21, 2, 22], ["test", "test", "val", "val"], "other")
    other = replace(other, label_set=header.label_set)
    other.save(tmp_path / "other")
    how = EvaluateOptions(draws=2)
    evaluate(tmp_path / "own.bundle", tmp_path / "other", tmp_path / "report", options=how)
    about = Predictions.load(tmp_path / "report" / "predictions.parquet").about
    assert about.points == {}
    assert (
        "no point was chosen on validation films: tiny: split 'val' of other" in about.points_from
    )
