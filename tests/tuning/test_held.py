from pathlib import Path

import pytest

from plainfilm.errors import RunError
from plainfilm.tuning.held import held


def test_a_held_folder_is_made_and_cleared_of_half_written_files(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    out.mkdir(parents=True)
    (out / ".plainfilm-0123").write_text("half")

    with held(out, ("fold-",)):
        assert not (out / ".plainfilm-0123").exists()


def test_a_folder_is_held_by_one_alone(tmp_path: Path) -> None:
    with held(tmp_path, ()), pytest.raises(RunError, match="another process"), held(tmp_path, ()):
        pass
    with held(tmp_path, ()):
        pass


@pytest.mark.parametrize("name", ["notes.txt", "manifest.csv"])
def test_a_folder_with_other_files_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")

    with pytest.raises(RunError, match="holds 1 other files"), held(tmp_path, ("fold-",)):
        pass


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")

    with pytest.raises(RunError, match="cannot be written into"), held(tmp_path / "out", ()):
        pass
