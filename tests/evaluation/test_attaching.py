"""Which bundle an evaluation may be written into, and what stays there of the one before."""

import pytest

from plainfilm.errors import BundleError
from plainfilm.evaluation.attaching import check_attachable, with_kept
from plainfilm.reading.shelf import bundled
from tiny_bundle import tiny_bundle

FILMS = {"data_set": "kermany", "split": "test", "split_sha256": "aa"}
GATE = {"rows": [1]}
PUBLISHED = {"n_films": 9}
BEFORE = {
    "bundle": {"network_sha256": "00"}, **FILMS, "n_films": 3, "gate": GATE, "published": PUBLISHED,
}  # fmt: skip
NEW = {"bundle": {"network_sha256": "00"}, **FILMS, "n_films": 4, "published": {}}


@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
def test_a_bundle_that_comes_with_plainfilm_is_not_written_into_by_its_name(path: object) -> None:
    name = path.stem  # type: ignore[attr-defined]
    with pytest.raises(BundleError, match=rf"{name}: comes with plainfilm.*Copy .*{name}\.bundle"):
        check_attachable(name, tiny_bundle(), overwrite=True)
    check_attachable(f"./copies/{name}.bundle", tiny_bundle(), overwrite=False)


def test_a_bundle_that_was_measured_is_written_into_only_when_asked() -> None:
    measured = tiny_bundle().with_evaluation({}, "")

    with pytest.raises(BundleError, match=r"tiny: holds an evaluation already.*--force"):
        check_attachable("tiny.bundle", measured, overwrite=False)
    check_attachable("tiny.bundle", measured, overwrite=True)


def test_what_was_not_measured_again_stays_where_the_network_is_the_same() -> None:
    assert with_kept(NEW, BEFORE) == {**NEW, "gate": GATE, "published": PUBLISHED}
    assert with_kept({**NEW, "published": {"n_films": 1}}, BEFORE)["published"] == {"n_films": 1}
    assert with_kept(NEW, None) == NEW


def test_an_audit_that_was_not_tried_here_is_not_taken_from_other_films() -> None:
    untried = {"places": "Not tried: too few films."}
    before = {**BEFORE, "places": {"n_films": 72}}
    kept = with_kept({**NEW, "not_tried": untried}, before)
    assert kept == {**NEW, "not_tried": untried, "gate": GATE, "published": PUBLISHED}


@pytest.mark.parametrize("key", list(FILMS))
def test_a_comparison_on_other_films_does_not_stay(key: str) -> None:
    assert with_kept({**NEW, key: "other"}, BEFORE) == {**NEW, key: "other", "gate": GATE}


@pytest.mark.parametrize("before", [{**BEFORE, "bundle": {"network_sha256": "11"}},
                                    {"gate": GATE}, {**BEFORE, "bundle": None}])  # fmt: skip
def test_nothing_stays_of_another_network(before: dict[str, object]) -> None:
    assert with_kept(NEW, before) == NEW
