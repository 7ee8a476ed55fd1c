import re
from dataclasses import replace
from typing import Any

import numpy as np

from plainfilm.evaluation.context import Context, SplitFacts
from plainfilm.evaluation.measure import measure
from plainfilm.evaluation.report_flow import flow_diagram


def boxes(evaluation: Any) -> list[str]:
    found = re.findall(r"<div class='box(?: out)?'>(.*?)</div>", flow_diagram(evaluation))
    return [text.replace("<br>", " ") for text in found]


def facts(n_films: int, n_patients: int) -> SplitFacts:
    return SplitFacts(n_films, n_patients, {}, {}, 0, None, {}, {})


def test_films_that_come_are_those_that_go_and_those_that_stay(make_table: Any) -> None:
    table = make_table(n=100)
    table.labels[:7, 1] = np.nan
    refused = np.where(np.arange(100) >= 96, "small", "")
    splits = {"train": facts(300, 200), "test": facts(100, 50)}
    context = Context(
        "", "", (), "", {}, {}, "", "", (), splits, n_unsplit=5, dropped={"<broken>": 11}
    )
    table = replace(table, refused=refused, about=replace(table.about, context=context))
    assert boxes(measure(table, 5)) == [
        "phantoms: 416 films or files", "Left out: 11 × &lt;broken&gt;",
        "405 films, 2 splits",
        "Not in this split: train: 300 films of 200 patients 5 × films in no split",
        "test: 100 films of 50 patients", "Refused by the bundle: 4 × small",
        "96 films measured", "Label not known: 7 × Mass",
    ]  # fmt: skip


def test_without_the_data_set_s_record_the_flow_begins_at_the_split(make_table: Any) -> None:
    assert boxes(measure(make_table(n=40), 5)) == [
        "test: 40 films of 20 patients", "Refused by the bundle: none",
        "40 films measured", "Label not known: none",
    ]  # fmt: skip
