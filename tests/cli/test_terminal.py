import click
import pytest

from plainfilm.cli.terminal import complain, note, show_progress, words_of, wrong_usage_of
from plainfilm.errors import RunError


def test_a_complaint_is_one_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert complain("a film\nof two lines\x1b[2J") == 1
    assert capsys.readouterr() == ("", "plainfilm: error: a film of two lines?[2J\n")


def test_a_note_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    note("Wrote it")
    assert capsys.readouterr() == ("", "Wrote it\n")


def test_progress_is_for_terminals_only(capsys: pytest.CaptureFixture[str]) -> None:
    show_progress(1, 2)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RunError("a run"), "a run"),
        (OSError(28, "No space left on device", "/secret/place/film.png"),
         "film.png: No space left on device"),
        (OSError("odd"), "odd"),
        (ModuleNotFoundError("no", name="sklearn.svm"),
         "sklearn is not installed, and this needs it. Run: pip install 'plainfilm[train]'"),
        (ModuleNotFoundError("no", name="ours"), None),
        (ValueError("a bug"), None),
    ],
)  # fmt: skip
def test_a_refusal_is_told_and_a_bug_is_not(error: Exception, words: str | None) -> None:
    assert words_of(error) == words


def test_a_refusal_becomes_wrong_usage_of_its_option() -> None:
    with pytest.raises(click.BadParameter, match="a run") as told, wrong_usage_of("--out"):
        raise RunError("a run")
    assert told.value.exit_code == 2
    assert "Invalid value for '--out': a run" in told.value.format_message()
