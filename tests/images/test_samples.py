"""Every public sample film is read as what it is, or refused with the right words."""

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from plainfilm.errors import NotARadiograph
from plainfilm.images import read_radiograph
from plainfilm.radiograph import View

VIEWS = {"test1": View.PA, "test2": View.AP, "test3": View.AP, "test4": View.PA, "test6": None}


@pytest.fixture(scope="module")
def samples(shared_data: Path) -> Path:
    return shared_data / "dicom-samples"


@pytest.fixture(scope="module")
def rows(samples: Path) -> list[dict[str, str]]:
    with (samples / "index.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def truth(samples: Path) -> NDArray[np.uint8]:
    with Image.open(samples / "derived-nih" / "truth.png") as image:
        return np.asarray(image.convert("L"))


def test_every_sample_is_read_as_its_index_says_or_refused(
    samples: Path, rows: list[dict[str, str]]
) -> None:
    assert len(rows) == 32
    for row in rows:
        if row["Modality"] == "CT":
            with pytest.raises(NotARadiograph, match=r"a CT image \(Modality is 'CT'; expected CR"):
                read_radiograph(samples / row["file"])
            continue
        film = read_radiograph(samples / row["file"])
        assert film.pixels.shape == (int(row["Rows"]), int(row["Columns"]))
        assert film.body_part == row["BodyPartExamined"].lower()
        assert film.pixels.std() > 0.1


def test_the_derived_films_are_the_truth_exactly(samples: Path, truth: NDArray[np.uint8]) -> None:
    files = sorted((samples / "derived-nih").glob("*.dcm"))
    assert len(files) == 10
    for file in files:
        film = read_radiograph(file)
        if "12bit" in file.name:
            shown = np.round(film.pixels.astype(np.float64) * 4095).astype(np.int64) >> 4
        else:
            shown = np.round(film.pixels.astype(np.float64) * 255).astype(np.int64)
        np.testing.assert_array_equal(shown, truth, err_msg=file.name)
        assert (film.view, film.age_years, film.cautions) == (View.PA, 54, ())


@pytest.mark.parametrize("film", ["RG2", "RG3"])
def test_the_lossless_samples_equal_the_uncompressed_one(samples: Path, film: str) -> None:
    folder = samples / "nema-wg04"
    expected = read_radiograph(folder / f"{film}_UNC.dcm").pixels
    endings = [end for end in ("J2KR", "JLSL", "JPLL", "RLE") if film == "RG2" or end != "RLE"]
    for ending in endings:
        found = read_radiograph(folder / f"{film}_{ending}.dcm").pixels
        np.testing.assert_array_equal(found, expected, err_msg=ending)


@pytest.mark.parametrize("ending", ["J2KI", "JLSN", "JPLY"])
def test_the_lossy_samples_are_near_the_uncompressed_one(samples: Path, ending: str) -> None:
    folder = samples / "nema-wg04"
    expected = read_radiograph(folder / "RG2_UNC.dcm").pixels
    found = read_radiograph(folder / f"RG2_{ending}.dcm").pixels
    assert np.abs(found - expected).mean() < 0.005


def test_the_teaching_films_tell_their_view_where_they_should_not(samples: Path) -> None:
    for name, view in VIEWS.items():
        film = read_radiograph(samples / "nih-dx" / f"{name}.dcm")
        assert film.view is view
        assert any("'XX'" in caution for caution in film.cautions) is (name == "test6")


def test_a_film_called_monochrome1_is_the_inverted_film(samples: Path) -> None:
    folder = samples / "rsna-cr"
    one = read_radiograph(folder / "cr_jpegbaseline_mono1_fake.dcm").pixels
    two = read_radiograph(folder / "cr_jpegbaseline_mono2.dcm").pixels
    np.testing.assert_allclose(one, 1 - two, atol=1e-6)


def test_spacing_of_zero_is_not_known(samples: Path) -> None:
    assert read_radiograph(samples / "nema-wg04" / "RG1_JLSN.dcm").spacing_mm is None
