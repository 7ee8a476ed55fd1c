import json
from dataclasses import replace
from pathlib import Path

import pytest

from plainfilm.cli import main
from plainfilm.reading import shelf
from plainfilm.reading.bundle import Bundle, Golden
from plainfilm.reading.promotion import what_is_missing
from tiny_bundle import promotable, tiny_bundle

Output = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundles") / "tiny.bundle"
    tiny_bundle().save(path)
    return path


def run(*arguments: str | Path) -> int:
    return main([str(argument) for argument in arguments])


def test_a_bundle_is_shown(bundle: Path, capsys: Output) -> None:
    assert run("bundles", "show", bundle) == 0
    assert capsys.readouterr().out.startswith("tiny 1.0.0, created 2025")
    assert run("bundles", "show", bundle, "--json") == 0
    assert json.loads(capsys.readouterr().out)["name"] == "tiny"


def test_a_bundle_s_card_and_recipe_come_out_as_they_are(bundle: Path, capsys: Output) -> None:
    held = tiny_bundle()
    assert run("bundles", "show", bundle, "--card") == 0
    assert capsys.readouterr().out == held.card
    assert run("bundles", "show", bundle, "--recipe") == 0
    assert capsys.readouterr().out == held.header.provenance.recipe_toml


@pytest.mark.parametrize("path", shelf.bundled(), ids=lambda path: path.stem)
def test_a_shipped_bundle_s_recipe_trains_after_it_is_written_out(
    path: Path, tmp_path: Path, capsys: Output
) -> None:
    recipe_class = pytest.importorskip("plainfilm.training.recipe").Recipe
    assert run("bundles", "show", path.stem, "--recipe") == 0
    (tmp_path / "recipe.toml").write_text(capsys.readouterr().out, encoding="utf-8")
    assert recipe_class.load(tmp_path / "recipe.toml").release.name == path.stem


def test_a_bundle_is_verified(bundle: Path, capsys: Output) -> None:
    assert run("bundles", "verify", bundle) == 0
    assert capsys.readouterr().out == "tiny 1.0.0: holds\n"
    assert run("bundles", "verify", bundle, "--json") == 0
    assert json.loads(capsys.readouterr().out)["holds"] is True


def test_golden_outputs_that_do_not_come_back_fail_the_verifying(
    tmp_path: Path, capsys: Output
) -> None:
    held = tiny_bundle()
    first = {name: values + 1 for name, values in held.golden.outputs[0].items()}
    golden = Golden(held.golden.radiographs, (first, *held.golden.outputs[1:]))
    replace(held, golden=golden).save(tmp_path / "off.bundle")
    assert run("bundles", "verify", tmp_path / "off.bundle") == 1
    assert "came back" in capsys.readouterr().err


def test_the_shipped_bundles_are_listed(capsys: Output) -> None:
    assert run("bundles", "list", "--json") == 0
    found = [each["name"] for each in json.loads(capsys.readouterr().out)]
    assert found == [path.stem for path in shelf.bundled()]
    assert run("bundles", "list") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.split("\n") if line] == found


@pytest.mark.parametrize("verb", [("bundles", "show"), ("bundles", "verify")])
def test_a_damaged_bundle_is_refused_in_one_line(
    bundle: Path, tmp_path: Path, capsys: Output, verb: tuple[str, str]
) -> None:
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "damaged.bundle").write_bytes(content)
    assert run(*verb, tmp_path / "damaged.bundle") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("plainfilm: error: ")


def test_weights_of_another_form_are_one_clear_line(tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "w.pt").write_bytes(b"no weights")
    out = tmp_path / "made.bundle"
    assert run("bundles", "import", tmp_path / "w.pt", "--form", "chexnet", "--out", out) == 1
    assert capsys.readouterr().err.startswith("plainfilm: error: w.pt: cannot be read")
    assert not out.exists()


def test_a_version_is_published_promoted_and_taken_back(tmp_path: Path, capsys: Output) -> None:
    """S2-41, as far as it is serving: checked, hashed, put there whole, labelled."""
    promotable(tiny_bundle()).save(tmp_path / "tiny.bundle")
    there = ("--repository", tmp_path / "repository")
    for number in (1, 2):
        assert run("bundles", "publish", tmp_path / "tiny.bundle", *there) == 0
        assert capsys.readouterr().out == f"tiny {number}\n"
    assert run("bundles", "publish", tmp_path / "tiny.bundle", *there, "--version", "2") == 1
    assert "cannot be published" in capsys.readouterr().err
    assert run("bundles", "promote", "tiny", "1", *there) == 0
    assert capsys.readouterr() == ("tiny 1 is stable\n", "")
    assert run("bundles", "promote", "tiny", "2", *there, "--to", "canary", "--percent", "25") == 0
    assert capsys.readouterr() == ("tiny 2 is canary 25 %\n", "")
    assert run("bundles", "list", *there) == 0
    assert capsys.readouterr().out == "tiny 1  stable\ntiny 2  canary 25 %\n"
    assert run("bundles", "rollback", "tiny", *there) == 0
    assert capsys.readouterr() == ("tiny 1 is stable; no longer on trial: 2\n", "")
    assert run("bundles", "list", *there, "--json") == 0
    assert [row["label"] for row in json.loads(capsys.readouterr().out)] == ["stable", None]
    assert run("bundles", "rollback", "tiny", *there) == 1
    assert "not rolled back" in capsys.readouterr().err


def test_a_policy_is_told_whole_to_programs(tmp_path: Path, capsys: Output) -> None:
    promotable(tiny_bundle()).save(tmp_path / "tiny.bundle")
    there = ("--repository", tmp_path / "repository")
    assert run("bundles", "publish", tmp_path / "tiny.bundle", *there) == 0
    capsys.readouterr()
    assert run("bundles", "promote", "tiny", "1", *there, "--to", "shadow", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["stable"], told["shadow"], told["promoted_only"]) == (None, 1, True)
    assert run("bundles", "rollback", "tiny", *there) == 0
    assert capsys.readouterr().out == "tiny: no version is stable; no longer on trial: 1\n"
    assert run("bundles", "promote", "tiny", "1", *there) == 0
    assert run("bundles", "promote", "tiny", "1", *there, "--to", "canary") == 1
    capsys.readouterr()
    assert run("bundles", "rollback", "tiny", *there, "--json") == 1
    assert not capsys.readouterr().out


def test_what_was_never_measured_is_not_promoted(
    bundle: Path, tmp_path: Path, capsys: Output
) -> None:
    there = ("--repository", tmp_path / "repository")
    assert run("bundles", "publish", bundle, *there, "--json") == 0
    assert json.loads(capsys.readouterr().out)["version"] == 1
    assert run("bundles", "promote", "tiny", "1", *there) == 1
    assert "lacks an evaluation" in capsys.readouterr().err
    assert run("bundles", "list", "--repository", tmp_path / "nowhere") == 1
    assert "no such folder" in capsys.readouterr().err


def test_bundles_are_joined_and_what_is_there_stays(tmp_path: Path, capsys: Output) -> None:
    pytest.importorskip("torch")
    for seed in (0, 1):
        tiny_bundle(seed=seed).save(tmp_path / f"{seed}.bundle")
    words = ("bundles", "join", tmp_path / "0.bundle", tmp_path / "1.bundle", "--name", "pair")

    assert run(*words, "--out", tmp_path / "pair.bundle") == 0
    assert run("bundles", "verify", tmp_path / "pair.bundle") == 0
    assert "pair 1.0.0: holds" in capsys.readouterr().out
    assert run(*words, "--out", tmp_path / "pair.bundle") == 1
    assert run(*words, "--out", tmp_path / "pair.bundle", "--force") == 0
    assert run("bundles", "join", tmp_path / "0.bundle", "--name", "x", "--out", "x") == 1
    assert "at least two" in capsys.readouterr().err


def test_who_signs_is_told_what_the_evaluation_names(tmp_path: Path, capsys: Output) -> None:
    made, path, panel = tiny_bundle(), tmp_path / "mine.bundle", tmp_path / "panel.png"
    panel.write_bytes(b"a picture")
    numbers = {
        "bundle": {"network_sha256": made.network_sha256},
        "cautions": ["SHORTCUT, Mass: x."],
    }
    made.with_evaluation(numbers, made.card).save(path)
    assert run("bundles", "sign-off", path, "--by", "A. Reader", "--report", panel) == 0
    assert "Signed off with it: SHORTCUT, Mass: x.\n" in capsys.readouterr().err
    assert what_is_missing(Bundle.load(path)) == []


def test_s2_03_a_person_signs_explanations_off(tmp_path: Path, capsys: Output) -> None:
    made, path, panel = tiny_bundle(), tmp_path / "mine.bundle", tmp_path / "panel.png"
    panel.write_bytes(b"a picture")
    numbers = {"bundle": {"network_sha256": made.network_sha256}}
    made.with_evaluation(numbers, made.card).save(path)
    asked = ("bundles", "sign-off", path, "--by", "A. Reader", "--report", panel)
    assert run(*asked) == 0
    assert capsys.readouterr().err == "Wrote mine.bundle: signed off by A. Reader\n"
    assert what_is_missing(Bundle.load(path)) == []
    assert run("bundles", "sign-off", path, "--by", " ", "--report", panel) == 1
    assert run(*asked, "--out", tmp_path / "copy.bundle") == 0
    assert run(*asked, "--out", tmp_path / "copy.bundle") == 1  # nothing is overwritten
    assert run("bundles", "sign-off", path, "--by", "A. Reader") == 2
