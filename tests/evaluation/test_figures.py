import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from plainfilm.evaluation.figures import draw_figures
from plainfilm.evaluation.metrics import auroc, average_precision
from plainfilm.evaluation.reliability import N_BINS, equal_width_bins, reliability

SVG = "{http://www.w3.org/2000/svg}"
Line = NDArray[np.float64]


def points(path: ElementTree.Element) -> Line:
    """The corners of a path of straight lines, (n, 2), in the picture's coordinates."""
    numbers = [word for word in path.attrib["d"].split() if word not in ("M", "L", "z")]
    return np.array(numbers, float).reshape(-1, 2)


def panels(svg: str) -> list[list[Line]]:
    """The lines of each panel, in the order drawn, in the panel's own units from 0 to 1."""
    found = []
    for axes in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        ground = axes.find(f"{SVG}g/{SVG}path")
        if axes.attrib.get("id", "").startswith("axes_") and ground is not None:
            low, high = points(ground).min(axis=0), points(ground).max(axis=0)
            lines = [
                points(path)
                for group in axes.findall(f"{SVG}g")
                if group.attrib["id"].startswith("line2d_")
                for path in group.findall(f"{SVG}path")
            ]
            unit = [(line - low) / (high - low) for line in lines]
            found.append([np.stack([line[:, 0], 1 - line[:, 1]], axis=1) for line in unit])
    return found


def svgs(table: Any) -> dict[str, str]:
    return {name: picture.svg for name, picture in draw_figures(table).items()}


def area(line: Line) -> float:
    across, up = line.T
    return float((np.diff(across) * (up[1:] + up[:-1]) / 2).sum())


def test_the_roc_curve_rises_from_corner_to_corner_over_its_auroc(make_table: Any) -> None:
    """S0-56: axes from 0 to 1, and the line of chance."""
    table = make_table(n=60)
    table.labels[:7, 1] = np.nan
    for column, (chance, curve) in enumerate(panels(svgs(table)["roc"])):
        np.testing.assert_allclose(chance, [[0, 0], [1, 1]], atol=1e-4)
        np.testing.assert_allclose(curve[[0, -1]], [[0, 0], [1, 1]], atol=1e-4)
        assert (np.diff(curve, axis=0) >= -1e-4).all()
        expected = auroc(table.scores[:, column], table.labels[:, column])
        assert area(curve) == pytest.approx(expected, abs=1e-3)


def test_the_steps_of_precision_lie_over_the_average_precision(make_table: Any) -> None:
    """S0-56: above the line of the finding's share."""
    table = make_table(n=60)
    for column, (prevalence, curve) in enumerate(panels(svgs(table)["precision-recall"])):
        share = table.labels[:, column].mean()
        np.testing.assert_allclose(prevalence[:, 1], share, atol=1e-4)
        expected = average_precision(table.scores[:, column], table.labels[:, column])
        assert area(curve) == pytest.approx(expected, abs=1e-3)
        assert curve[-1] == pytest.approx([1, share], abs=1e-4)


def test_the_points_of_reliability_are_its_filled_bins(make_table: Any) -> None:
    table = make_table(n=60)
    svg = svgs(table)["reliability"]
    for column, (perfect, curve) in enumerate(panels(svg)):
        probability, labels = table.probabilities[:, column], table.labels[:, column]
        rows = reliability(probability, labels, equal_width_bins(probability), N_BINS)
        filled = rows.n_films > 0
        expected = np.stack([rows.mean_probability, rows.share_present], axis=1)[filled]
        np.testing.assert_allclose(perfect, [[0, 0], [1, 1]], atol=1e-4)
        np.testing.assert_allclose(curve, expected, atol=1e-3)
        for n in rows.n_films[filled]:
            assert f">{n}</text>" in svg


def test_a_refitted_bundle_is_drawn_by_its_refitted_probabilities(make_table: Any) -> None:
    table = make_table(n=200, refit_rule="half")
    sure = replace(table, probabilities=np.ones_like(table.probabilities))
    drawn = svgs(sure)["reliability"]
    assert drawn == svgs(table)["reliability"]
    for _, curve in panels(drawn):
        assert len(curve) > 3


def test_refused_films_are_not_drawn(make_table: Any) -> None:
    table = make_table(n=60)
    refused = np.where(np.arange(60) < 20, "too dark", "")
    unanswered = np.where((refused != "")[:, None], np.nan, table.scores)
    drawn = svgs(replace(table, refused=refused, scores=unanswered))
    assert f"{int(table.labels[20:, 1].sum())} of 40 present</text>" in drawn["roc"]


def test_every_finding_has_its_panel_in_rows_of_four(make_table: Any) -> None:
    names = tuple("abcde")
    table = make_table(n=20, findings=names, displays=names, thresholds=(0.5,) * 5)
    roc = svgs(table)["roc"]
    size = ElementTree.fromstring(roc).attrib
    assert float(size["width"][:-2]) / float(size["height"][:-2]) == pytest.approx(4 / 2)
    assert len(panels(roc)) == 5


@pytest.mark.parametrize(
    ("module", "package"), [("figures", "matplotlib"), ("table", "pyarrow"), ("figures", "pyarrow")]
)
def test_a_missing_package_is_told_with_its_cure(module: str, package: str) -> None:
    code = f"import sys; sys.modules[{package!r}] = None; import plainfilm.evaluation.{module}"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert found.stderr.splitlines()[-1].endswith(
        f"MissingExtra: {package} is not installed, and this needs it. "
        "Run: pip install 'plainfilm[train]'"
    )


def test_each_figure_is_whole_svg_with_a_panel_per_finding(make_table: Any) -> None:
    figures = svgs(make_table())
    of_all = ["roc-all", "precision-recall-all", "co-occurrence"]
    assert list(figures) == ["roc", "precision-recall", "reliability", *of_all]
    for svg in figures.values():
        ElementTree.fromstring(svg)
        assert "Pneumonia" in svg
        assert "Mass" in svg


def test_the_same_table_gives_the_same_bytes(make_table: Any) -> None:
    table = make_table(n=20, findings=("mass",), displays=("Mass",), thresholds=(0.5,))
    assert svgs(table) == svgs(table)


def test_a_finding_without_films_leaves_an_empty_panel(make_table: Any) -> None:
    table = make_table(n=10, refit_rule="half")
    table.labels[:, 0] = np.nan
    table.labels[:, 1] = 0
    assert "present</text>" not in svgs(table)["roc"]


def test_the_roc_panel_counts_the_present_films(make_table: Any) -> None:
    table = make_table(n=20)
    assert f"{int(table.labels[:, 1].sum())} of 20 present</text>" in svgs(table)["roc"]


def test_a_finding_alone_comes_together_with_nothing(make_table: Any) -> None:
    table = make_table(n=20, findings=("mass",), displays=("Mass",), thresholds=(0.5,))
    assert "co-occurrence" not in svgs(table)


def test_s0_18_the_matrix_counts_the_films_that_were_answered(make_table: Any) -> None:
    table = make_table(n=40)
    table = replace(table, refused=np.where(np.arange(40) < 10, "too dark", ""))
    told = svgs(table)["co-occurrence"]
    both = int(table.labels[10:].all(axis=1).sum())
    n_mass = int(table.labels[10:, 1].sum())
    assert f"<title>Mass and Pneumonia: {both} of {n_mass} films with Mass</title>" in told
