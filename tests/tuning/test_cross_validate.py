import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
import pytest

from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import DatasetError, RunError
from plainfilm.training.checkpoint import load_classifier
from plainfilm.training.record import read_record
from plainfilm.tuning.cross_validate import (
    CrossValidation,
    cross_validate,
    json_of,
    spread_of,
    text_of,
)
from tiny_training import same_weights, tiny_recipe, write_prepared

K = 3
RECIPE = tiny_recipe("optim.epochs=1")
Folds = tuple[Path, Path, CrossValidation]


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory) -> Folds:
    """Films, of which the last two are test; the folder of their folds; the scores."""
    place = tmp_path_factory.mktemp("folds")
    films = write_prepared(place / "films", n_train=24, n_val=8)
    manifest = Manifest.load(films)
    last = [replace(sample, split="test") for sample in manifest.samples[-2:]]
    replace(manifest, samples=(*manifest.samples[:-2], *last)).save(films)
    return films, place / "out", cross_validate(RECIPE, films, place / "out", k=K)


def test_s3_12_every_film_validates_once_and_the_other_folds_train(folds: Folds) -> None:
    """S3-12, S3-24: folds are disjoint by patient, none is left over, test is not touched."""
    films, out, _ = folds
    whole, validated = Manifest.load(films), Counter[str]()

    for number in range(1, K + 1):
        fold = Manifest.load(out / f"fold-{number}" / "films")
        used = read_record(out / f"fold-{number}" / "run").films
        assert not fold.patients("train") & fold.patients("val")
        assert used.split_sha256 == fold.split_sha256
        assert used.n_films + used.n_val_films == 30
        assert {s.image for s in fold.samples if s.split == "test"} == {"030.png", "031.png"}
        validated.update(s.image for s in fold.samples if s.split == "val")
    assert validated == Counter(s.image for s in whole.samples if s.split != "test")


def test_s3_12_each_fold_has_a_network_of_its_own(folds: Folds) -> None:
    """S3-12: fresh weights, from the same start, and what is learnt differs."""
    _, out, _ = folds
    runs = [out / f"fold-{number}" / "run" for number in range(1, K + 1)]

    assert not same_weights(runs[0], runs[1])
    assert not same_weights(runs[1], runs[2])
    assert {read_record(run).init for run in runs} == {"scratch"}


def test_the_scores_are_the_runs_own_and_their_mean_is_told(folds: Folds) -> None:
    """S3-12."""
    _, out, scored = folds
    aurocs = [read_record(out / f"fold-{n}" / "run").val_auroc or np.nan for n in (1, 2, 3)]

    assert [fold.val_auroc for fold in scored.folds] == aurocs
    assert scored.auroc.mean == pytest.approx(fmean(aurocs))
    assert scored.auroc.deviation == pytest.approx(stdev(aurocs))
    assert json.loads((out / "folds.json").read_text()) == json_of(scored)
    *lines, mean = text_of(scored).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["fold 1/3", "fold 2/3", "fold 3/3"]
    assert mean.startswith(f"mean: AUROC {fmean(aurocs):.4f} ± {stdev(aurocs):.4f} (")


def test_a_finished_fold_is_not_trained_again(folds: Folds) -> None:
    """Its weights, altered, stay as they are; a fold without a run is made good."""
    films, out, scored = folds
    first, last = (out / f"fold-{n}" / "run" / "weights.pt" for n in (1, 3))
    before, written = last.read_bytes(), first.stat().st_mtime_ns
    for path in last.parent.iterdir():
        path.unlink()

    again = cross_validate(RECIPE, films, out, k=K)

    assert first.stat().st_mtime_ns == written
    assert last.read_bytes() == before
    assert [fold.val_auroc for fold in again.folds] == [fold.val_auroc for fold in scored.folds]


def test_a_fold_s_folder_is_a_prepared_one(folds: Folds) -> None:
    _, out, _ = folds

    assert load_classifier(out / "fold-2" / "run").has_map
    assert (out / "fold-2" / "films" / "cache.npy").stat().st_nlink == K + 1


@pytest.mark.parametrize("how", [{"k": 4}, {"k": K, "seed": 1}])
def test_another_deal_does_not_go_into_the_same_folder(folds: Folds, how: dict[str, int]) -> None:
    films, out, _ = folds

    with pytest.raises(RunError, match="out: holds films of another deal"):
        cross_validate(RECIPE, films, out, **how)


def test_more_folds_than_patients_are_refused(folds: Folds, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="16 folds of 15 patients"):
        cross_validate(RECIPE, folds[0], tmp_path / "out", k=16)
    for k in (-1, 0, 1):
        with pytest.raises(DatasetError, match=f"{k} folds; expected at least 2"):
            cross_validate(RECIPE, folds[0], tmp_path / "out", k=k)
    assert not (tmp_path / "out").exists()


def test_a_mean_of_what_is_not_known_is_not_known() -> None:
    assert spread_of([0.5, None]).mean is None
    assert spread_of([]).mean is None
    one = spread_of([0.75])
    assert (one.mean, one.deviation, one.lowest) == (0.75, None, 0.75)
