from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from drawn_tables import draw_table
from plainfilm.evaluation.untried import untried

FOUND = {"x": 1}
WHOLE: dict[str, Any] = {
    **dict.fromkeys(("facts_alone", "audits", "places", "tones", "degradation"), FOUND),
    "familiarity": {"share_below": [0.1, 0.0, 0.2]},
    "explanations": {"boxes": FOUND},
}


def test_an_evaluation_that_holds_all_audits_lacks_none() -> None:
    assert untried(draw_table(), WHOLE) == {}


def test_too_few_films_of_a_kind_are_told_with_their_counts() -> None:
    table = draw_table(n=30, findings=("mass",), displays=("Mass",), thresholds=(0.5,))
    table.labels[:, 0] = np.arange(30) < 7
    assert untried(table, {**WHOLE, "places": {}}) == {
        "places": (
            '"Does one place decide?" was not tried: of the 30 films that were drawn for it no '
            "finding is present on 10 and absent on 10; Mass comes nearest, with 7 and 23."
        )
    }


@pytest.mark.parametrize(
    ("lacking", "words"),
    [
        ({"explanations": {}}, "the bundle gives no maps"),
        ({"explanations": {"boxes": {}}}, "no list of boxes was given (--boxes)"),
        (
            {"explanations": {"n_boxes_elsewhere": 5, "n_boxes_refused": 2}},
            "of the boxes in the list 5 are on films, or of findings, that were not measured, and "
            "2 on refused films",
        ),
        ({"places": {}}, "these films were read before there was such an audit"),
        ({"tones": {}}, "these films were read before there was such an audit"),
        ({"degradation": {}}, "these films were read before there was such an audit"),
        ({"facts_alone": {}}, "these films were read before there was such an audit"),
    ],
)
def test_each_audit_that_is_missing_says_why(lacking: dict[str, Any], words: str) -> None:
    (sentence,) = untried(draw_table(), WHOLE | lacking).values()
    assert f" was not tried: {words}" in sentence


def test_a_bundle_that_measures_no_familiarity_says_so() -> None:
    unmeasured = {**WHOLE, "familiarity": {"share_below": None}}
    (sentence,) = untried(draw_table(caution_below=None), unmeasured).values()
    assert sentence.endswith("was not tried: the bundle measures no familiarity.")


@pytest.mark.parametrize(
    ("network", "refused", "words"),
    [("", "", "and this is a baseline."), ("0" * 64, "a hand", "no film was answered.")],
)
def test_what_holds_for_every_audit_is_said_of_each(network: str, refused: str, words: str) -> None:
    table = draw_table(network_sha256=network)
    told = untried(replace(table, refused=np.array([refused] * len(table))), {})
    assert set(told) == set(WHOLE)
    assert all(sentence.endswith(words) for sentence in told.values())
