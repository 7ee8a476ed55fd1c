"""The README tells the truth: its numbers are the bundles' own (its commands: test_docs.py)."""

import re
from pathlib import Path

import pytest

from pages import README as README_PAGE
from pages import blocks
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.shelf import bundled, open_bundle

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_the_test_command_is_what_continuous_integration_runs() -> None:
    assert "scripts/test" in README
    assert "exec scripts/test" in (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
def test_the_figures_in_the_readme_are_the_bundles_own(path: Path) -> None:
    bundle = Bundle.load(path)
    assert bundle.evaluation is not None
    mean = bundle.evaluation["mean"]["auroc"]
    words = "{:.3f} ({:.3f} to {:.3f})".format(*mean)
    line = next(line for line in README.splitlines() if line.startswith(f"| `{bundle.id.name}`"))
    assert words in line, words


def test_the_python_example_tells_a_newcomer_why_there_is_no_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (example,) = [block.text for block in blocks(README_PAGE) if block.language == "python"]
    monkeypatch.chdir(REPOSITORY)

    exec(example, {"__name__": "readme"})
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("No answer: ")
    assert "unlike" in line or "familiar" in line

    exec(example.replace("age_years=3", "age_years=3, override_population=True"), {})
    assert re.fullmatch(r"Pneumonia: [01]\.\d\d\n", capsys.readouterr().out)


@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
def test_a_shipped_bundle_is_under_ten_megabytes(path: Path) -> None:
    assert path.stat().st_size < 10_000_000


def test_the_default_bundle_says_that_it_is_no_word_of_health() -> None:
    """S3-36: of two classes only; in its header and on its card."""
    bundle = open_bundle("pneumonia-paediatric")
    (limit,) = [words for words in bundle.header.limits if words.startswith("Two classes only")]
    assert "is not a normal film. Other disease is not looked for." in limit
    assert f"- {limit}" in bundle.card.splitlines()


@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
def test_a_letter_on_healthy_films_hardly_moves_a_shipped_bundle(path: Path) -> None:
    """S3-32: by 0.02 at most on average, as measured on the test films."""
    bundle = Bundle.load(path)
    assert bundle.evaluation is not None
    for name in bundle.header.label_set.names:
        marker = bundle.evaluation["audits"][name]["marker"]
        assert marker["n_films"] >= 50
        moved = marker["mean_absolute_change"]
        assert 0 <= (moved[0] if isinstance(moved, list) else moved) <= 0.02
