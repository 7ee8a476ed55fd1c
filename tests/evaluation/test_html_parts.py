from plainfilm.evaluation.html_parts import (
    interval,
    items,
    number,
    p_value,
    page,
    record,
    row,
    row_of_words,
    section,
    table,
)


def test_what_comes_in_is_escaped() -> None:
    assert "<b>" not in table(["<b>"], [row(["<b>"])]) + section("<b>", "<b>")
    assert row(["1 < 2"], few=True) == "<tr class='few'><td>1 &lt; 2</td></tr>"


def test_words_fill_a_row_and_are_escaped() -> None:
    found = row_of_words(["<b>"], "1 < 2", 3)
    cell = "<td class='words' colspan='3'>1 &lt; 2</td>"
    assert found == f"<tr class='few'><td>&lt;b&gt;</td>{cell}</tr>"


def test_numbers_have_three_decimals_and_what_is_not_there_is_a_dash() -> None:
    assert interval([0.12345, 0.1, None]) == "0.123 [0.100, –]"
    assert interval([None, None, None]) == interval(None) == interval([]) == "–"
    assert number({"n": 2 / 3}, "n") == "0.667"
    assert number({}, "n") == number({"n": None}, "n") == "–"


def test_a_p_is_never_nought() -> None:
    assert [p_value(p) for p in (0.0004, 0.001, 1.0, None)] == ["< 0.001", "0.001", "1.000", "–"]


def test_a_page_stands_alone_and_is_as_wide_as_its_window() -> None:
    found = page("<b>", "<p>said</p>")
    assert "<title>&lt;b&gt;</title>" in found
    assert "name='viewport' content='width=device-width" in found
    assert "overflow-wrap" in found
    assert found.endswith("<body><p>said</p></body></html>\n")


def test_another_kind_of_value_is_taken_as_an_empty_one() -> None:
    assert record([1]) == {}
    assert items({"a": 1}) == []
    assert (record({"a": 1}), items([1])) == ({"a": 1}, [1])
