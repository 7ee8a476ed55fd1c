from dataclasses import replace
from typing import Any

from drawn_context import films, header
from plainfilm.evaluation import report_front as front
from plainfilm.evaluation.context import BY_LOOK, context_of
from plainfilm.evaluation.measure import measure


def measured(make_table: Any, **changes: Any) -> Any:
    table = make_table(n=80, **changes)
    context = context_of(header(teacher="one"), films())
    return measure(replace(table, about=replace(table.about, context=context)), 10)


def test_three_numbers_stand_on_top_each_with_its_interval(make_table: Any) -> None:
    numbers = measured(make_table)
    named = front.headline_numbers(numbers)
    assert [words for words, _, _ in named] == ["AUROC", "Average precision", "F1, macro"]
    text = front.summary_chapter(numbers)
    for _, _, value in named:
        low, high = value[1:]  # type: ignore[index]
        assert f"<b>{value[0]:.3f} [{low:.3f}, {high:.3f}]</b>" in text  # type: ignore[index]
    one = {**numbers, "findings": {"mass": numbers["findings"]["mass"]}}
    words = [words for words, _, _ in front.headline_numbers(one)]
    assert words == ["AUROC", "Sensitivity", "Specificity"]


def test_what_an_audit_found_is_not_pushed_out_of_the_summary(make_table: Any) -> None:
    usual = [f"Usual caution {number}." for number in range(front.MOST_LIMITS)]
    found = ["SHORTCUT, Mass: x.", "COLLAPSED, Mass: y.", "WARNING, Mass: z."]
    text = front.summary_chapter({**measured(make_table), "cautions": [*usual, *found]})
    places = [text.index(words) for words in (*found, *usual[:3])]
    assert places == sorted(places)
    assert usual[3] not in text


def test_the_bundle_s_own_words_stand_where_they_are_known(make_table: Any) -> None:
    numbers = measured(make_table)
    assert header().intended_use in front.use_chapter(numbers)
    assert "one" in front.network_chapter(numbers)
    for limit in header().limits:
        assert limit in front.limits_chapter(numbers)
    assert "<td>2</td>" in front.films_chapter(numbers)


def test_what_is_not_known_is_asked_of_a_person(make_table: Any) -> None:
    numbers = measure(make_table(n=80), 5)
    assert "To be answered by a person: intended use" in front.use_chapter(numbers)
    assert "To be answered by a person: which edition" in front.films_chapter(numbers)
    assert "was not counted" in front.reads_chapter(numbers)


def test_how_often_test_films_were_read_is_told(make_table: Any) -> None:
    once = front.reads_chapter(measured(make_table, test_reads=1))
    assert "these were read once, for this one" in once
    thrice = front.reads_chapter(measured(make_table, test_reads=3))
    assert "these were read 3 times, this one included" in thrice


def test_many_limits_are_counted_and_not_dropped(make_table: Any) -> None:
    numbers = {**measured(make_table), "cautions": [f"caution {i}" for i in range(9)]}
    n_all = 9 + len(header().limits)
    assert f"{n_all - 6} more: see Limits" in front.summary_chapter(numbers)
    assert front.limits_chapter(numbers).count("<li>") == n_all


def test_the_splits_say_whether_a_film_saved_again_would_be_noticed(make_table: Any) -> None:
    numbers = measured(make_table)
    assert "Not noticed: a film that was decoded and written again" in front.splits_chapter(numbers)
    training = {**numbers["context"]["training"], "films compared": BY_LOOK}
    known = {**numbers, "context": {**numbers["context"], "training": training}}
    text = front.splits_chapter(known)
    assert "so are films that look like them, saved again. Not noticed: other films" in text
