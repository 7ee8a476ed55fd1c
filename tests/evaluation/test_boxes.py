from pathlib import Path

import numpy as np
import pytest

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.boxes import GRID, Box, read_boxes

HEADER = "Image Index,Finding Label,Bbox [x,y,w,h],,,"


def written(folder: Path, *lines: str) -> Path:
    path = folder / "boxes.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return path


def test_the_broken_header_and_the_other_spelling_are_read(tmp_path: Path) -> None:
    boxes = read_boxes(written(tmp_path, "00000007_001.png,Infiltrate,512,256,128,64,,,", ""))
    assert boxes == (Box("00000007_001", "00000007", "infiltration", 0.5, 0.25, 0.125, 0.0625),)


def test_a_box_holds_every_cell_it_touches() -> None:
    cells = Box("a", "a", "mass", 8.2 / GRID, 4 / GRID, 1.6 / GRID, 2 / GRID).cells()
    rows, columns = np.nonzero(cells)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (4, 5, 8, 9)
    assert Box("a", "a", "mass", 0, 0, 1, 1).cells().all()


@pytest.mark.parametrize(
    "line",
    [
        "7.png,Mass,1,2,3",
        "7.png,Mass,1,2,3,x",
        "7.png,Mass,1,2,nan,4",
        "7.png,Mass,-1,2,3,4",
        "7.png,Mass,1000,2,30,4",
        "7.png,Mass,1,2,0,4",
        "7.png,Fracture,1,2,3,4",
    ],
)
def test_what_is_no_box_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    path = written(tmp_path, "7.png,Mass,1,2,3,4", line)
    with pytest.raises(EvaluationError, match=r"boxes\.csv: line 3: .*expected film, finding"):
        read_boxes(path)


def test_a_list_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no box in it"):
        read_boxes(written(tmp_path))
    with pytest.raises(EvaluationError, match="cannot be read as a list of boxes"):
        read_boxes(tmp_path / "nowhere.csv")


def test_the_public_list_is_whole(shared_data: Path) -> None:
    boxes = read_boxes(shared_data / "nih-chestxray14-metadata" / "BBox_List_2017.csv")
    assert len(boxes) == 984
    assert len({box.image for box in boxes}) == 880
    assert len({(box.image, box.finding) for box in boxes}) == 984
    assert len({box.finding for box in boxes}) == 8
