from plainfilm.evaluation.bootstrap import Interval
from plainfilm.evaluation.explanation_words import map_words


def words(**numbers: object) -> str:
    return " ".join(map_words(numbers))


def test_a_map_that_does_not_notice_a_random_layer_is_named() -> None:
    assert "IT DOES NOT SHOW" in words(random_head=Interval(0.9, 0.8, 1.0))
    assert "as it must be" in words(random_head=Interval(0.3, 0.2, 0.4))
    assert "Not tested" in words(random_head=Interval(float("nan"), 0, 0))


def test_a_grey_film_s_map_is_flat_or_is_not() -> None:
    assert "flat map (it varies by 1% of" in words(constant_film=0.01)
    assert "NOT flat: it varies by 60%" in words(constant_film=0.6)


def test_leads_are_told_by_their_intervals() -> None:
    assert "score more than painting" in words(deletion_lead=Interval(1, 0.5, 2))
    assert "score LESS than painting" in words(deletion_lead=Interval(-1, -2, -0.5))
    assert "score no more (as far" in words(insertion_lead=Interval(0, -1, 1))


def test_much_heat_outside_the_body_is_loud() -> None:
    """S0-75."""
    assert words(outside_body=Interval(0.5, 0.4, 0.6)).endswith("outside the body: MUCH.")
    assert words(outside_body=Interval(0.1, 0.0, 0.2)).endswith(
        "10% of the heat lies outside the body."
    )
