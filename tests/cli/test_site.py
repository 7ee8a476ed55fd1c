import json
from pathlib import Path

import pytest

from plainfilm.cli import main
from plainfilm.serve.site import PAGE
from tiny_bundle import tiny_bundle

Output = pytest.CaptureFixture[str]


@pytest.mark.skipif(not (PAGE / "index.html").is_file(), reason="the page is not built here")
def test_a_site_is_written_and_told(tmp_path: Path, capsys: Output) -> None:
    bundle = tmp_path / "tiny.bundle"
    tiny_bundle().save(bundle)
    out = tmp_path / "www"
    assert main(["site", str(bundle), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["bundle"], told["version"]) == ("tiny", "1.0.0")
    assert (out / "index.html").is_file()
    assert main(["site", str(bundle), "--out", str(out)]) == 1
    assert "already" in capsys.readouterr().err
    assert main(["site", str(bundle), "--out", str(out), "--force"]) == 0
    assert capsys.readouterr().out.startswith("tiny 1.0.0: a site of ")


def test_a_bundle_that_is_not_there_is_told_in_one_line(tmp_path: Path, capsys: Output) -> None:
    assert main(["site", "nothing", "--out", str(tmp_path / "www")]) == 1
    assert "nothing: no such bundle" in capsys.readouterr().err


@pytest.mark.parametrize("verb", [["site", "tiny.bundle", "--out", "www"], ["serve"]])
def test_a_wrong_page_toml_ends_it_at_the_start_with_its_line(
    verb: list[str], tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S0-81."""
    if verb[0] == "serve":
        pytest.importorskip("uvicorn")
    monkeypatch.chdir(tmp_path)
    tiny_bundle().save(Path("tiny.bundle"))
    Path("page.toml").write_text('title = "Ours"\ncolour = "red"\n', encoding="utf-8")
    doors = ["--port", "0", "--admin-port", "0"] if verb[0] == "serve" else []
    assert main([*verb, *doors, "--page", "."]) == 1
    assert "page.toml, line 2: colour: unknown" in capsys.readouterr().err
