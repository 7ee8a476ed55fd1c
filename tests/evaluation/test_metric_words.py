from html import unescape

import numpy as np

from plainfilm.evaluation.metric_words import METRIC_WORDS, glossary, term
from plainfilm.evaluation.reliability import equal_width_bins
from plainfilm.evaluation.report_findings import RATES


def test_s1_03_every_metric_of_the_report_is_explained_where_its_name_stands() -> None:
    names = [words for _, words in RATES] + [
        f"F1, {kind}" for kind in ("micro", "macro", "weighted", "samples")
    ]
    for name in names:
        assert f'title="{METRIC_WORDS[name]}"' in unescape(term(name)), name
        assert METRIC_WORDS[name] in unescape(glossary())


def test_s1_03_macro_is_told_apart_from_weighted() -> None:
    assert "Not the same as weighted" in METRIC_WORDS["F1, macro"]
    assert "Not the same as macro" in METRIC_WORDS["F1, weighted"]


def test_other_words_come_out_escaped() -> None:
    assert term("<b>") == "&lt;b&gt;"


def test_the_bins_that_are_told_are_those_that_are_used() -> None:
    probability = np.linspace(0, 1, 5000)
    n_bins = len(np.unique(equal_width_bins(probability)))
    assert f"over {n_bins} bins of equal width" in METRIC_WORDS["ECE"]
    assert f"over {n_bins} bins with equally many" in METRIC_WORDS["ECE, equal mass"]
