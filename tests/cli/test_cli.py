"""The command line, as a person or a script meets it."""

import csv
import hashlib
import json
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

import plainfilm
from drawn_tables import draw_table
from phantoms import phantom
from plainfilm.cli import main
from plainfilm.datasets.seen import KEY as DIGESTS
from plainfilm.reading import shelf
from plainfilm.reading.bundle import Bundle
from plainfilm.reports import wording
from srs import film_of, groups, numbers, texts
from tiny_bundle import tiny_bundle

REPOSITORY = Path(__file__).resolve().parent.parent.parent
COMMAND = (sys.executable, "-m", "plainfilm")
Output = pytest.CaptureFixture[str]
RELEASE = """
[release]
name = "made"
version = "1.0.0"
display = "Made"
intended_use = "A test."
limits = ["It has learned next to nothing."]
threshold_rule = "half"
calibration = "validation"
citation = "none"
[release.population]
views = ["PA", "AP"]
words = "adults"
[release.licences]
weights = "Apache-2.0"
training_data = "public domain"
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundles") / "tiny.bundle"
    tiny_bundle().save(path)
    return path


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "film.png"
    Image.fromarray((phantom(size=(300, 280)) * 255).astype(np.uint8)).save(path)
    return path


def run(*arguments: str | int | Path) -> int:
    return main([str(argument) for argument in arguments])


def start(*arguments: str | Path, code: str = "") -> subprocess.CompletedProcess[str]:
    """Run in a fresh process, after some Python."""
    words = [str(argument) for argument in arguments]
    command = [sys.executable, "-c", f"{code}\nimport sys; from plainfilm.cli import main\n"
               f"status = main({words!r})\nprint('MODULES', *sys.modules, file=sys.stderr)\n"
               "sys.exit(status)"]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=False)


def one_error_line(text: str) -> str:
    (line,) = [line for line in text.splitlines() if not line.startswith("MODULES")]
    assert line.startswith("plainfilm: error: ")
    return line


def usage_error(text: str) -> str:
    assert "Usage: plainfilm " in text
    return " ".join(text.partition("Error: ")[2].split())


# --- read


def test_reading_a_film_prints_a_table_and_what_it_is_not(
    film: Path, bundle: Path, capsys: Output
) -> None:
    assert run("read", film, "--bundle", bundle, "--view", "pa", "--body-part", "Chest") == 0
    found = capsys.readouterr()
    lines = found.out.splitlines()
    assert lines[0] == "film.png  (tiny 1.0.0)"
    assert re.match(r"  Pneumonia +\d+ % +50 %  (above|below) the threshold; ", lines[2])
    assert lines[-1].startswith("Not a medical device.")
    assert found.err == ""


def test_what_is_not_known_is_a_caution(film: Path, bundle: Path, capsys: Output) -> None:
    assert run("read", film, "--bundle", bundle) == 0
    assert "caution: view and body part are not known" in capsys.readouterr().out


def test_json_is_an_object_for_a_file_and_an_array_for_whatever_else_is_asked(
    film: Path, bundle: Path, capsys: Output
) -> None:
    for words in ((film, "missing.png"), (film.parent,)):
        run("read", *words, "--bundle", bundle, "--json")
        assert [each["name"] for each in json.loads(capsys.readouterr().out)] == ["film.png"]
    assert run("read", film, "--bundle", bundle, "--json") == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "plainfilm.prediction/1"
    assert run("read", film, film, "--bundle", bundle, "--json") == 0
    names = [each["name"] for each in json.loads(capsys.readouterr().out)]
    assert names == ["film.png", "film.png #2"]


@pytest.mark.parametrize("ending", ["html", "json", "csv", "png"])
def test_a_report_is_written(
    film: Path, bundle: Path, tmp_path: Path, capsys: Output, ending: str
) -> None:
    assert run("read", film, "--bundle", bundle, "--out", tmp_path / f"r.{ending}") == 0
    assert (tmp_path / f"r.{ending}").stat().st_size > 200
    found = capsys.readouterr()
    assert (found.out, found.err) == ("", f"Wrote r.{ending}\n")


def test_s3_33_a_dicom_film_has_a_structured_report_that_says_what_it_is(
    bundle: Path, tmp_path: Path, capsys: Output
) -> None:
    source, out = tmp_path / "film.dcm", tmp_path / "report.dcm"
    source.write_bytes(film_of())
    assert run("read", source, "--bundle", bundle, "--json", "--out", out) == 0
    found, told = pydicom.dcmread(out), json.loads(capsys.readouterr().out)
    assert (found.Modality, found.PatientID) == ("SR", "MRN-0042")
    for each in told["findings"]:
        values = numbers(groups(found)[each["finding"]])
        assert values["Probability"] == each["probability"]
    assert any(wording.ASSISTS in words for words in texts(found, "Intended use"))


def test_a_film_that_is_not_dicom_has_no_structured_report(
    film: Path, bundle: Path, tmp_path: Path, capsys: Output
) -> None:
    assert run("read", film, "--bundle", bundle, "--out", tmp_path / "r.dcm") == 1
    assert "film.png: not a DICOM film" in one_error_line(capsys.readouterr().err)
    assert list(tmp_path.glob("r.*")) == []


def test_the_json_of_a_report_is_what_is_printed(
    film: Path, bundle: Path, tmp_path: Path, capsys: Output
) -> None:
    assert run("read", film, "--bundle", bundle, "--json", "--out", tmp_path / "r.json") == 0
    assert capsys.readouterr().out == (tmp_path / "r.json").read_text(encoding="utf-8")


def test_every_output_says_that_it_was_moved_to_another_prevalence(
    film: Path, bundle: Path, tmp_path: Path, capsys: Output
) -> None:
    words = ("read", film, "--bundle", bundle, "--prevalence", "pneumonia=0.05")
    assert run(*words) == 0
    said = [capsys.readouterr().out.replace("\n", " ")]
    for ending in ("json", "csv", "html"):
        assert run(*words, "--out", tmp_path / f"r.{ending}") == 0
        said.append((tmp_path / f"r.{ending}").read_text(encoding="utf-8"))
    assert all("recalibrated to a prevalence of 0.05" in " ".join(text.split()) for text in said)
    capsys.readouterr()
    assert run(*words[:-1], "mass=0.1") == 2
    assert "knows no 'mass'" in usage_error(capsys.readouterr().err)


def test_a_report_is_overwritten_only_with_force(
    film: Path, bundle: Path, tmp_path: Path, capsys: Output
) -> None:
    out = tmp_path / "r.csv"
    out.write_text("precious")
    assert run("read", film, "--bundle", bundle, "--out", out) == 1
    assert "already there" in one_error_line(capsys.readouterr().err)
    assert out.read_text() == "precious"
    assert run("read", film, "--bundle", bundle, "--out", out, "--force") == 0
    assert out.read_text().startswith("name,")


@pytest.mark.parametrize("verb", ["read", "explain"])
def test_a_film_is_not_replaced_by_its_own_report(
    film: Path, bundle: Path, tmp_path: Path, capsys: Output, verb: str
) -> None:
    """A report may have the ending of its film, .png or .dcm, and its name at a slip."""
    folder = shutil.copy(film, tmp_path / "film.png").parent
    (folder / "link.png").symlink_to("film.png")
    words = {"read": ("read", folder), "explain": ("explain", folder / "film.png")}[verb]
    finding = ("--finding", "pneumonia") if verb == "explain" else ()
    for name in ("film.png", "link.png"):
        out = ("--out", folder / name, "--force")
        assert run(*words, "--bundle", bundle, *finding, *out) == 1
        assert "a film that is to be read" in one_error_line(capsys.readouterr().err)
    assert (folder / "link.png").is_symlink()
    assert (folder / "film.png").read_bytes() == film.read_bytes()


def test_a_bad_ending_is_told_before_any_film_is_read(bundle: Path, capsys: Output) -> None:
    assert run("read", "missing.png", "--bundle", bundle, "--out", "r.pdf") == 2
    line = usage_error(capsys.readouterr().err)
    assert "r.pdf: cannot be written as '.pdf'; expected .csv, .dcm, .html, .json, .png" in line


@pytest.mark.parametrize(("ending", "n_films"), [("png", 17), ("html", 101), ("dcm", 2)])
def test_too_many_films_for_a_report_are_told_before_any_is_read(
    tmp_path: Path, capsys: Output, ending: str, n_films: int
) -> None:
    for number in range(n_films):
        (tmp_path / f"{number}.png").touch()
    assert run("read", tmp_path, "--bundle", "no such", "--out", f"r.{ending}") == 1
    line = one_error_line(capsys.readouterr().err)
    assert f"r.{ending}: a .{ending} report holds at most {n_films - 1} film" in line


def test_files_that_cannot_be_read_do_not_stop_the_others(
    film: Path, bundle: Path, tmp_path: Path, capsys: Output
) -> None:
    (tmp_path / "text.png").write_text("I am a text")
    out = tmp_path / "r.csv"
    paths = (tmp_path / "missing.dcm", film, tmp_path / "text.png", film)
    assert run("read", *paths, "--bundle", bundle, "--out", out) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("plainfilm: error: missing.dcm: ")
    assert lines[1].startswith("plainfilm: error: text.png: ")
    assert lines[2:] == ["Wrote r.csv"]
    with out.open(newline="") as file:
        assert {row["name"] for row in csv.DictReader(file)} == {"film.png", "film.png #2"}


def test_a_page_counts_and_names_the_files_that_could_not_be_read(
    film: Path, bundle: Path, tmp_path: Path, capsys: Output
) -> None:
    out = tmp_path / "r.html"
    assert run("read", film, tmp_path / "missing.dcm", "--bundle", bundle, "--out", out) == 1
    told = capsys.readouterr().err.splitlines()[0].removeprefix("plainfilm: error: ")
    page = out.read_text(encoding="utf-8")
    assert "1 file could not be read" in page
    assert f"<li>{told}</li>" in page


def test_where_no_film_can_be_read_no_report_is_written(
    bundle: Path, tmp_path: Path, capsys: Output
) -> None:
    out = tmp_path / "r.csv"
    assert run("read", tmp_path / "missing.png", "--bundle", bundle, "--out", out) == 1
    assert not out.exists()
    assert run("read", tmp_path / "missing.png", "--bundle", bundle, "--json") == 1
    assert capsys.readouterr().out == ""
    assert run("read", "missing.png", "gone.png", "--bundle", bundle, "--json") == 1
    assert json.loads(capsys.readouterr().out) == []


def test_a_folder_is_read_and_a_broken_one_is_told(
    film: Path, bundle: Path, tmp_path: Path, capsys: Output
) -> None:
    assert run("read", film.parent, tmp_path, "--bundle", bundle, "--json") == 1
    found = capsys.readouterr()
    assert [each["name"] for each in json.loads(found.out)] == ["film.png"]
    assert "an empty folder" in one_error_line(found.err)


def test_folders_in_a_folder_are_read_if_asked(
    film: Path, bundle: Path, tmp_path: Path, capsys: Output
) -> None:
    (tmp_path / "inner").mkdir()
    shutil.copy(film, tmp_path / "inner")
    assert run("read", tmp_path, "--bundle", bundle) == 1
    assert "1 folder in it not opened; add --recursive" in one_error_line(capsys.readouterr().err)
    assert run("read", tmp_path, "--bundle", bundle, "--recursive") == 0
    assert capsys.readouterr().out.startswith("film.png  (tiny")


def test_a_film_outside_the_population_is_refused_unless_overridden(
    film: Path, bundle: Path, capsys: Output
) -> None:
    words = ("read", film, "--bundle", bundle, "--view", "LATERAL", "--body-part", "chest")
    assert run(*words) == 0
    assert "Refused: view LATERAL" in capsys.readouterr().out
    assert run(*words, "--outside-population") == 0
    found = capsys.readouterr().out
    assert found.splitlines()[1].strip().startswith("OUTSIDE POPULATION")
    assert "model score" in found
    assert "% " not in found


@pytest.mark.parametrize("age", ["-1", "131", "old"])
def test_an_impossible_age_is_wrong_usage(
    film: Path, bundle: Path, capsys: Output, age: str
) -> None:
    assert run("read", film, "--bundle", bundle, "--age", age) == 2
    assert "Invalid value for '--age'" in capsys.readouterr().err


# --- explain


def test_a_finding_is_explained_by_a_picture(
    film: Path, bundle: Path, tmp_path: Path, capsys: Output
) -> None:
    out = tmp_path / "seen.png"
    assert run("explain", film, "--finding", "pneumonia", "--bundle", bundle, "--out", out) == 0
    assert np.ptp(np.asarray(Image.open(out)), axis=2).max() > 40  # colours
    method, outside, written = capsys.readouterr().err.splitlines()
    assert method.startswith("Method: the bundle's own map")
    assert outside.startswith("Heat outside the body: ")
    assert written == "Wrote seen.png"


def test_a_film_is_explained_by_covering_it_and_in_added_colours(
    film: Path, bundle: Path, tmp_path: Path, capsys: Output
) -> None:
    """S3-30."""
    asked = ("explain", film, "--finding", "pneumonia", "--bundle", bundle, "--method", "occlusion")
    for name, more in (("own.png", ()), ("added.png", ("--added",))):
        assert run(*asked, *more, "--out", tmp_path / name) == 0
    assert "Method: occlusion" in capsys.readouterr().err
    own, added = (np.asarray(Image.open(tmp_path / name)) for name in ("own.png", "added.png"))
    assert own.shape == added.shape
    assert (own != added).any()
    assert run(*asked[:-1], "gradcam", "--out", tmp_path / "no.png") == 1
    assert "--run" in one_error_line(capsys.readouterr().err)


@pytest.mark.parametrize(
    ("finding", "out", "words"),
    [
        ("gout", "seen.png", "'gout' is no finding of tiny; expected one of pneumonia, atelect"),
        ("pneumonia", "seen.html", "seen.html: cannot be written as '.html'; expected .png"),
    ],
)
def test_what_cannot_be_explained_is_told(
    film: Path, bundle: Path, tmp_path: Path, capsys: Output, finding: str, out: str, words: str
) -> None:
    path = tmp_path / out
    assert run("explain", film, "--finding", finding, "--bundle", bundle, "--out", path) == 2
    assert words in usage_error(capsys.readouterr().err)
    assert not path.exists()


@pytest.mark.parametrize("share", ["gout=0.1", "pneumonia=2"])
@pytest.mark.parametrize("verb", ["read", "explain"])
def test_a_prevalence_that_the_bundle_cannot_take_is_wrong_usage(
    film: Path, bundle: Path, tmp_path: Path, capsys: Output, verb: str, share: str
) -> None:
    more = () if verb == "read" else ("--finding", "pneumonia", "--out", tmp_path / "seen.png")
    assert run(verb, film, "--bundle", bundle, "--prevalence", share, *more) == 2
    assert "Invalid value for '--prevalence'" in usage_error(capsys.readouterr().err)


def test_a_panel_shows_film_map_and_curve(film: Path, tmp_path: Path, capsys: Output) -> None:
    """S0-73, S1-04."""
    table = draw_table(n=40, findings=("pneumonia", "atelectasis"))
    bundle = tiny_bundle()
    about = replace(table.about, network_sha256=bundle.network_sha256)
    bundle.save(tmp_path / "tiny.bundle")
    for name, facts in (("mine", about), ("others", table.about)):
        (tmp_path / name).mkdir()
        replace(table, about=facts).save(tmp_path / name / "predictions.parquet")
    asked = ("explain", film, "--finding", "Pneumonia", "--bundle", tmp_path / "tiny.bundle")
    assert run(*asked, "--out", tmp_path / "two.png") == 0
    assert run(*asked, "--report", tmp_path / "mine", "--out", tmp_path / "panel.png") == 0
    two, panel = (np.asarray(Image.open(tmp_path / name)) for name in ("two.png", "panel.png"))
    assert len(panel) > len(two) + 600
    capsys.readouterr()
    assert run(*asked, "--report", tmp_path / "others", "--out", tmp_path / "no.png") == 1
    assert "others: measured on another network" in one_error_line(capsys.readouterr().err)


# --- audit


@pytest.mark.parametrize("name", ["bundle.json", "network.onnx", "golden.npz"])
def test_a_bundle_that_lacks_a_file_reads_nothing(
    film: Path, tmp_path: Path, capsys: Output, name: str
) -> None:
    tiny_bundle().save(tmp_path / "tiny")
    (tmp_path / "tiny" / name).unlink()
    assert run("read", film, "--bundle", tmp_path / "tiny") == 1
    found = capsys.readouterr()
    assert found.out == ""
    assert name in one_error_line(found.err)


def test_a_bundle_from_a_newer_format_is_refused(
    film: Path, tmp_path: Path, capsys: Output
) -> None:
    tiny_bundle().save(tmp_path / "tiny")
    header = tmp_path / "tiny" / "bundle.json"
    text = header.read_text(encoding="utf-8")
    header.write_text(text.replace("plainfilm.bundle/1", "plainfilm.bundle/3"), encoding="utf-8")
    assert run("read", film, "--bundle", tmp_path / "tiny") == 1
    assert "newer" in one_error_line(capsys.readouterr().err)


def test_an_unknown_bundle_is_told_with_the_known_ones(film: Path, capsys: Output) -> None:
    assert run("read", film, "--bundle", "pneumonia-martian") == 1
    assert "pneumonia-martian: no such bundle" in one_error_line(capsys.readouterr().err)


# --- the learning wing


def test_an_unknown_data_set_is_told_with_the_known_ones(tmp_path: Path, capsys: Output) -> None:
    for words in (("prepare", "kermani", tmp_path), ("audit", tmp_path, "--dataset", "kermani")):
        more = ("--out", tmp_path / "out") if words[0] == "prepare" else ()
        assert run(*words, *more) == 2
        assert "did you mean 'kermany'" in usage_error(capsys.readouterr().err)
    assert not (tmp_path / "out").exists()


@pytest.fixture
def children(tmp_path: Path) -> Path:
    """The paediatric set's layout: 24 films, half as wide as high, the first four for the test."""
    for number in range(24):
        ill, part = number % 2, "test" if number < 4 else "train"
        name = f"person{number}_virus_{number}.jpeg" if ill else f"IM-{number:04d}-0001.jpeg"
        path = tmp_path / "films" / part / ("PNEUMONIA" if ill else "NORMAL") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        film = phantom(size=(80, 40), seed=number)
        Image.fromarray(np.rint(film * 255).astype(np.uint8)).save(path)
    return tmp_path / "films"


def test_policy_seed_and_threads_reach_the_prepared_folder(
    children: Path, tmp_path: Path, capsys: Output
) -> None:
    def prepared(*words: str) -> Path:
        out = tmp_path / "-".join(words)
        fixed = ("--out", out, "--size", "32", "--policy", "pad")
        assert run("prepare", "kermany", children, *fixed, *words) == 0
        return out

    one, other = (
        prepared("--seed", "5", "--threads", "1"),
        prepared("--seed", "6", "--threads", "2"),
    )

    assert "24 images / 24 patients" in capsys.readouterr().out
    assert (one / "cache.npy").read_bytes() == (other / "cache.npy").read_bytes()
    assert (one / "manifest.csv").read_bytes() != (other / "manifest.csv").read_bytes()
    assert json.loads((one / "cache.json").read_text())["policy"] == "pad"
    pixels = np.load(one / "cache.npy")
    assert not pixels[:, :, :7].any()  # the resize blends the columns at the edge
    assert not pixels[:, :, 25:].any()
    assert pixels[:, :, 8:24].any(axis=(1, 2)).all()


@pytest.mark.parametrize(
    "words",
    [("--policy", "stretch"), ("--threads", "0"), ("--seed", "x"), ("--size", "big"),
     ("--size", "0")],
)  # fmt: skip
def test_an_impossible_preparation_is_wrong_usage(
    tmp_path: Path, capsys: Output, words: tuple[str, str]
) -> None:
    assert run("prepare", "kermany", tmp_path, "--out", tmp_path / "out", *words) == 2
    told = capsys.readouterr().err
    assert f"Invalid value for '{words[0]}'" in told
    assert words[0] != "--size" or "expected the films' side in pixels, 8 to 4096." in told
    assert not (tmp_path / "out").exists()


def ward_words(folder: Path) -> tuple[object, ...]:
    """How twelve films of a ward, two findings in its table, are prepared into `folder`/out."""
    rows = ["path,patient,label:mass,label:nodule"]
    for number in range(12):
        Image.fromarray(np.full((40, 40), 20 * number, np.uint8)).save(folder / f"{number}.png")
        rows.append(f"{number}.png,p{number},{number % 2},0")
    (folder / "ward.csv").write_text("\n".join(rows))
    return "prepare", "table", folder / "ward.csv", "--out", folder / "out", "--size", "32"


def test_a_fold_of_one_finding_of_your_own_films_is_prepared(
    tmp_path: Path, capsys: Output
) -> None:
    words = ward_words(tmp_path)

    assert run(*words, "--only", "mass", "--shares", "50/25/25", "--fold", "2/3") == 0
    text = capsys.readouterr().out
    assert "table:ward: 12 images / 12 patients" in text
    assert "nodule" not in text
    assert "validation is fold 2 of 3" in text
    assert run(*words, "--fold", "4/3", "--force") == 1
    assert "fold 4/3: expected a fold from 1 to 3" in one_error_line(capsys.readouterr().err)
    assert run(*words, "--fold", "4", "--force") == 2


def test_one_finding_s_films_are_linked_in_two_folders(tmp_path: Path, capsys: Output) -> None:
    """S0-06: names preserved; a second run changes nothing; several findings are refused."""
    words = ward_words(tmp_path)
    two = tmp_path / "two"

    assert run(*words, "--class-folders", two) == 1
    assert "2 findings; expected one" in one_error_line(capsys.readouterr().err)
    assert not two.exists()
    stamps = []
    for _ in range(2):
        assert run(*words, "--only", "mass", "--class-folders", two) == 0
        stamps.append({film: film.lstat().st_mtime_ns for film in two.rglob("*.png")})

    assert stamps[0] == stamps[1]
    places = {f"{'mass' if n % 2 else 'no_mass'}/{n}.png" for n in range(12)}
    assert {film.relative_to(two).as_posix() for film in stamps[0]} == places
    assert all(film.resolve() == (tmp_path / film.name).resolve() for film in stamps[0])


def test_an_unknown_key_in_a_recipe_is_told(tmp_path: Path, capsys: Output) -> None:
    pytest.importorskip("torch")
    recipe = tmp_path / "r.toml"
    recipe.write_text("[optim]\nepoch = 3\n")
    assert run("train", recipe, "--data", tmp_path, "--out", tmp_path / "run") == 1
    assert "epoch" in one_error_line(capsys.readouterr().err)
    assert not (tmp_path / "run").exists()


def test_a_setting_changes_the_recipe(tmp_path: Path, capsys: Output) -> None:
    pytest.importorskip("torch")
    recipe = tmp_path / "r.toml"
    recipe.write_text("[optim]\nepochs = 3\n")
    words = ("train", recipe, "--data", tmp_path, "--out", tmp_path / "run")
    assert run(*words, "--set", "optim.epochs=many") == 1
    assert "optim.epochs" in one_error_line(capsys.readouterr().err)


@pytest.mark.parametrize(
    "words",
    [
        ("train", "r.toml", "--data", "d", "--out", "run"),
        ("export", "run", "--data", "d", "--out", "a.bundle"),
        ("weights", "run", "--out", "w.safetensors"),
    ],
)
def test_a_missing_learning_library_is_told_with_its_cure(words: tuple[str, ...]) -> None:
    found = start(*words, code="import sys; sys.modules['torch'] = None")
    assert found.returncode == 1
    line = one_error_line(found.stderr)
    assert line.endswith("torch is not installed, and this needs it. "
                         "Run: pip install 'plainfilm[train]'")  # fmt: skip


def test_a_shipped_bundle_is_not_written_into(tmp_path: Path, capsys: Output) -> None:
    pytest.importorskip("torch")
    path = shelf.find_bundle("pneumonia-paediatric")
    before = path.read_bytes()
    words = ("pneumonia-paediatric", tmp_path, "--out", tmp_path / "r", "--attach", "--force")
    assert run("evaluate", *words) == 1
    assert "comes with plainfilm" in one_error_line(capsys.readouterr().err)
    assert path.read_bytes() == before


def test_a_gone_run_and_a_gone_manifest_are_told(
    bundle: Path, tmp_path: Path, capsys: Output
) -> None:
    pytest.importorskip("torch")
    nowhere = tmp_path / "nowhere"
    assert run("export", nowhere, "--data", nowhere, "--out", tmp_path / "a.bundle") == 1
    one_error_line(capsys.readouterr().err)
    assert run("evaluate", bundle, nowhere, "--out", tmp_path / "report") == 1
    one_error_line(capsys.readouterr().err)


@pytest.mark.slow
def test_the_verbs_go_from_films_to_a_measured_bundle(
    shared_data: Path, tmp_path: Path, capsys: Output
) -> None:
    pytest.importorskip("torch")
    sample, prepared = shared_data / "nih-chestxray14-sample", tmp_path / "prepared"
    words = ("--out", prepared, "--size", "32", "--only", "pneumonia")  # of 14: 70 seconds less
    assert run("prepare", "chestxray14", sample, *words) == 0
    assert "1359 images / 1065 patients" in capsys.readouterr().out
    recipe = tmp_path / "r.toml"
    recipe.write_text("[data]\nsize = 32\n[optim]\nepochs = 9\n" + RELEASE)
    words = ("--data", prepared, "--out", tmp_path / "run", "--set", "optim.epochs=1")
    assert run("train", recipe, *words) == 0
    made = tmp_path / "made.bundle"
    assert run("export", tmp_path / "run", "--data", prepared, "--out", made) == 0
    capsys.readouterr()
    words = ("--out", tmp_path / "report", "--attach", "--json")
    assert run("evaluate", made, prepared, *words) == 0
    measured = json.loads(capsys.readouterr().out)
    assert measured == json.loads((tmp_path / "report" / "evaluation.json").read_text())
    assert run("bundles", "verify", made) == 0
    assert run("bundles", "show", made, "--json") == 0
    assert measured == json.loads(capsys.readouterr().out.partition("\n")[2])["evaluation"]
    again = ("evaluate", made, prepared, "--out", tmp_path / "again", "--attach")
    assert run(*again) == 1
    assert "holds an evaluation already" in one_error_line(capsys.readouterr().err)
    found = Bundle.load(made)
    gated = {**measured, "gate": {"rows": []}}
    found.with_evaluation(gated, "").save(made, overwrite=True)
    assert run(*again, "--force") == 0
    table = hashlib.sha256((tmp_path / "again" / "predictions.parquet").read_bytes()).hexdigest()
    counted = {"test_reads": 2, "predictions_sha256": table}  # the table tells the count as well
    assert Bundle.load(made).evaluation == {**gated, **counted}
    assert DIGESTS in found.header.provenance.details


# --- the rules of the house


def test_the_version_is_the_package_s(capsys: Output) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"plainfilm {plainfilm.__version__}\n"


@pytest.mark.parametrize("words", [("raed",), ("read",), ("read", "a.png", "--bundel", "x"), ()])
def test_wrong_usage_ends_with_status_2(capsys: Output, words: tuple[str, ...]) -> None:
    assert run(*words) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert "Usage: plainfilm" in found.err


def test_help_is_there_before_any_room_is_opened() -> None:
    found = start("read", "--help")
    assert found.returncode == 0
    assert "--outside-population" in found.stdout
    modules = set(found.stderr.split())
    assert not {"numpy", "PIL", "pydicom", "onnxruntime", "torch", "plainfilm.reading"} & modules


def test_reading_imports_no_learning_library(film: Path, bundle: Path, tmp_path: Path) -> None:
    found = start("read", film, "--bundle", bundle, "--out", tmp_path / "r.html")
    assert found.returncode == 0
    modules = set(found.stderr.partition("MODULES")[2].split())
    assert "onnxruntime" in modules
    unwanted = {"torch", "pandas", "matplotlib", "sklearn", "onnx", "scipy"}
    assert not unwanted & modules
    rooms = {name for name in modules if name.startswith("plainfilm.")}
    learning = ("datasets", "networks", "training", "evaluation")
    assert not [name for name in rooms if name.split(".")[1] in learning]


def test_a_bug_shows_its_traceback(film: Path, bundle: Path) -> None:
    found = start("read", film, "--bundle", bundle, code="import sys; sys.modules['PIL'] = None")
    assert found.returncode == 1
    assert "Traceback" in found.stderr


def test_a_message_is_one_line_whatever_the_file_is_called(bundle: Path, capsys: Output) -> None:
    assert run("read", "a\nplainfilm: error: b\x1b[2J\udcff.png", "--bundle", bundle) == 1
    line = one_error_line(capsys.readouterr().err)
    assert "\x1b" not in line


posix = pytest.mark.skipif(os.name != "posix", reason="pipes and signals as Unix has them")


@posix
def test_a_reader_that_stops_reading_is_no_error_to_talk_of(film: Path, bundle: Path) -> None:
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    command = [*COMMAND, "read", film, "--bundle", bundle]
    found = subprocess.run(command, stdout=writing_end, stderr=subprocess.PIPE, check=False)
    os.close(writing_end)
    assert found.returncode == 1
    assert found.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_told_in_one_line(film: Path, bundle: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [*COMMAND, "read", film, "--bundle", bundle, "--json"]
        found = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert found.returncode == 1
    assert "No space left on device" in one_error_line(found.stderr)


@pytest.fixture
def listening() -> Iterator[None]:
    """Interruptions arrive: in the background of a shell they are ignored, by children too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@posix
@pytest.mark.usefixtures("listening")
def test_an_interruption_ends_quietly_with_status_130(film: Path, bundle: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "read", *[film] * 3000, "--bundle", bundle],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()  # the first film is read, the others are not
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in complaint


def test_the_reference_is_the_program_s_own_help() -> None:
    written = (REPOSITORY / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    script = runpy.run_path(str(REPOSITORY / "scripts" / "write_cli_reference.py"))
    assert written == script["reference"]()


def test_every_verb_of_the_architecture_is_there(capsys: Output) -> None:
    assert run("--help") == 0
    text = capsys.readouterr().out
    verbs = ("read", "explain", "prepare", "train", "tune", "export", "evaluate", "bundles")
    assert all(re.search(rf"^  {verb} +\S", text, re.M) for verb in (*verbs, "baseline"))


def test_the_installed_command_is_the_module() -> None:
    command = shutil.which("plainfilm", path=str(Path(sys.executable).parent))
    if command is None:
        pytest.skip("plainfilm is not installed here")
    found = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert found.stdout.startswith("plainfilm ")


def test_each_problem_of_a_table_is_told_in_a_line_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "films.csv").write_text("path,patient,label:mass\na.png,,1\nb.png,p,2\n")
    words = ["prepare", "table", str(tmp_path / "films.csv"), "--out", str(tmp_path / "out")]
    assert main(words) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        f"plainfilm: error: films.csv: row {row}" for row in (2, 3)
    ]
    assert not (tmp_path / "out").exists()
