from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bare_manifests import NAMES, bare_manifest
from plainfilm.datasets.cooccurrence import cooccurrence
from plainfilm.datasets.selection import EVERYTHING, Selection, one_finding, with_normal
from plainfilm.errors import DatasetError
from plainfilm.findings import LabelSet

label = st.sampled_from([0.0, 1.0, np.nan])
label_rows = st.lists(st.tuples(label, label, label), min_size=1, max_size=12)
SEVERAL = bare_manifest(
    [(1, 0, 0), (0, 1, 1), (0, 1, np.nan), (1, 1, 0)], splits=["train", "train", "val", "test"]
)


@given(label_rows, st.integers(0, 2))
def test_one_finding_keeps_every_film_and_its_own_column(
    rows: list[tuple[float, ...]], place: int
) -> None:
    manifest = bare_manifest(rows)

    one = one_finding(manifest, NAMES[place])

    assert one.label_set.findings == (manifest.label_set.findings[place],)
    assert [s.image for s in one.samples] == [s.image for s in manifest.samples]
    np.testing.assert_array_equal(one.labels[:, 0], manifest.labels[:, place])


@given(label_rows)
def test_the_findings_one_by_one_are_the_diagonal_of_them_all(
    rows: list[tuple[float, ...]],
) -> None:
    manifest = bare_manifest(rows)

    alone = [int((one_finding(manifest, name).labels == 1).sum()) for name in NAMES]

    assert alone == np.diag(cooccurrence(manifest.labels)).tolist()


@pytest.mark.parametrize("said", ["Pleural Thickening", "pleural-thickening", "PLEURAL_THICKENING"])
def test_a_finding_is_known_by_any_spelling_of_its_name(said: str) -> None:
    assert one_finding(SEVERAL, said).label_set.names == ("pleural_thickening",)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("hernai", r"did you mean 'hernia'\? Known: mass, pleural_thickening, hernia"),
        ("cough", r"drawn: no finding 'cough'\. Known: mass"),
    ],
)
def test_a_finding_that_is_none_is_told_with_those_that_are(said: str, answer: str) -> None:
    with pytest.raises(DatasetError, match=answer):
        one_finding(SEVERAL, said)


@given(label_rows)
def test_s0_85_a_film_without_any_finding_has_that_as_a_class(
    rows: list[tuple[float, ...]],
) -> None:
    """S0-85: known where one finding is present, or all are known to be absent."""
    manifest = bare_manifest(rows)

    more = with_normal(manifest)

    assert more.label_set.names == (*NAMES, "no_finding")
    np.testing.assert_array_equal(more.labels[:, :-1], manifest.labels)
    for label, row in zip(more.labels[:, -1], rows, strict=True):
        if 1 in row:
            assert label == 0
        elif all(value == 0 for value in row):
            assert label == 1
        else:
            assert np.isnan(label)


def test_no_finding_can_be_the_one_finding() -> None:
    """Normal against all else, which is `--only` after `--with-normal`."""
    chosen = Selection("no finding", with_normal=True).of(SEVERAL)

    assert chosen.label_set.names == ("no_finding",)
    np.testing.assert_array_equal(chosen.labels[:, 0], [0, 0, 0, 0])


def test_no_finding_is_not_added_twice_nor_to_classes_of_which_one_holds() -> None:
    choice = replace(SEVERAL, label_set=LabelSet(SEVERAL.label_set.findings, exclusive=True))

    with pytest.raises(DatasetError, match="drawn: that a film has no finding is a label already"):
        with_normal(with_normal(SEVERAL))
    with pytest.raises(DatasetError, match="is one of its own classes; leave it so"):
        with_normal(choice)


def test_by_default_everything_stays_as_it_comes() -> None:
    assert EVERYTHING.of(SEVERAL, seed=7) is SEVERAL


def test_part_finding_shares_and_fold_go_together() -> None:
    rows, patients = [(1, 0, 0), (0, 0, 1)] * 30, [f"p{row // 2}" for row in range(60)]
    films = bare_manifest(rows, patients)
    hands = [replace(sample, body_part="hand") for sample in films.samples[:40]]
    films = replace(films, samples=(*hands, *films.samples[40:]))

    chosen = Selection("hernia", "hand", (60, 20, 20), (1, 4)).of(films)

    assert (len(chosen), chosen.label_set.names, chosen.body_part) == (40, ("hernia",), "hand")
    assert {name: len(chosen.patients(name)) for name in chosen.split_names} == {
        "train": 12,
        "val": 4,  # a quarter of the sixteen patients outside test
        "test": 4,
    }
