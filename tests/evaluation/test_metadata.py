import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drawn_tables import draw_table
from plainfilm.datasets.files import read_table
from plainfilm.evaluation.bootstrap import draw_patients
from plainfilm.evaluation.metadata import metadata_floors
from plainfilm.evaluation.metrics import auroc

FOLDER = "nih-chestxray14-metadata"
FLOORS = {  # of the official test films
    ("edema", "view"): ("AP", 0.681), ("consolidation", "view"): ("AP", 0.618),
    ("infiltration", "view"): ("AP", 0.605), ("hernia", "view"): ("PA", 0.697),
    ("fibrosis", "view"): ("PA", 0.645), ("hernia", "age"): ("older", 0.793),
}  # fmt: skip


def test_a_fact_that_goes_with_a_finding_is_its_floor(make_table: Any) -> None:
    table = make_table(n=200)
    view = np.where(table.labels[:, 1] == 1, "PA", "AP")
    view[:3] = ""
    table = replace(table, details={**table.details, "view": view})
    floors: Any = metadata_floors(table, draw_patients(table.patient, 20, 0))
    row = floors["mass"]["view"]
    assert (row["more"], row["n_films"], row["auroc"].value) == ("PA", 197, 1.0)
    expected = auroc((view[3:] == "AP").astype(float), table.labels[3:, 0])
    assert floors["pneumonia"]["view"]["auroc"].value == max(expected, 1 - expected)


def test_a_fact_nobody_knows_or_all_share_has_no_floor(make_table: Any) -> None:
    table = make_table(n=20)  # one age, and views and sexes that are none
    floors = metadata_floors(table, draw_patients(table.patient, 3, 0))
    assert floors == {"pneumonia": {}, "mass": {}}


def test_floors_of_the_official_test_films_to_three_decimals(shared_data: Path) -> None:
    header, rows = read_table(shared_data / FOLDER / "Data_Entry_2017_v2020.csv.gz")
    with gzip.open(shared_data / FOLDER / "test_list.txt.gz", "rt") as stream:
        test = set(stream.read().split())
    rows = [row for row in rows if row[header.index("Image Index")] in test]
    names = ("edema", "consolidation", "infiltration", "hernia", "fibrosis")
    blank = draw_table(len(rows), findings=names, displays=names, thresholds=(0.5,) * 5)

    def column(name: str) -> list[str]:
        return [row[header.index(name)] for row in rows]

    shown = [words.lower().split("|") for words in column("Finding Labels")]
    table = replace(
        blank,
        labels=np.array([[float(name in words) for name in names] for words in shown]),
        details={
            **blank.details,
            "view": np.array(column("View Position")),
            "sex": np.array(column("Patient Gender")),
        },
        age=np.array(column("Patient Age"), float),
    )
    floors: Any = metadata_floors(table, draw_patients(np.array(column("Patient ID")), 2, 0))
    for (finding, fact), (more, floor) in FLOORS.items():
        row = floors[finding][fact]
        assert (row["more"], round(row["auroc"].value, 3)) == (more, floor)
    assert len(rows) == 25_596
    assert row["auroc"].value == pytest.approx(0.793, abs=5e-4)
