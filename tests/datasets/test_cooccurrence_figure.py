import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.datasets import chestxray14
from plainfilm.datasets.cooccurrence import cooccurrence
from plainfilm.datasets.cooccurrence_figure import cooccurrence_figure, save_cooccurrence
from plainfilm.datasets.manifest import Manifest
from plainfilm.findings import Finding, LabelSet

SVG = "{http://www.w3.org/2000/svg}"
LABELS = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 1], [0, 0, np.nan]], np.float32)
NAMES = ("Mass", "Nodule", "Hernia")


def cells(figure: str) -> list[tuple[str, str, str]]:
    """The told words, the number and the colour of each cell, row by row."""
    groups = ElementTree.fromstring(figure).iterfind(f"{SVG}g/{SVG}g")
    found = []
    for group in groups:
        title, square, number = group
        found.append((str(title.text), str(number.text), square.attrib["fill"]))
    return found


def darkness(colour: str) -> int:
    return 765 - sum(int(colour[place : place + 2], 16) for place in (1, 3, 5))


@given(
    st.lists(
        st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=3, max_size=3),
        min_size=1,
        max_size=9,
    )
)
def test_every_cell_shows_its_count(rows: list[list[float]]) -> None:
    labels = np.array(rows, np.float32)

    found = cells(cooccurrence_figure(labels, NAMES))

    expected = cooccurrence(labels).ravel().tolist()
    assert [int(number) for _, number, _ in found] == expected


def test_a_cell_tells_its_pair_and_how_many_of_how_many() -> None:
    told = [words for words, _, _ in cells(cooccurrence_figure(LABELS, NAMES))]

    assert told[1] == "Mass and Nodule: 1 of 2 films with Mass"
    assert told[7] == "Hernia and Nodule: 1 of 1 films with Hernia"


def test_the_darker_the_larger_the_share_of_the_row() -> None:
    colours = [darkness(colour) for _, _, colour in cells(cooccurrence_figure(LABELS, NAMES))]

    none, half, all_of_them = colours[2], colours[1], colours[7]
    assert none == 0 < half < all_of_them
    assert colours[0] == colours[4] == colours[8] == all_of_them


def test_a_finding_on_no_film_is_a_row_of_empty_cells() -> None:
    found = cells(cooccurrence_figure(np.array([[1, 0], [1, np.nan]], np.float32), NAMES[:2]))

    assert [number for _, number, _ in found] == ["2", "0", "0", "0"]
    assert found[3][2] == "#ffffff"


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, section 1.4.3)."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_number_can_be_read_on_its_ground() -> None:
    labels = np.array([[1, row < shown] for shown in range(101) for row in range(100)], np.float32)
    for shown in range(0, 101, 5):  # so many of a hundred films show both
        figure = cooccurrence_figure(labels[100 * shown : 100 * shown + 100], NAMES[:2])
        colours = re.findall(r'fill="(#\w{6})"/>\s*<text [^>]*fill="(#\w{6})"', figure)
        assert len(colours) == 4
        for ground, ink in colours:
            low, high = sorted((luminance(ground), luminance(ink)))
            assert (high + 0.05) / (low + 0.05) >= 4.5


def test_the_same_labels_give_the_same_text_and_words_are_escaped() -> None:
    names = ("Mass & <node>", "Nodule", "Hernia")

    figure = cooccurrence_figure(LABELS, names)

    assert figure == cooccurrence_figure(LABELS.copy(), names)
    assert cells(figure)[0][0].startswith("Mass & <node> and Mass & <node>: 2 of 2")


def bare(findings: int, folder: Path) -> Manifest:
    label_set = LabelSet(tuple(Finding(name.lower(), name) for name in NAMES[:findings]))
    return Manifest(label_set, (), "drawn", folder, {}, "chest")


def test_one_finding_alone_leaves_no_table_of_another_preparation(tmp_path: Path) -> None:
    save_cooccurrence(tmp_path, bare(2, tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "co-occurrence.csv",
        "co-occurrence.svg",
    ]

    save_cooccurrence(tmp_path, bare(1, tmp_path))

    assert list(tmp_path.iterdir()) == []


def test_s0_18_the_whole_set_is_drawn_with_its_published_counts(
    shared_data: Path, tmp_path: Path
) -> None:
    manifest = chestxray14.index(shared_data / "nih-chestxray14-metadata")

    save_cooccurrence(tmp_path, replace(manifest, root=tmp_path))

    found = cells((tmp_path / "co-occurrence.svg").read_text())
    assert len(found) == 14 * 14
    told = "Pleural effusion and Infiltration: 4000 of 13317 films with Pleural effusion"
    assert told in [words for words, _, _ in found]
    assert (tmp_path / "co-occurrence.csv").read_text().splitlines()[14].endswith(",8,8,227")


@pytest.mark.parametrize("n_findings", [2, 3])
def test_the_picture_holds_every_cell_and_every_word(n_findings: int) -> None:
    figure = cooccurrence_figure(LABELS[:, :n_findings], NAMES[:n_findings])

    root = ElementTree.fromstring(figure)
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    frame = root.find(f"{SVG}g")
    assert frame is not None
    left, top = map(float, re.findall(r"[\d.]+", frame.attrib["transform"]))
    for square in root.iter(f"{SVG}rect"):
        x, y, w, h = (float(square.attrib[key]) for key in ("x", "y", "width", "height"))
        assert left + x + w <= width
        assert top + y + h <= height
