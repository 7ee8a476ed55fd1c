from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.datasets import chestxray14
from plainfilm.datasets.label_list import NAME, read_label_list, write_label_list
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.errors import DatasetError
from plainfilm.findings import Finding, LabelSet


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


@given(st.lists(st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=2, max_size=2), max_size=5))
def test_any_labels_read_back_with_what_is_unknown(rows: list[list[float]]) -> None:
    labels = np.array(rows, np.float32).reshape(len(rows), 2)
    films = (
        Sample(f"{row}.png", "p", "s", None, None, None, "", labels[row])
        for row in range(len(rows))
    )
    label_set = LabelSet((Finding("mass", "Mass"), Finding("hernia", "Hernia")))
    manifest = Manifest(label_set, tuple(films), "drawn", Path(), {}, "chest")
    with TemporaryDirectory() as folder:
        write_label_list(manifest, Path(folder) / NAME)
        images, names, found = read_label_list(Path(folder) / NAME)

    assert (images, names) == (tuple(f"{row}.png" for row in range(len(rows))), ("mass", "hernia"))
    np.testing.assert_array_equal(found, labels)


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
