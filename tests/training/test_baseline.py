import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from plainfilm.datasets.cache import Cache, CacheContent
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import DatasetError, EvaluationError
from plainfilm.evaluation import EvaluateOptions, report_table
from plainfilm.evaluation.table import Predictions
from plainfilm.training.baseline import SIDE, Measured, measure_baseline, small_films, text_of
from tiny_training import write_prepared

VAL = EvaluateOptions("val", draws=20)  # the drawn films have no test split


@pytest.fixture(scope="module")
def report(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Measured]:
    out = tmp_path_factory.mktemp("baseline") / "svm"
    return out, measure_baseline("svm", prepared, out, options=VAL)


def record_in(folder: Path) -> Mapping[str, object]:
    found = json.loads((folder / "baseline.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_a_baseline_leaves_a_report_as_a_bundle_does(report: tuple[Path, Measured]) -> None:
    """S2-28."""
    out, measured = report
    assert {path.name for path in out.iterdir()} >= {
        "baseline.json",
        "co-occurrence.svg",
        "evaluation.json",
        "precision-recall.svg",
        "predictions.parquet",
        "reliability.svg",
        "report.html",
        "roc.svg",
    }
    assert json.loads((out / "evaluation.json").read_text(encoding="utf-8")) == measured.numbers
    assert record_in(out) == measured.record
    for rate in ("accuracy", "sensitivity", "ppv", "f1", "auroc"):
        value, low, high = measured.numbers["findings"]["square"][rate]  # type: ignore[index]
        assert low <= value <= high
    assert set(measured.numbers["audits"]["square"]) >= {"marker", "frame_auroc"}  # type: ignore[index]


def test_the_table_alone_gives_the_numbers_again(
    report: tuple[Path, Measured], tmp_path: Path
) -> None:
    out, measured = report
    shutil.copy(out / "predictions.parquet", tmp_path)
    assert report_table(tmp_path, draws=VAL.draws) == measured.numbers


def test_a_white_square_is_learnt(report: tuple[Path, Measured]) -> None:
    findings = report[1].numbers["findings"]
    assert findings["stripe"]["auroc"][0] > 0.9  # type: ignore[index]


def test_the_measured_films_have_no_part_in_what_is_chosen(
    report: tuple[Path, Measured], tmp_path: Path
) -> None:
    """S2-31: other labels on them change neither what is chosen nor what is said of a film."""
    turned = write_prepared(tmp_path / "turned")
    manifest = Manifest.load(turned)
    samples = [s.with_labels(1 - s.labels) if s.split == "val" else s for s in manifest.samples]
    replace(manifest, samples=tuple(samples)).save(turned)
    out = tmp_path / "report"
    measure_baseline("svm", turned, out, options=VAL)
    assert record_in(out) == report[1].record
    one, other = (Predictions.load(f / "predictions.parquet") for f in (report[0], out))
    assert one.scores.tolist() == other.scores.tolist()
    assert (one.labels + other.labels)[~np.isnan(one.labels)].tolist() == [1.0] * int(
        (~np.isnan(one.labels)).sum()
    )


def test_a_finding_with_too_few_patients_is_told(tmp_path: Path) -> None:
    prepared = write_prepared(tmp_path / "few", n_train=8, n_val=4)
    measured = measure_baseline("svm", prepared, tmp_path / "out", options=VAL)
    assert "stripe" in str(measured.numbers["cautions"])
    assert "there the majority answers" in text_of(measured)


def test_the_majority_is_cautioned_about_only_for_calling_all_alike(
    prepared: Path, tmp_path: Path
) -> None:
    measured = measure_baseline("majority", prepared, tmp_path, options=VAL)
    cautions = measured.numbers["cautions"]
    assert isinstance(cautions, list)
    assert len(cautions) == 2
    assert all("films are called alike" in caution for caution in cautions)
    assert "the share of the train films answers" in text_of(measured)


def test_the_words_have_the_numbers(report: tuple[Path, Measured]) -> None:
    text = text_of(report[1])
    auroc = report[1].numbers["findings"]["stripe"]["auroc"]  # type: ignore[index]
    assert "svm on drawn, split val: 16 films" in text
    assert f"{auroc[0]:.3f} [{auroc[1]:.3f}, {auroc[2]:.3f}]" in text
    assert "across 3 folds of patients" in text


def test_an_unknown_baseline_is_refused_with_a_hint(prepared: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="Did you mean 'random-forest'"):
        measure_baseline("random-forrest", prepared, tmp_path)


def test_films_it_learnt_from_are_not_measured(prepared: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="learn from split 'train'"):
        measure_baseline("majority", prepared, tmp_path, options=EvaluateOptions("train"))


def test_a_split_without_films_is_told(prepared: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no film is in split 'test'"):
        measure_baseline("majority", prepared, tmp_path)


def test_a_report_is_replaced_only_when_asked(report: tuple[Path, Measured]) -> None:
    out, _ = report
    before = (out / "baseline.json").read_bytes()
    with pytest.raises(EvaluationError, match="holds an evaluation already"):
        measure_baseline("majority", out.parent, out, options=VAL)
    assert (out / "baseline.json").read_bytes() == before


@pytest.mark.parametrize("size", [SIDE // 2, SIDE, 2 * SIDE])
def test_films_are_shrunk_to_a_side_but_never_enlarged(size: int) -> None:
    pixels = np.zeros((2, size, size), np.uint8)
    pixels[1, : size // 2] = 255
    films = small_films(Cache(pixels, CacheContent("", 2, size, "squash")), np.array([1, 0]))
    side = min(size, SIDE)
    assert films.shape == (2, side, side)
    assert films.dtype == np.float32
    assert (films[0, 0].min(), films[0, -1].max(), films[1].max()) == (1.0, 0.0, 0.0)
