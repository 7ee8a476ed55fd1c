import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawn_tables import draw_table
from phantoms import phantom
from plainfilm.datasets.files import sha256_of
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.reads import NAME as READS
from plainfilm.datasets.sample import Sample
from plainfilm.errors import DatasetError, EvaluationError
from plainfilm.evaluation import EvaluateOptions, evaluate, report_table
from plainfilm.evaluation.degrade import DEGRADED
from plainfilm.findings import Finding, LabelSet
from plainfilm.training.card import card
from tiny_bundle import tiny_bundle

N_FILMS = 24


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    films = folder / "films"
    films.mkdir()
    samples = []
    for number in range(N_FILMS):
        pixels = (phantom(size=(64, 64), seed=number) * 255).astype(np.uint8)
        Image.fromarray(pixels).save(films / f"{number}.png")
        labels = np.array([number % 2, number % 3 == 0], "f4")
        samples.append(
            Sample(f"{number}.png", f"p{number // 2}", "s", "PA", None, None, "test", labels)
        )
    findings = (Finding("pneumonia", "Pneumonia"), Finding("atelectasis", "Atelectasis"))
    Manifest(LabelSet(findings), tuple(samples), "drawn", films, {}, "chest").save(folder)
    return folder


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "tiny.bundle"
    tiny_bundle(2).save(path)
    return path


@pytest.fixture(scope="module")
def out(bundle: Path, prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluation") / "new"
    evaluate(bundle, prepared, folder, options=EvaluateOptions(draws=20))
    return folder


def test_a_folder_that_holds_something_else_is_left_as_it_is(
    bundle: Path, prepared: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "weights.pt").touch()

    with pytest.raises(EvaluationError, match=r"^run: holds 1 other files .*, and is no report"):
        evaluate(bundle, prepared, run, options=EvaluateOptions(draws=20, overwrite=True))

    assert [path.name for path in run.iterdir()] == ["weights.pt"]


DRAWN = (
    "decision-curves", "degradation", "findings", "precision-recall", "precision-recall-all",
    "reliability", "roc", "roc-all",
)  # fmt: skip


def test_an_evaluation_leaves_a_table_numbers_and_a_page(out: Path) -> None:
    figures = {f"{name}.{ending}" for name in DRAWN for ending in ("svg", "png")}
    tables = {"evaluation.json", "explanations.json", "predictions.parquet", "report.html"}
    tables |= {"curves.csv", "places.json", "tones.json"}
    assert {path.name for path in out.iterdir()} == figures | tables | {"co-occurrence.svg"}
    numbers = json.loads((out / "evaluation.json").read_text(encoding="utf-8"))
    assert numbers["schema"] == "plainfilm.evaluation/1"
    assert numbers["n_films"] == N_FILMS
    assert numbers["predictions_sha256"] == sha256_of(out / "predictions.parquet")
    assert numbers["bundle"]["network_sha256"] == tiny_bundle(2).network_sha256
    assert set(numbers["audits"]["pneumonia"]) == {
        "marker", "frame_auroc", "centre_auroc", "mirrored_auroc", "inverted_auroc",
        "blanked", "unlettered", "words",
    }  # fmt: skip


def test_what_was_not_tried_is_said_in_report_and_card_in_the_words_of_the_numbers(
    out: Path,
) -> None:
    numbers = json.loads((out / "evaluation.json").read_text(encoding="utf-8"))
    told = numbers["not_tried"]
    assert list(told) == ["boxes"]
    assert told["boxes"].endswith(" was not tried: no list of boxes was given (--boxes).")
    page = (out / "report.html").read_text(encoding="utf-8").replace("&quot;", '"')
    audits = page.partition("<h2 id='audits'>")[2].partition("<h2 id")[0]
    assert f"<h3>What was not tried</h3><p>{told['boxes']}</p>" in audits
    written = card(tiny_bundle(2).header, numbers)
    assert f"## What was not tried\n\n- {told['boxes']}\n" in written


def test_the_tables_alone_give_the_same_files_again(out: Path, tmp_path: Path) -> None:
    for table in ("predictions.parquet", "explanations.json", "places.json", "tones.json"):
        (tmp_path / table).write_bytes((out / table).read_bytes())
    report_table(tmp_path, draws=20)
    for name in ("evaluation.json", "report.html", "roc.svg"):
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes()


def test_every_degradation_is_measured_on_the_split_and_told(out: Path) -> None:
    """S0-30: each named degradation has its AUROC in the numbers and its column in the report."""
    numbers = json.loads((out / "evaluation.json").read_text(encoding="utf-8"))["degradation"]
    assert numbers["n_films"] == N_FILMS
    page = (out / "report.html").read_text(encoding="utf-8")
    poor = page.partition("<h3>Poor films</h3>")[2].partition("</table>")[0]
    for row in numbers["findings"].values():
        assert list(row["degraded"]) == list(DEGRADED)
        assert all(0 <= area[0] <= 1 for area in row["degraded"].values())
    assert all(f">{name}</th>" in poor for name in DEGRADED)


def test_what_files_alone_tell_is_a_section_of_the_report(out: Path) -> None:
    """S2-53: of the very films, from the table; too few patients here to say anything."""
    numbers = json.loads((out / "evaluation.json").read_text(encoding="utf-8"))
    assert set(numbers["facts_alone"]) == {"pneumonia", "atelectasis"}
    page = (out / "report.html").read_text(encoding="utf-8")
    audits = page.partition("<h2 id='audits'>")[2].partition("<h2")[0]
    assert "<h3>What files and records alone tell</h3>" in audits
    for row in numbers["facts_alone"].values():
        assert f"<p>{row['words'][0]}</p>" in audits


def test_whether_one_place_or_the_tone_decides_are_sections_of_the_report(out: Path) -> None:
    measured = json.loads((out / "evaluation.json").read_text(encoding="utf-8"))
    numbers, tones = measured["places"], measured["tones"]
    page = (out / "report.html").read_text(encoding="utf-8")
    audits = page.partition("<h2 id='audits'>")[2].partition("<h2")[0]
    assert "<h3>Does one place decide?</h3>" in audits
    assert "<h3>Does the tone decide?</h3>" in audits
    assert (numbers["n_places"], tones["n_films"]) == (49, N_FILMS)
    for row in (*numbers["findings"].values(), *tones["findings"].values()):
        assert f"<p>{row['words']}</p>" in audits


def test_the_numbers_fit_into_the_bundle(out: Path, tmp_path: Path) -> None:
    numbers = json.loads((out / "evaluation.json").read_text(encoding="utf-8"))
    tiny_bundle(2).with_evaluation(numbers, "# card\n").save(tmp_path / "again.bundle")


def test_an_evaluation_is_not_written_over(bundle: Path, prepared: Path, out: Path) -> None:
    with pytest.raises(EvaluationError, match="holds an evaluation already"):
        evaluate(bundle, prepared, out)


def test_an_evaluation_is_replaced_when_asked(bundle: Path, prepared: Path, tmp_path: Path) -> None:
    evaluate(bundle, prepared, tmp_path, options=EvaluateOptions(draws=5))

    again = evaluate(bundle, prepared, tmp_path, options=EvaluateOptions(draws=7, overwrite=True))

    assert json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8")) == again
    assert again["draws"] == 7
    assert again["test_reads"] == len((prepared / READS).read_text().splitlines()) >= 2


def test_an_evaluation_that_is_cut_off_leaves_no_numbers_of_the_table_before(
    bundle: Path, prepared: Path, tmp_path: Path
) -> None:
    evaluate(bundle, prepared, tmp_path, options=EvaluateOptions(draws=5))
    figure = min(tmp_path.glob("*.svg"))
    figure.unlink()
    figure.mkdir()  # cannot be written: the disk says no before the numbers

    with pytest.raises(DatasetError):
        evaluate(bundle, prepared, tmp_path, options=EvaluateOptions(draws=7, overwrite=True))

    assert (tmp_path / "predictions.parquet").exists()
    for name in ("evaluation.json", "report.html", "curves.csv"):
        assert not (tmp_path / name).exists()


def test_no_draw_is_no_evaluation() -> None:
    with pytest.raises(EvaluationError, match="0 draws of the bootstrap; expected 1 or more"):
        EvaluateOptions(draws=0)


def test_a_split_without_films_is_refused_and_leaves_nothing(
    bundle: Path, prepared: Path, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match="no film is in split 'val'; there is test"):
        evaluate(bundle, prepared, tmp_path / "out", options=EvaluateOptions(split="val"))

    assert not (tmp_path / "out").exists()


def test_a_published_network_is_measured_beside(
    bundle: Path, prepared: Path, tmp_path: Path
) -> None:
    rows = [f"{number}.png,{number % 2}" for number in range(10)]
    (tmp_path / "preds.csv").write_text("\n".join(["Image Index,prob_Pneumonia", *rows]))
    options = EvaluateOptions(draws=20, compare=tmp_path / "preds.csv")
    numbers = evaluate(bundle, prepared, tmp_path / "out", options=options)
    published = numbers["published"]
    assert isinstance(published, dict)
    assert (published["n_films"], published["n_without"]) == (10, N_FILMS - 10)
    assert published["findings"]["pneumonia"]["published"] == [1.0, 1.0, 1.0]


def test_another_bundle_is_compared_on_this_data_set_only(
    bundle: Path, prepared: Path, tmp_path: Path
) -> None:
    draw_table(n=4).save(tmp_path / "predictions.parquet")
    options = EvaluateOptions(draws=5, compare=tmp_path / "predictions.parquet")
    with pytest.raises(EvaluationError, match="films of phantoms; these are of drawn"):
        evaluate(bundle, prepared, tmp_path / "out", options=options)
    assert not (tmp_path / "out").exists()
