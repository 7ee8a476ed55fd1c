from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bare_manifests import bare_manifest
from drawn_tables import draw_table
from phantoms import phantom
from plainfilm.errors import ReportError
from plainfilm.evaluation.metrics import average_precision
from plainfilm.explaining import (
    NO_EVIDENCE,
    OWN_SCALE,
    How,
    Wanted,
    curve_of,
    explain,
    split_note,
)
from plainfilm.findings import Prediction
from plainfilm.radiograph import Radiograph
from plainfilm.reading import Reader
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.shelf import bundled
from plainfilm.reports import Report, only
from planted import planted_bundle
from tiny_bundle import tiny_bundle

FILM = Radiograph(phantom(size=(96, 80)), name="film.png")


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(tiny_bundle(2), threads=1)


def asked(reader: Reader, how: How, probability: float = 0.7) -> Report:
    return explain(reader, FILM, prediction_of(reader, probability), how)


def prediction_of(reader: Reader, probability: float) -> Prediction:
    prediction = only(reader.read(FILM), "pneumonia")
    result = replace(prediction.results[0], probability=probability)
    return replace(prediction, results=(result,))


def shown(report: Report) -> np.ndarray:
    values = report.predictions[0].results[0].map
    assert values is not None
    return values


def test_a_map_comes_with_the_share_of_heat_outside_the_body(reader: Reader) -> None:
    """S0-75."""
    report = asked(reader, How())
    assert any(note.startswith("Heat outside the body: ") for note in report.notes)
    assert report.scale == ""
    assert report.header == reader.bundle.header


def test_below_the_threshold_what_speaks_against_is_shown_when_asked(reader: Reader) -> None:
    """S2-39: the maps of present and absent differ, and the latter's is not blank."""
    above, below = (asked(reader, How(of_decision=True), p) for p in (0.5, 0.49))
    np.testing.assert_array_equal(shown(below), -shown(above))
    assert shown(below).max() > 0
    assert any("what speaks against" in note for note in below.notes)
    assert not any("what speaks against" in note for note in above.notes)
    np.testing.assert_array_equal(shown(asked(reader, How(), 0.49)), shown(above))


def test_a_map_without_positive_evidence_says_so(reader: Reader) -> None:
    """S3-31: no heat anywhere, no division by zero."""
    prediction = prediction_of(reader, 0.7)
    nowhere = replace(prediction.results[0], map=np.full((4, 4), -1, np.float32))
    report = explain(reader, FILM, replace(prediction, results=(nowhere,)), How())
    assert NO_EVIDENCE in report.notes


def test_occlusion_is_on_its_own_scale_and_needs_no_maps() -> None:
    """The planted bundle looks at one square; covering it lowers the score, covering others not."""
    reader = Reader(planted_bundle((16, 16, 20, 20), 10.0, -2.0), threads=1)
    report = asked(reader, How("occlusion"))
    row, column = np.unravel_index(np.abs(shown(report)).argmax(), shown(report).shape)
    assert 5 <= row <= 7
    assert 5 <= column <= 7
    assert report.scale == OWN_SCALE
    assert report.header.map is not None
    with pytest.raises(ReportError, match=r"tiny has no maps.*--method occlusion"):
        asked(reader, How())


def test_progress_is_told(reader: Reader) -> None:
    told: list[tuple[int, int]] = []
    explain(
        reader,
        FILM,
        prediction_of(reader, 0.7),
        How("occlusion"),
        progress=lambda done, n: told.append((done, n)),
    )
    assert told[-1] == (144, 144)
    assert len(told) > 3


@pytest.mark.parametrize(
    ("method", "run", "stage", "words"),
    [
        ("gradcam", None, -1, "give the folder of that run .--run.. 'map' is Grad-CAM at the last"),
        ("guided", None, 0, "a stage is one of a run's network"),
        ("map", Path("run"), -1, "takes no run"),
    ],
)
def test_a_run_is_given_where_it_is_needed(
    method: str, run: Path | None, stage: int, words: str
) -> None:
    with pytest.raises(ReportError, match=words):
        How(method, run, stage)


def test_s0_71_a_bundle_alone_gives_a_guided_map() -> None:
    reader = Reader(Bundle.load(bundled()[1]), threads=1)
    prediction = only(reader.read(FILM, override_population=True), "pneumonia")
    report = explain(reader, FILM, prediction, How("guided"))
    size = reader.bundle.header.input.size
    assert shown(report).shape == (size, size)
    assert "Method: guided Grad-CAM through the bundle's own graph, pixel by pixel." in report.notes
    assert report.scale == OWN_SCALE


def test_training_films_are_refused_unless_allowed(tmp_path: Path) -> None:
    """S0-74."""
    bare_manifest([[1], [0]], splits=["train", "test"]).save(tmp_path)
    with pytest.raises(ReportError, match=r"0\.png: a training film of drawn: .*--allow-train"):
        split_note(tmp_path, Path("0.png"), allow_train=False)
    allowed = Wanted("mass", tmp_path, allow_train=True)
    assert allowed.notes(Path("0.png")) == ("Split of drawn: train.",)
    assert Wanted("mass", tmp_path).notes(Path("x/1.png")) == ("Split of drawn: test.",)
    assert Wanted("mass", tmp_path).notes(Path("7.png")) == ("Not a film of drawn, by its name.",)
    assert Wanted("mass").notes(Path("0.png")) == ()


@pytest.mark.parametrize("finding", ["pneumonia", "atelectasis"])
def test_the_curve_of_each_finding_tells_its_films_and_whether_they_are_too_few(
    tmp_path: Path, finding: str
) -> None:
    """S0-73, S1-04: for any finding; S1-06: of nine present films it says that they say little."""
    bundle = tiny_bundle(2)
    table = draw_table(n=60, findings=("pneumonia", "atelectasis"))
    table.labels[:, 1] = np.arange(60) < 9
    about = replace(table.about, network_sha256=bundle.network_sha256)
    replace(table, about=about).save(tmp_path / "predictions.parquet")
    curve, column = curve_of(tmp_path, bundle, finding), table.about.findings.index(finding)
    n_present = int(table.labels[:, column].sum())
    area = average_precision(table.scores[:, column], table.labels[:, column])
    told = f"on 60 test films of phantoms, {n_present} with it: average precision {area:.3f}"
    assert told in curve.words
    assert curve.words.endswith("; too few to say much") == (n_present < 10)
    assert curve.share == n_present / 60
