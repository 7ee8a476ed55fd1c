from dataclasses import dataclass, field
from typing import ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.errors import RecipeError
from plainfilm.training.toml import differences, parse, read_table, with_settings, write_table


@dataclass(frozen=True)
class Inner:
    words: str = ""
    range: tuple[float, float] | None = None


@dataclass(frozen=True)
class Group:
    REFUSED: ClassVar[dict[str, str]] = {"colour": "there is none here; leave it out"}

    rate: float = 0.1
    count: int = 3
    on: bool = False
    way: Literal["up", "down"] = "up"
    names: tuple[str, ...] = ()
    inner: Inner = field(default_factory=Inner)

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError("group.count: found less than 0")


@dataclass(frozen=True)
class Needy:
    must: int


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
groups = st.builds(
    Group,
    rate=st.floats(allow_nan=False, allow_infinity=False),
    count=st.integers(0, 2**60),
    on=st.booleans(),
    way=st.sampled_from(["up", "down"]),
    names=st.lists(texts, max_size=3).map(tuple),
    inner=st.builds(
        Inner, words=texts, range=st.none() | st.tuples(st.floats(0, 9), st.floats(0, 9))
    ),
)


@given(group=groups)
def test_what_is_written_is_read_back(group: Group) -> None:
    assert read_table(Group, parse(write_table(group), "text")) == group


def test_missing_keys_take_their_defaults() -> None:
    assert read_table(Group, {}) == Group()


def test_a_key_that_is_refused_on_purpose_is_refused_with_its_reason() -> None:
    with pytest.raises(RecipeError, match=r"^g\.colour: there is none here; leave it out\.$"):
        read_table(Group, {"colour": 1, "unheard_of": 2}, "g")


def test_a_key_without_default_must_be_there() -> None:
    with pytest.raises(RecipeError, match=r"group\.must is missing"):
        read_table(Needy, {}, "group")


def test_an_unknown_key_is_refused_with_the_nearest() -> None:
    with pytest.raises(RecipeError, match=r"group\.rat: unknown key.*Did you mean group\.rate\?"):
        read_table(Group, {"rat": 1.0}, "group")


def test_an_unknown_key_far_from_all_lists_the_known() -> None:
    with pytest.raises(RecipeError, match=r"Known: rate, count, on, way, names, inner\.") as caught:
        read_table(Group, {"zzzz": 1.0})
    assert "Did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("rate", "fast", r"rate: found 'fast' \(str\); expected a number"),
        ("rate", float("inf"), "expected a finite number"),
        ("rate", True, "expected a number"),
        ("count", 2.5, r"found 2\.5 \(float\); expected a whole number"),
        ("count", True, "expected a whole number"),
        ("on", 1, "expected true or false"),
        ("way", "upp", r"expected one of up, down. Did you mean 'up'\?"),
        ("way", 3, "expected one of up, down"),
        ("names", "one", r"expected a list in \[ \]"),
        ("names", [1], r"expected text in quotes"),
        ("inner", 3, r"expected a group of keys, \[inner\]"),
    ],
)
def test_a_wrong_type_is_named(key: str, value: object, expected: str) -> None:
    with pytest.raises(RecipeError, match=expected):
        read_table(Group, {key: value})


def test_a_range_needs_both_ends() -> None:
    with pytest.raises(RecipeError, match=r"inner\.range: .* a list of 2 values"):
        read_table(Group, {"inner": {"range": [1.0]}})


def test_a_whole_number_serves_as_a_number() -> None:
    assert read_table(Group, {"rate": 2}).rate == 2.0


def test_an_impossible_value_is_a_recipe_error() -> None:
    with pytest.raises(RecipeError, match="found less than 0"):
        read_table(Group, {"count": -1})


def test_text_that_is_not_toml_is_refused() -> None:
    with pytest.raises(RecipeError, match=r"r\.toml: not a TOML file"):
        parse("a = = 3", "r.toml")


def test_settings_replace_single_values() -> None:
    table = with_settings({"a": {"b": 1, "c": 2}}, ["a.b=[5]", "a.d.e = [1, 2]", "f.g=word"])

    assert table == {"a": {"b": [5], "c": 2, "d": {"e": [1, 2]}}, "f": {"g": "word"}}


@pytest.mark.parametrize("words", ["24", "0.10", "true", "nan", "word", ""])
def test_where_a_text_is_wanted_a_setting_is_one_without_quotes(words: str) -> None:
    """A shell eats the quotes: `--set network.frozen_before=24` is a layer's name."""
    for said in (words, f"'{words}'", f'"{words}"'):
        table = with_settings({}, [f"inner.words={said}"])
        assert read_table(Group, table).inner.words == words


def test_a_setting_is_a_number_or_true_where_such_is_wanted() -> None:
    settings = ["group.rate=1e-3", "group.count=7", "group.on=true", "group.inner.range=[1, 2]"]

    (group,) = with_settings({}, settings).values()

    assert isinstance(group, dict)
    expected = Group(rate=1e-3, count=7, on=True, inner=Inner(range=(1.0, 2.0)))
    assert read_table(Group, group) == expected
    with pytest.raises(RecipeError, match=r"inner: found 3 \(int\); expected a group of keys"):
        read_table(Group, {"inner": with_settings({}, ["a.b=3"])["a"]["b"]})  # type: ignore[index]


def test_settings_leave_the_table_as_it_was() -> None:
    table = {"a": {"b": 1}}

    with_settings(table, ["a.b=5"])

    assert table == {"a": {"b": 1}}


@pytest.mark.parametrize("setting", ["a.b", "a=3", ".b=3", "a..b=3"])
def test_a_malformed_setting_is_refused(setting: str) -> None:
    with pytest.raises(RecipeError, match=r"expected group\.key=value"):
        with_settings({}, [setting])


def test_a_setting_below_a_value_is_refused() -> None:
    with pytest.raises(RecipeError, match="b is a value, not a group"):
        with_settings({"a": {"b": 1}}, ["a.b.c=3"])


def test_differences_name_the_keys() -> None:
    other = Group(rate=0.2, inner=Inner("other"))

    assert differences(Group(), other) == ["rate: 0.1 and 0.2", "inner.words: '' and 'other'"]
    assert differences(other, other) == []
