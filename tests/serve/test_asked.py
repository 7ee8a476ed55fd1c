import pytest

from plainfilm.film_files import ReadOptions
from plainfilm.radiograph import View
from plainfilm.serve.asked import Asked, Format, Maps, asked_from
from plainfilm.serve.problems import Problem


def test_fields_become_what_is_asked() -> None:
    assert asked_from({}) == Asked(ReadOptions())
    fields = {"age": ("4.5",), "view": ("pa",), "body_part": ("chest",), "maps": ("png",),
              "outside_population": ("true",), "format": ("html",), "finding": ("a", "b"),
              "bundle": ("tiny",), "version": ("3",)}  # fmt: skip
    how = ReadOptions(4.5, View.PA, "chest", True)
    assert asked_from(fields) == Asked(how, Format.HTML, Maps.PNG, ("a", "b"), "tiny", "3")


@pytest.mark.parametrize("age", ["", "-1", "nan", "inf", "1e2", "131", "130.5", "4 years", "٤"])
def test_an_age_is_a_number_of_years(age: str) -> None:
    with pytest.raises(Problem) as caught:
        asked_from({"age": (age,)})
    assert caught.value.status == 400
    assert caught.value.detail.startswith("age: ")


def test_a_field_that_stands_twice_is_refused() -> None:
    with pytest.raises(Problem) as caught:
        asked_from({"age": ("4", "5")})
    assert caught.value.detail == "age: found 2 times; expected once"
