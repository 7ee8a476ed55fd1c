"""A bundle of a few kilobytes, and a folder of films with what archives have beside them."""

from pathlib import Path

import numpy as np
import pytest

from bombs import saved
from dicoms import dicom_file
from phantoms import phantom
from tiny_bundle import tiny_bundle


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundles") / "tiny.bundle"
    tiny_bundle().save(path)
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two films, a slice of a CT and a text; one of the films in a folder within."""
    folder = tmp_path / "archive"
    (folder / "2004" / "a").mkdir(parents=True)
    film = np.round(phantom(size=(128, 112)) * 255).astype(np.uint8)
    (folder / "1.png").write_bytes(saved(film, "PNG"))
    (folder / "2004" / "a" / "1.dcm").write_bytes(dicom_file(film, PatientName="Doe^Jane"))
    (folder / "2004" / "slice.dcm").write_bytes(dicom_file(film, Modality="CT"))
    (folder / "readme.txt").write_text("of the archive")
    (folder / ".hidden").write_text("x")
    return folder
