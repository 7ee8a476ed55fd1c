"""A report as one picture."""

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PIL import Image

from plainfilm.findings import Prediction
from plainfilm.radiograph import Radiograph
from plainfilm.reading.bundle import Bundle
from plainfilm.reports.as_png import png_report
from plainfilm.reports.content import Report
from plainfilm.reports.pictures import fitted, grey, overlaid, scale_bar


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


def coloured(content: bytes) -> int:
    return int((np.ptp(pixels(content), axis=2) > 40).sum())


def test_a_refused_film_has_no_heat(
    make_report: Callable[..., Report], refused: Prediction
) -> None:
    content = png_report(make_report(refused))
    assert pixels(content).shape[0] > 700
    foot = pixels(content)[-80:]  # where the legend of the heat would be
    assert np.ptp(foot, axis=2).max() <= 40


def test_each_film_stands_beside_its_heat(
    make_report: Callable[..., Report], answered: Prediction
) -> None:
    one = pixels(png_report(make_report(answered)))
    two = pixels(png_report(make_report(answered, answered)))
    assert one.shape[1] == two.shape[1]
    assert two.shape[0] > one.shape[0] + 600
    assert coloured(png_report(make_report(answered))) > 1000


def test_s0_70_film_and_overlay_side_by_side_with_title_and_colour_bar(
    make_report: Callable[..., Report], answered: Prediction, film: Radiograph, bundle: Bundle
) -> None:
    picture, result = pixels(png_report(make_report(answered))), answered.results[0]
    assert result.map is not None
    small = fitted(film.pixels, 600)
    painted = overlaid(small, result.map, bundle.header)
    assert painted.shape == (*small.shape, 3)

    row = place_of(np.repeat(grey(small)[..., None], 3, axis=2), picture, 12)
    assert place_of(painted, picture, 624) == row
    assert place_of(scale_bar(bundle.header, (14, 256)), picture, 12) > row + len(painted)
    renamed = replace(result, finding=replace(result.finding, display="Something else"))
    other = pixels(png_report(make_report(replace(answered, results=(renamed,)))))
    title = slice(row - 52, row)
    assert (other[title, 624:] != picture[title, 624:]).any()


def place_of(part: np.ndarray, picture: np.ndarray, left: int) -> int:
    """The row from which a part stands in the picture, at this column."""
    strip = picture[:, left : left + part.shape[1]]
    starts = range(len(picture) - len(part) + 1)
    (row,) = (start for start in starts if (strip[start : start + len(part)] == part).all())
    return row


def test_every_finding_above_its_threshold_gets_its_panel(
    make_report: Callable[..., Report], answered: Prediction
) -> None:
    all_above = replace(
        answered, results=tuple(replace(r, threshold=0.0) for r in answered.results)
    )
    one, four = (pixels(png_report(make_report(p))) for p in (answered, all_above))
    assert four.shape[0] > one.shape[0] + 600  # original and three maps: two rows


def test_heat_that_cannot_be_seen_gets_a_line_and_no_panel(
    make_report: Callable[..., Report], answered: Prediction
) -> None:
    cold = tuple(
        replace(r, threshold=0.0, map=np.zeros_like(r.map)) if at else r
        for at, r in enumerate(answered.results)
    )
    one, three = (
        pixels(png_report(make_report(replace(answered, results=results))))
        for results in (answered.results, cold)
    )
    assert one.shape[0] < three.shape[0] < one.shape[0] + 100  # two lines, no row of pictures


def test_files_that_could_not_be_read_are_told(
    make_report: Callable[..., Report], answered: Prediction
) -> None:
    quiet = replace(answered, cautions=())
    yellow = [
        (pixels(png_report(make_report(quiet, failures=failures))) == (255, 214, 102)).all(axis=2)
        for failures in ((), ("a.dcm: no such file.",), ("a.dcm: no such file.", "b.dcm: damaged"))
    ]
    none, one, two = (found.any(axis=1).sum() for found in yellow)
    assert none == 0
    assert two == 2 * one > 20


def test_a_bundle_without_maps_says_so_and_shows_the_film(
    make_report: Callable[..., Report], answered: Prediction, bundle: Bundle
) -> None:
    bare = replace(answered, results=(replace(answered.results[0], map=None),), cautions=())
    content = png_report(make_report(bare, header=replace(bundle.header, map=None)))
    assert coloured(content) == 0


def test_an_override_looks_louder_than_a_caution(
    make_report: Callable[..., Report], answered: Prediction
) -> None:
    shouted = replace(answered, cautions=("OUTSIDE POPULATION: " + "a long reason " * 30,))
    dark_red = (pixels(png_report(make_report(shouted))) == (92, 10, 10)).all(axis=2)
    assert dark_red.sum() > 20_000


def test_a_long_name_is_cut_and_not_drawn_over_the_edge(
    make_report: Callable[..., Report], answered: Prediction
) -> None:
    short = png_report(make_report(answered))
    long = png_report(make_report(replace(answered, name="x" * 400)))
    assert pixels(short).shape == pixels(long).shape
