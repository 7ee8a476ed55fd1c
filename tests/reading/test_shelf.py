"""Names of bundles become paths."""

from pathlib import Path

import pytest

from plainfilm.errors import BundleError, CorruptBundle
from plainfilm.reading import shelf
from plainfilm.reading.bundle import Bundle


def test_a_path_that_exists_is_taken(bundle_file: Path) -> None:
    assert shelf.find_bundle(bundle_file) == bundle_file
    assert shelf.find_bundle(str(bundle_file)) == bundle_file


def test_a_bundle_that_is_nowhere_is_named_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(CorruptBundle, match=r"^nowhere: no such bundle. Bundled: "):
        shelf.find_bundle(tmp_path / "nowhere")


def test_every_bundled_bundle_is_found_by_its_name_and_is_called_so() -> None:
    for path in shelf.bundled():
        assert shelf.find_bundle(path.stem) == path
        assert Bundle.load(path).header.name == path.stem


def test_a_bundled_name_wins_over_a_folder_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shelf.bundled():
        pytest.skip("no bundle ships with this checkout yet")
    path = shelf.bundled()[0]
    (tmp_path / path.stem).mkdir()
    monkeypatch.chdir(tmp_path)

    assert shelf.find_bundle(path.stem) == path
    assert shelf.find_bundle(f"./{path.stem}") == Path(path.stem)


def test_a_bundle_is_opened_by_its_path(bundle_file: Path) -> None:
    assert shelf.open_bundle(bundle_file).id == Bundle.load(bundle_file).id


def test_a_bundled_bundle_is_not_written_into(bundle_file: Path) -> None:
    path, bundle = shelf.writable_bundle(bundle_file)
    assert (path, bundle.id) == (bundle_file, Bundle.load(bundle_file).id)
    for name in (path.stem for path in shelf.bundled()):
        with pytest.raises(BundleError, match=rf"^{name}: comes with plainfilm"):
            shelf.writable_bundle(name)
