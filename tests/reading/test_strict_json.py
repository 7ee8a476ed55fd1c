"""JSON from strangers: what is let in, and what each refusal says."""

from dataclasses import dataclass
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.errors import CorruptBundle
from plainfilm.reading.strict_json import MAX_DEPTH, decode, encode, parse
from refusals import refusal


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Inner:
    count: int

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError(f"count: found {self.count}; expected at least 0")


@dataclass(frozen=True)
class Outer:
    word: str
    share: float
    flag: bool
    colour: Colour
    inner: Inner | None
    words: tuple[str, ...]
    span: tuple[float, float]
    table: dict[str, float]


WHOLE = {
    "word": "a",
    "share": 0.5,
    "flag": True,
    "colour": "red",
    "inner": {"count": 1},
    "words": ["x", "y"],
    "span": [1, 2.5],
    "table": {"k": 1.0},
}

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), PLAIN, max_size=4))
def test_what_is_encoded_is_parsed_again(value: dict[str, object]) -> None:
    assert parse(encode(value), "x.json") == value


@given(st.binary(max_size=60))
def test_any_bytes_are_parsed_or_refused(content: bytes) -> None:
    message = refusal(lambda: parse(content, "x.json"))

    assert message is None or message.startswith("x.json: ")


def test_a_record_is_decoded_field_by_field() -> None:
    expected = Outer("a", 0.5, True, Colour.RED, Inner(1), ("x", "y"), (1.0, 2.5), {"k": 1.0})

    assert decode(Outer, WHOLE, "x.json") == expected


def test_a_whole_number_serves_as_a_number() -> None:
    assert type(decode(Outer, WHOLE | {"share": 1}, "x").share) is float


def test_null_is_none_where_it_may_be() -> None:
    assert decode(Outer, WHOLE | {"inner": None}, "x").inner is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"word": 1}, "x.word: found 1; expected a text"),
        ({"share": "1"}, 'x.share: found "1"; expected a number'),
        ({"share": True}, "x.share: found true; expected a number"),
        ({"share": 10**400}, "x.share: found a number too large"),
        ({"flag": 1}, "x.flag: found 1; expected true or false"),
        ({"colour": "green"}, 'x.colour: found "green"; expected one of red, blue'),
        ({"colour": []}, "x.colour: found []; expected one of"),
        ({"inner": {"count": True}}, "x.inner.count: found true; expected a whole number"),
        ({"inner": {"count": -1}}, "x.inner: count: found -1; expected at least 0"),
        ({"inner": [1]}, "x.inner: found [1]; expected an object"),
        ({"inner": {}}, "x.inner.count: missing"),
        ({"words": "x"}, 'x.words: found "x"; expected a list'),
        ({"words": ["x", None]}, "x.words[1]: found null; expected a text"),
        ({"span": [1]}, "x.span: found [1]; expected a list of 2"),
        ({"table": {"k": "v"}}, 'x.table.k: found "v"; expected a number'),
        ({"more": 1}, "x: 'more' is unknown; expected"),
        ({"word": ["long"] * 40}, "..."),
    ],
)
def test_a_wrong_value_is_named_with_its_place(change: dict[str, object], message: str) -> None:
    with pytest.raises(CorruptBundle) as caught:
        decode(Outer, WHOLE | change, "x")

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff{}", "not the JSON"),
        (b"", "not the JSON"),
        (b'{"a": NaN}', "NaN is not a number"),
        (b'{"a": -Infinity}', "-Infinity is not a number"),
        (b'{"a": 1e999}', "1e999 is too large"),
        (b'{"a": 1, "a": 2}', "a key stands twice"),
        (b"[1]", "found a list at the top"),
        (b"null", "found a NoneType at the top"),
        (b'{"a": "\\ud800"}', "half of a surrogate pair"),
        (b'{"\\udfff": 1}', "half of a surrogate pair"),
        (b'{"a":' + b"[" * 30 + b"]" * 30 + b"}", "nested too deeply"),
        (b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "nested too deeply"),
        (b'{"a": ' + b"1" * 5000 + b"}", "not the JSON"),
    ],
)
def test_unusual_json_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(CorruptBundle, match=r"x\.json") as caught:
        parse(content, "x.json")

    assert message in str(caught.value)


def test_json_may_be_nested_as_deep_as_stated() -> None:
    depth = MAX_DEPTH - 1
    content = b'{"a":' + b"[" * depth + b"]" * depth + b"}"

    assert "a" in parse(content, "x.json")


def test_nan_is_not_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode({"a": float("nan")})
