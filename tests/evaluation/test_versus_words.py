from typing import Any

import numpy as np

from plainfilm.evaluation.versus import compare_tables
from plainfilm.evaluation.versus_words import comparison_text


def test_the_text_tells_split_rank_and_p(make_table: Any) -> None:
    table = make_table(n=60)
    table.labels[:, 1] = np.arange(60) < 4
    text = comparison_text(compare_tables([table, table], draws=5))
    assert "phantoms, 60 test films of 30 patients, all on split 111111111111." in text
    assert "| pneumonia |" in text
    assert "| 4 (too few: no claim) |" in text
    assert "0.000 [0.000, 0.000] | 1.000 | 1.000 |" in text


def test_a_caution_stands_before_the_numbers(make_table: Any) -> None:
    table = make_table(n=20)
    numbers = {**compare_tables([table, table], draws=5), "cautions": ["b: cut off"]}
    lines = comparison_text(numbers).splitlines()
    assert lines.index("Caution: b: cut off.") < lines.index("| bundle | findings | mean AUROC |")


def test_what_cannot_be_computed_is_a_dash(make_table: Any) -> None:
    table = make_table(n=20)
    table.labels[:, 1] = 0
    text = comparison_text(compare_tables([table, table], draws=5))
    assert "| mass | 0 (too few: no claim) | - | - | - | - | - |" in text
