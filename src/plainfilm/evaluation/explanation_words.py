"""What the tests of a bundle's maps mean, in plain sentences."""

from collections.abc import Iterator, Mapping

from plainfilm.evaluation.bootstrap import Interval

SAME = 0.5  # Spearman's correlation; from there on a map has not noticed the random layer
FLAT = 0.25  # of the scale on which maps are drawn; a grey film's map may vary by as much
MUCH_OUTSIDE = 0.25  # of the heat


def map_words(numbers: Mapping[str, object]) -> list[str]:
    """A sentence for each test that was made, of what `explanation_numbers` found."""
    return [sentence for sentence in _sentences(numbers) if sentence]


def _sentences(numbers: Mapping[str, object]) -> Iterator[str]:
    yield _random_head(_interval(numbers, "random_head"))
    yield _constant(numbers.get("constant_film"))
    yield _lead(
        _interval(numbers, "deletion_lead"),
        "Painting the hottest places over lowers the score {} than painting over random ones.",
    )
    yield _lead(
        _interval(numbers, "insertion_lead"),
        "Showing the hottest places first raises the score {} than showing random ones first.",
    )
    yield _outside(_interval(numbers, "outside_body"))


def _random_head(found: Interval | None) -> str:
    if found is None:
        return "Not tested: the graph has no last layer whose weights could be drawn at random."
    if found.value >= SAME:
        return (
            f"The map hardly changes when the last layer is random (Spearman {found.value:.2f}): "
            "IT DOES NOT SHOW WHAT THIS BUNDLE HAS LEARNED."
        )
    return (
        f"With a random last layer the map is another one (Spearman {found.value:.2f}, under "
        f"{SAME:g}), as it must be."
    )


def _constant(varies: object) -> str:
    if not isinstance(varies, float):
        return ""
    if varies <= FLAT:
        return f"A film of one grey gives a flat map (it varies by {varies:.0%} of the scale)."
    return (
        f"A film of one grey gives a map that is NOT flat: it varies by {varies:.0%} of the scale, "
        "by the film's border alone; as much of any map may be border."
    )


def _lead(found: Interval | None, sentence: str) -> str:
    if found is None:
        return ""
    if found.low > 0:
        return sentence.format("more")
    if found.high < 0:
        return sentence.format("LESS")
    return sentence.format("no more (as far as can be told)")


def _outside(found: Interval | None) -> str:
    if found is None:
        return ""
    heat = f"{found.value:.0%} of the heat lies outside the body"
    return f"{heat}: MUCH." if found.value > MUCH_OUTSIDE else f"{heat}."


def _interval(numbers: Mapping[str, object], name: str) -> Interval | None:
    found = numbers.get(name)
    return found if isinstance(found, Interval) and found.value == found.value else None
