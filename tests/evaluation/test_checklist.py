from plainfilm.evaluation.checklist import Item, checklist

PLACES = {"Films": "films"}


def test_an_item_points_at_its_chapter_only_where_the_evaluation_answers_it() -> None:
    item = Item("7", "sources", "Films", "context.splits")
    answered = checklist([item], {"context": {"splits": {"test": 1}}}, PLACES)
    assert "<a href='#films'>Films</a>" in answered
    assert "To be answered" not in answered
    assert "1 of 1 items" in answered
    for evaluation in ({}, {"context": {}}, {"context": 3}):
        left = checklist([item], evaluation, PLACES)
        assert "<a " not in left
        assert "To be answered by a person: sources." in left
        assert "0 of 1 items" in left


def test_an_item_whose_chapter_is_not_in_the_report_is_open() -> None:
    assert "person: sources" in checklist([Item("7", "sources", "Audits")], {}, PLACES)


def test_what_a_person_must_add_is_asked_beside_the_answer() -> None:
    text = checklist([Item("7", "sources", "Films", also="the <dates>")], {}, PLACES)
    assert "Films</a>. <span class='open'>To be answered by a person: the &lt;dates&gt;." in text
