from pathlib import Path

import numpy as np
import pytest

from plainfilm.datasets import chestxray14
from plainfilm.datasets.label_list import NAME, read_label_list, write_label_list
from plainfilm.errors import DatasetError


def test_s0_14_the_written_list_reads_back_as_the_same_table(
    nih_folder: Path, tmp_path: Path
) -> None:
    manifest = chestxray14.load(nih_folder)

    write_label_list(manifest, tmp_path / NAME)
    images, names, labels = read_label_list(tmp_path / NAME)

    assert images == tuple(sample.image for sample in manifest.samples)
    assert names == manifest.label_set.names
    np.testing.assert_array_equal(labels, manifest.labels)


def test_s0_15_a_line_is_path_findings_and_fourteen_places_in_canonical_order(
    nih_folder: Path, tmp_path: Path
) -> None:
    write_label_list(chestxray14.load(nih_folder), tmp_path / NAME)

    lines = (tmp_path / NAME).read_text().splitlines()
    assert lines[0].startswith("image,findings,atelectasis,cardiomegaly,effusion,")
    assert lines[2] == (
        "images_002/images/00000001_001.png,mass|pleural_thickening,0,0,0,0,1,0,0,0,0,0,0,0,1,0"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image,mass\na.png,1\n", "expected the columns"),
        ("image,findings,mass\na.png,mass,0\n", "tell different things"),
        ("image,findings,mass\na.png,mass,yes\n", "no number"),
    ],
)
def test_a_list_that_contradicts_itself_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / NAME).write_text(text)

    with pytest.raises(DatasetError, match=said):
        read_label_list(tmp_path / NAME)
