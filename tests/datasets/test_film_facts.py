from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bare_manifests import bare_manifest
from dicoms import dicom_file
from plainfilm.datasets.film_facts import FILE_FACTS, RECORD_FACTS, film_facts, readable_facts
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import DatasetError


def manifest_of(folder: Path, *names: str) -> Manifest:
    plain = bare_manifest([[1]] * len(names))
    samples = [replace(s, image=n) for s, n in zip(plain.samples, names, strict=True)]
    known = replace(samples[0], age=4.5, sex="F", view="AP")
    return replace(plain, samples=(known, *samples[1:]), root=folder)


def test_facts_come_from_headers_and_records(tmp_path: Path) -> None:
    """S2-53."""
    pictures = {
        "grey.png": Image.fromarray(np.zeros((30, 40), np.uint8)),
        "deep.png": Image.fromarray(np.zeros((30, 40), np.uint16)),
        "colour.jpg": Image.fromarray(np.zeros((20, 10, 3), np.uint8)),
        "film.tif": Image.fromarray(np.zeros((300, 400), np.uint8)),
    }
    for name, picture in pictures.items():
        picture.save(tmp_path / name)
    (tmp_path / "film").write_bytes(dicom_file(np.zeros((50, 40), np.uint16)))
    facts = film_facts(manifest_of(tmp_path, *pictures, "film"))
    assert tuple(facts) == (*FILE_FACTS, *RECORD_FACTS)
    assert facts["width"].tolist()[:4] == [40, 40, 10, 400]
    assert facts["height"].tolist()[:4] == [30, 30, 20, 300]
    assert facts["aspect"][2] == 0.5
    assert facts["bits"].tolist()[:4] == [8, 16, 8, 8]
    assert facts["colour"].tolist() == [0, 0, 1, 0, 0]
    assert facts["kind"].tolist() == [0, 0, 1, 2, 3]
    sizes = [(tmp_path / name).stat().st_size for name in (*pictures, "film")]
    assert facts["file size"].tolist() == sizes
    np.testing.assert_allclose(
        facts["bytes per pixel"] * facts["width"] * facts["height"], facts["file size"]
    )
    assert (facts["age"][0], facts["sex"][0], facts["view"][0]) == (4.5, 1, 1)
    assert np.isnan([facts[name][1] for name in RECORD_FACTS]).all()


def test_a_file_that_is_no_film_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no film at all")
    with pytest.raises(DatasetError, match=r"notes\.txt: cannot be read as a film's file"):
        film_facts(manifest_of(tmp_path, "notes.txt"))
    with pytest.raises(DatasetError, match=r"gone\.png: cannot be read"):
        film_facts(manifest_of(tmp_path, "gone.png"))


@pytest.mark.parametrize("damage", [{"Rows": 0}, {"Rows": None}, {"Columns": [3, 4]}])
def test_a_damaged_header_is_as_good_as_no_film(tmp_path: Path, damage: dict[str, Any]) -> None:
    """A film that is refused must not end an evaluation after all others were read."""
    (tmp_path / "0.dcm").write_bytes(dicom_file(np.zeros((3, 4), np.uint16), **damage))
    films = manifest_of(tmp_path, "0.dcm")
    assert np.isnan(list(readable_facts(films).values())).all()
    with pytest.raises(DatasetError, match=r"0\.dcm: cannot be read as a film's file"):
        film_facts(films)


def test_a_file_that_is_no_film_is_not_known_where_that_is_allowed(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((30, 40), np.uint8)).save(tmp_path / "0.png")
    (tmp_path / "1.png").write_bytes(b"nothing")
    facts = readable_facts(manifest_of(tmp_path, "0.png", "1.png", "2.png"))
    assert tuple(facts) == FILE_FACTS
    assert facts["width"][0] == 40
    assert np.isnan([values[1:] for values in facts.values()]).all()
