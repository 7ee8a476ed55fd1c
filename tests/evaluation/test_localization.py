from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plainfilm.evaluation.bootstrap import draw_patients
from plainfilm.evaluation.boxes import GRID, Box, read_boxes
from plainfilm.evaluation.localization import (
    BoxRow,
    Score,
    UsualPlaces,
    centre_hit,
    localization_numbers,
    mean_interval,
    score_map,
)

# Image-blind floors of the public list: pointing of the usual place and of the centre, then the
# share of boxes with IoU of at least .1, .3, .5 of the usual place; to three decimals.
FLOORS = {
    "atelectasis": (0.050, 0.072, 0.461, 0.106, 0.011),
    "cardiomegaly": (0.986, 0.973, 1.000, 0.993, 0.856),
    "effusion": (0.373, 0.026, 0.686, 0.183, 0.000),
    "infiltration": (0.472, 0.244, 0.821, 0.268, 0.000),
    "mass": (0.306, 0.106, 0.424, 0.071, 0.000),
    "nodule": (0.000, 0.000, 0.063, 0.000, 0.000),
    "pneumonia": (0.500, 0.142, 0.892, 0.250, 0.008),
    "pneumothorax": (0.316, 0.010, 0.571, 0.133, 0.000),
}


def box(left: int, top: int, width: int, height: int, patient: str = "a") -> Box:
    return Box(patient, patient, "mass", left / GRID, top / GRID, width / GRID, height / GRID)


def heat_in(left: int, top: int, width: int, height: int) -> Any:
    heat = np.full((GRID, GRID), -1, np.float32)
    heat[top : top + height, left : left + width] = 1
    return heat


def test_a_map_that_is_the_box_scores_one_everywhere() -> None:
    assert score_map(heat_in(10, 20, 30, 5), box(10, 20, 30, 5).cells()) == Score(1, 1, 1, 1)


def test_a_map_elsewhere_or_without_heat_scores_nothing() -> None:
    cells = box(10, 20, 30, 5).cells()
    assert score_map(heat_in(60, 60, 9, 9), cells) == Score(0, 0, 0, 0)
    for level in (0.0, -2.0):
        assert score_map(np.full((GRID, GRID), level, np.float32), cells) == Score(0, 0, 0, 0)


def test_each_measure_is_its_definition() -> None:
    """A large region, half in the box, and a hotter part of it beside a separate warm one."""
    heat = heat_in(0, 0, 20, 10)
    heat[0:10, 0:2] = 1.5
    heat[100:110, 100:110] = 0.8  # at least half the maximum, but another part
    found = score_map(heat, box(0, 0, 10, 10).cells())
    assert found.pointing == 1
    assert found.energy == pytest.approx((100 + 10) / (200 + 10 + 80), abs=1e-6)
    assert found.iou == pytest.approx(100 / (200 + 100))
    assert found.iobb == pytest.approx(100 / 200)


def test_the_usual_place_leaves_the_patient_out() -> None:
    places = UsualPlaces([box(0, 0, 4, 4), box(0, 0, 4, 4), box(8, 8, 2, 2, "b")])
    others = places.without("mass", "a")
    assert others is not None
    assert np.array_equal(others > 0, box(8, 8, 2, 2).cells())
    assert places.without("nodule", "a") is None
    assert UsualPlaces([box(0, 0, 4, 4)]).without("mass", "a") is None


def rows_of(map_hits: list[float], usual_hits: list[float]) -> list[BoxRow]:
    return [
        BoxRow(f"f{i}", f"p{i}", "mass", True, Score(m, m, m, m), Score(u, u, u, u), 0.0)
        for i, (m, u) in enumerate(zip(map_hits, usual_hits, strict=True))
    ]


@pytest.mark.parametrize(
    ("map_hits", "usual_hits", "words"),
    [
        ([1.0] * 30, [0.0, 1.0] * 15, "more often"),
        ([0.0] * 30, [0.0, 1.0] * 15, "LESS often"),
        ([0.0, 1.0] * 15, [0.0, 1.0] * 15, "not told apart"),
        ([1.0] * 9, [0.0] * 9, "too few"),
    ],
)
def test_above_or_below_the_floor_is_said_in_words(
    map_hits: list[float], usual_hits: list[float], words: str
) -> None:
    rows = rows_of(map_hits, usual_hits)
    numbers: Any = localization_numbers(rows, {"nodule": "Nodule", "mass": "Mass"}, 200, 0)
    assert list(numbers["findings"]) == ["mass"]
    found = numbers["findings"]["mass"]
    assert words in found["words"]
    assert found["map"]["pointing"].value == pytest.approx(np.mean(map_hits))
    assert found["map"]["iou_at"]["0.7"].value == pytest.approx(np.mean(map_hits))
    assert found["too_few"] == (len(rows) < 10)


def test_without_boxes_no_numbers() -> None:
    assert localization_numbers([], {"mass": "Mass"}, 10, 0) == {}


def test_a_mean_leaves_out_what_is_not_known() -> None:
    draws = draw_patients(np.array(["a", "b", "c", "c"]), 500, 0)
    found = mean_interval(np.array([0.0, 1.0, np.nan, np.nan]), draws)
    assert (found.value, found.low, found.high) == (0.5, 0.0, 1.0)
    assert np.isnan(mean_interval(np.full(4, np.nan), draws).value)


def test_the_floors_of_the_public_list_come_out_to_three_decimals(shared_data: Path) -> None:
    boxes = read_boxes(shared_data / "nih-chestxray14-metadata" / "BBox_List_2017.csv")
    places, cells = UsualPlaces(boxes), [each.cells() for each in boxes]
    pointing, centre = [], []
    for name, expected in FLOORS.items():
        chosen = [i for i, each in enumerate(boxes) if each.finding == name]
        blind = [places.without(name, boxes[i].patient) for i in chosen]
        scores = [
            score_map(m, cells[i]) for i, m in zip(chosen, blind, strict=True) if m is not None
        ]
        ious = np.array([score.iou for score in scores])
        hits, middle = [s.pointing for s in scores], [centre_hit(cells[i]) for i in chosen]
        found = (np.mean(hits), np.mean(middle), *((ious >= t).mean() for t in (0.1, 0.3, 0.5)))
        assert found == pytest.approx(expected, abs=5e-4), name
        pointing, centre = [*pointing, *hits], [*centre, *middle]
    assert np.mean(pointing) == pytest.approx(0.391, abs=5e-4)
    assert np.mean(centre) == pytest.approx(0.220, abs=5e-4)
