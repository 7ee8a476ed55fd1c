import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawn_sets import draw_film
from plainfilm.datasets import cache
from plainfilm.datasets.cache import CacheContent, write_cache
from plainfilm.datasets.cache_record import CacheRecord
from plainfilm.datasets.film_sizes import film_sizes_figure, save_film_sizes
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import DatasetError

SVG = "{http://www.w3.org/2000/svg}"
CONTENT = CacheContent("0" * 64, 9, 32, "pad")
Sizes = dict[tuple[int, int], int]
SIDES = st.integers(1, 6000)


def cells(figure: str) -> list[tuple[list[int], str, float, float]]:
    """Each cell's ranges and number as told, its colour, and its place."""
    found = []
    for group in ElementTree.fromstring(figure).iterfind(f"{SVG}g/{SVG}g"):
        title, square, number = group
        told = [int(word) for word in re.findall(r"\d+", str(title.text))]
        assert str(number.text) == str(told[-1])
        found.append(
            (told, square.attrib["fill"], float(square.attrib["x"]), float(square.attrib["y"]))
        )
    return found


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@given(st.dictionaries(st.tuples(SIDES, SIDES), st.integers(1, 10**6), min_size=1, max_size=30))
def test_s2_18_each_film_is_in_the_one_cell_of_its_size(sizes: Sizes) -> None:
    found = [told for told, *_ in cells(film_sizes_figure(sizes))]

    for left, right, low, high, n in found:
        inside = [each for (w, h), each in sizes.items() if left <= w <= right and low <= h <= high]
        assert n == sum(inside) > 0
    assert sum(told[-1] for told in found) == sum(sizes.values())


@given(st.dictionaries(st.tuples(SIDES, SIDES), st.just(1), min_size=1, max_size=9))
def test_the_picture_holds_every_cell_and_no_axis_has_too_many(sizes: Sizes) -> None:
    figure = film_sizes_figure(sizes)

    root = ElementTree.fromstring(figure)
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    frame = root.find(f"{SVG}g")
    assert frame is not None
    left, top = map(float, re.findall(r"[\d.]+", frame.attrib["transform"]))
    for square in root.iter(f"{SVG}rect"):
        x, y = float(square.get("x", 0)), float(square.get("y", 0))
        assert 0 <= x <= left + x + float(square.attrib["width"]) <= width
        assert 0 <= y <= top + y + float(square.attrib["height"]) <= height
    assert 64 + 6 * 38 + 30 <= width <= 64 + 20 * 38 + 30


def test_more_films_are_darker_and_higher_films_stand_higher() -> None:
    low, high = cells(film_sizes_figure({(100, 100): 1000, (100, 130): 3}))

    assert low[0] == [100, 109, 100, 109, 1000]
    assert high[0] == [100, 109, 130, 139, 3]
    assert low[1] < high[1] < "#ffffff"
    assert low[2] == high[2]
    assert low[3] > high[3]


def test_films_of_one_size_are_told_in_a_sentence() -> None:
    figure = film_sizes_figure({(1024, 1024): 112_120})

    assert "112,120 films, each 1024 × 1024" in figure
    assert "5 films of 2 sizes" in film_sizes_figure({(8, 8): 3, (9, 9): 2})


def test_s2_18_the_table_counts_every_size_the_most_frequent_first(tmp_path: Path) -> None:
    sizes = {(9, 8): 2, (8, 9): 2, (7, 7): 5}
    CacheRecord(CONTENT, 9, sizes).write(tmp_path / "cache.json")

    save_film_sizes(tmp_path)

    table = (tmp_path / "film-sizes.csv").read_text()
    assert table == "width,height,films\n7,7,5\n8,9,2\n9,8,2\n"
    assert (tmp_path / "film-sizes.svg").read_text() == film_sizes_figure(sizes)


def test_s2_18_films_are_counted_once_when_the_cache_goes_on(
    make_manifest: Callable[..., Manifest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_BLOCK", 2)
    manifest, out = make_manifest(["train"] * 7), tmp_path / "out"
    out.mkdir()
    for row, size in ((1, (30, 20)), (6, (30, 20))):
        draw_film(manifest.root / manifest.samples[row].image, seed=row, size=size)
    (manifest.root / manifest.samples[5].image).write_text("no picture")
    content = CacheContent.of(manifest, 16, "squash")
    with pytest.raises(DatasetError, match=r"5\.png"):
        write_cache(manifest, out, content)
    draw_film(manifest.root / manifest.samples[5].image, seed=5)

    write_cache(manifest, out, content)
    save_film_sizes(out)

    assert (out / "film-sizes.csv").read_text() == "width,height,films\n48,40,5\n20,30,2\n"


def test_a_cache_from_before_sizes_were_counted_leaves_no_other_one_s_figure(
    tmp_path: Path,
) -> None:
    whole = CacheRecord(CONTENT, 9, {(8, 8): 9})
    whole.write(tmp_path / "cache.json")
    save_film_sizes(tmp_path)
    assert names(tmp_path) == ["cache.json", "film-sizes.csv", "film-sizes.svg"]

    replace(whole, sizes=None).write(tmp_path / "cache.json")
    save_film_sizes(tmp_path)

    assert names(tmp_path) == ["cache.json"]
