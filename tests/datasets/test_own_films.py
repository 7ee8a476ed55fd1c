import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.datasets.own_films import finding_of, path_fault
from plainfilm.findings import Finding


@pytest.mark.parametrize("words", ["Rib fracture", " rib  fracture_", "rib_fracture"])
def test_blanks_and_underscores_make_no_other_finding(words: str) -> None:
    assert finding_of(words) == Finding("rib_fracture", "Rib fracture")


def test_words_keep_their_capitals_for_the_reader() -> None:
    assert finding_of("COVID 19") == Finding("covid_19", "COVID 19")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("films/a.png", None),
        ("..a/b..png", None),
        ("", "empty"),
        ("a\\b.png", "a backslash"),
        ("a\n.png", "a control character"),
        ("/etc/a.png", "a path that leads out of the table's folder"),
        ("a/../../b.png", "a path that leads out of the table's folder"),
        ("C:a.png", "a path that leads out of the table's folder"),
    ],
)
def test_a_path_stays_below_its_folder(text: str, fault: str | None) -> None:
    assert path_fault(text) == fault


@given(st.lists(st.sampled_from(["a", "..", "", ".", "b c"]), min_size=1, max_size=6))
def test_no_path_without_fault_leaves_the_folder(parts: list[str]) -> None:
    text = "/".join(parts)
    if path_fault(text) is None:
        assert not text.startswith("/")
        assert ".." not in parts
