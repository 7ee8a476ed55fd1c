import pytest

from plainfilm.datasets.table_cells import Row, cell_problems, sample_of

GOOD = {"path": "./a//b.png", "patient": "anna", "age": "0.5", "view": "PA", "label:x": "1.0"}


def test_a_sound_row_has_no_problem_and_becomes_a_film() -> None:
    row = Row("t.csv", 2, GOOD)
    assert cell_problems(row, ["label:x"]) == []
    sample = sample_of(row, ["label:x"], own_part=False)
    assert (sample.image, sample.study, sample.age) == ("a/b.png", "film a/b.png", 0.5)
    assert (sample.sex, sample.split, sample.labels.tolist()) == (None, "train", [1.0])


@pytest.mark.parametrize("column", ["path", "patient", "age", "view", "label:x"])
def test_each_cell_is_looked_at_by_itself(column: str) -> None:
    spoiled = {"path": "/", "patient": "", "age": "-1", "view": "up", "label:x": "?"}
    one = Row("t.csv", 7, {**GOOD, column: spoiled[column]})
    (problem,) = cell_problems(one, ["label:x"])
    assert problem.startswith(f"t.csv: row 7, column {column}: ")
    assert len(cell_problems(Row("t.csv", 7, spoiled), ["label:x"])) == 5
