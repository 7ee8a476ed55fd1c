import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from typing import Any

import numpy as np

from plainfilm.evaluation.figures import draw_figures


def test_each_figure_is_whole_svg_with_a_panel_per_finding(make_table: Any) -> None:
    figures = draw_figures(make_table())
    assert list(figures) == ["roc", "precision-recall", "reliability", "co-occurrence"]
    for svg in figures.values():
        ElementTree.fromstring(svg)
        assert "Pneumonia" in svg
        assert "Mass" in svg


def test_the_same_table_gives_the_same_bytes(make_table: Any) -> None:
    table = make_table(n=20, findings=("mass",), displays=("Mass",), thresholds=(0.5,))
    assert draw_figures(table) == draw_figures(table)


def test_a_finding_without_films_leaves_an_empty_panel(make_table: Any) -> None:
    table = make_table(n=10, refit_rule="half")
    table.labels[:, 0] = np.nan
    table.labels[:, 1] = 0
    assert "present</text>" not in draw_figures(table)["roc"]


def test_the_roc_panel_counts_the_present_films(make_table: Any) -> None:
    table = make_table(n=20)
    assert f"{int(table.labels[:, 1].sum())} of 20 present</text>" in draw_figures(table)["roc"]


def test_a_finding_alone_comes_together_with_nothing(make_table: Any) -> None:
    table = make_table(n=20, findings=("mass",), displays=("Mass",), thresholds=(0.5,))
    assert "co-occurrence" not in draw_figures(table)


def test_s0_18_the_matrix_counts_the_films_that_were_answered(make_table: Any) -> None:
    table = make_table(n=40)
    table = replace(table, refused=np.where(np.arange(40) < 10, "too dark", ""))
    told = draw_figures(table)["co-occurrence"]
    both = int(table.labels[10:].all(axis=1).sum())
    n_mass = int(table.labels[10:, 1].sum())
    assert f"<title>Mass and Pneumonia: {both} of {n_mass} films with Mass</title>" in told
