import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phantoms import phantom
from plainfilm.serve.problems import Problem
from plainfilm.serve.tensors import MAX_JSON_BYTES, MAX_JSON_VALUES, request_from, response_body

FILM = phantom(size=(4, 6))[None, None]


def body(**changes: Any) -> bytes:
    tensor = {"name": "radiographs", "datatype": "FP32", "shape": [1, 1, 4, 6],
              "data": FILM.ravel().tolist()}  # fmt: skip
    head = {"inputs": [{**tensor, **changes.pop("tensor", {})}], **changes}
    return json.dumps(head).encode()


def binary(values: bytes, size: object) -> tuple[bytes, str]:
    tensor = {"name": "radiographs", "datatype": "FP32", "shape": [1, 1, 4, 6],
              "parameters": {"binary_data_size": size}}  # fmt: skip
    head = json.dumps({"inputs": [tensor]}).encode()
    return head + values, str(len(head))


def test_flat_nested_and_binary_values_are_the_same_tensor() -> None:
    content, length = binary(FILM.astype("<f4").tobytes(), FILM.nbytes)
    for request in (
        request_from(body(), None, max_films=2),
        request_from(body(tensor={"data": FILM.tolist()}), None, max_films=2),
        request_from(content, length, max_films=2),
    ):
        np.testing.assert_array_equal(request.radiographs, FILM)


@pytest.mark.parametrize(
    "changes",
    [{"inputs": []}, {"inputs": {}}, {"id": 7}, {"outputs": [7]}, {"parameters": []},
     {"parameters": {"timeout": -1}}, {"outputs": [{"name": "a"}, {"name": "a"}]},
     {"outputs": [{"name": "score", "parameters": {"classification": 2}}]},
     *({"tensor": tensor} for tensor in (
         {"name": "x"}, {"datatype": "FP16"}, {"shape": [1, 4, 6]}, {"shape": [1, 2, 2, 6]},
         {"shape": [-1, 1, 4, 6]}, {"shape": [True, 1, 4, 6]}, {"shape": [1, 1, 4, 5]},
         {"data": None}, {"data": "text"}, {"data": [[1], [2, 3]]}, {"data": [True] * 24},
         {"data": ["0.5"] * 24}, {"data": [2.0] * 24}, {"data": [-0.1] * 24},
         {"data": [10**400] * 24}, {"parameters": {"shared_memory_region": "x"}},
         {"parameters": {"binary_data_size": 96}}))],
    ids=str,
)  # fmt: skip
def test_what_is_no_request_is_a_400(changes: dict[str, Any]) -> None:
    with pytest.raises(Problem) as caught:
        request_from(body(**changes), None, max_films=2)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"inputs": NaN}', b"null"],
    ids=lambda content: repr(content[:9]),
)
def test_what_is_no_json_object_is_a_400(content: bytes) -> None:
    with pytest.raises(Problem) as caught:
        request_from(content, None, max_films=2)
    assert caught.value.status == 400


@pytest.mark.parametrize("size", [95, 97, 0, -96, "96", True, 96.0, None, 2**70])
def test_the_bytes_that_follow_are_those_announced(size: object) -> None:
    content, length = binary(FILM.astype("<f4").tobytes(), size)
    with pytest.raises(Problem) as caught:
        request_from(content, length, max_films=2)
    assert caught.value.status == 400


@pytest.mark.parametrize("length", ["", "-1", "0", "1e3", "99999", "٣", "9" * 50])
def test_the_length_of_the_json_is_one_that_can_be(length: str) -> None:
    with pytest.raises(Problem) as caught:
        request_from(body(), length, max_films=2)
    assert caught.value.status == 400


def test_nan_and_other_values_that_no_film_has_are_refused() -> None:
    for value in (np.nan, np.inf, 1.5):
        content, length = binary(np.full(24, value, "<f4").tobytes(), 96)
        with pytest.raises(Problem) as caught:
            request_from(content, length, max_films=2)
        assert "luminance" in caught.value.detail


def test_more_than_is_taken_is_a_413() -> None:
    for changes in ({"shape": [3, 1, 4, 6]}, {"shape": [1, 1, 30_000, 6]}):
        with pytest.raises(Problem) as caught:
            request_from(body(tensor=changes), None, max_films=2)
        assert caught.value.status == 413
    for content in (b" " * (MAX_JSON_BYTES + 1), b'{"inputs":[' + b"0," * (MAX_JSON_VALUES + 1)):
        with pytest.raises(Problem) as caught:
            request_from(content, None, max_films=2)
        assert caught.value.status == 413


@given(st.binary(max_size=300), st.none() | st.integers(0, 300).map(str))
def test_no_bytes_raise_anything_but_a_problem(content: bytes, length: str | None) -> None:
    with pytest.raises(Problem):
        request_from(content, length, max_films=2)


def test_outputs_come_as_they_were_wanted() -> None:
    outputs = {"score": FILM[0, 0], "probability": FILM[0, 0] / 2}
    wanted = [{"name": "probability", "parameters": {"binary_data": True}}, {"name": "score"}]
    request = request_from(body(outputs=wanted, id="7"), None, max_films=2)
    content, length = response_body({"model_name": "tiny"}, outputs, request)
    assert length is not None
    head = json.loads(content[:length])
    first, second = head["outputs"]
    assert (head["model_name"], head["id"], first["name"]) == ("tiny", "7", "probability")
    assert first["parameters"]["binary_data_size"] == len(content) - length == 96
    np.testing.assert_array_equal(np.frombuffer(content[length:], "<f4"), (FILM / 2).ravel())
    np.testing.assert_array_equal(np.float32(second["data"]), FILM.ravel())
    unknown = request_from(body(outputs=[{"name": "logit"}]), None, max_films=2)
    with pytest.raises(Problem):
        response_body({}, outputs, unknown)


def test_a_client_that_says_nothing_of_outputs_gets_all() -> None:
    outputs = {"score": FILM[0, 0], "probability": FILM[0, 0]}
    for parameters, has_bytes in (({}, False), ({"binary_data_output": True}, True)):
        request = request_from(body(parameters=parameters), None, max_films=2)
        content, length = response_body({}, outputs, request)
        assert (length is not None) is has_bytes
        assert len(json.loads(content[:length])["outputs"]) == 2
    assert request_from(body(parameters={"timeout": 5}), None, max_films=1).timeout_s == 5e-6
    longest = request_from(body(parameters={"timeout": 10**400}), None, max_films=1)
    assert longest.timeout_s == 1e6
