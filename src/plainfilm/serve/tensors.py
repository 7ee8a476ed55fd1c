"""Tensors of the Open Inference Protocol v2, as JSON and as bytes after it.

References
----------
Open Inference Protocol v2 (REST), "Inference Request/Response JSON Object"; Triton's extension
"Binary Tensor Data" (`Inference-Header-Content-Length`, `binary_data_size`).
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.images import MAX_PIXELS, MAX_SIDE
from plainfilm.serve.problems import bad_request, too_large

INPUT, FACTS = "radiographs", "facts"
MAX_JSON_BYTES = 32 * 2**20  # a 1024 x 1024 film takes about 10 MB; larger ones go as bytes
MAX_JSON_VALUES = 2_000_000  # while Python reads them, nothing else of the server runs
LENGTH_HEADER = "Inference-Header-Content-Length"

MAX_FACT = 2.0  # of a column: a word is 0 or 1, and 130 years are 1.3

_LONGEST_US = 10**12  # eleven days; JSON's whole numbers may be larger than any float

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class InferRequest:
    """What a request asks of a graph.

    Parameters
    ----------
    radiographs
        float32 (N, 1, H, W) in [0, 1].
    outputs
        The names wanted, in this order, and whether each goes as bytes; empty = all.
    all_binary
        Whether outputs that say nothing else go as bytes.
    id
        The client's own, sent back; None = none.
    timeout_s
        Seconds that the client wants to wait; None = not said.
    facts
        float32 (N, k), what the graph is told of each; None = not said, so nothing is known.
    """

    radiographs: Array
    outputs: Mapping[str, bool | None]
    all_binary: bool = False
    id: str | None = None
    timeout_s: float | None = None
    facts: Array | None = None


def request_from(
    body: bytes, json_length: str | None, *, max_films: int, n_facts: int = 0
) -> InferRequest:
    """The request in a body.

    Parameters
    ----------
    json_length
        The value of `LENGTH_HEADER`; None = the body is JSON alone.
    max_films
        Largest N.
    n_facts
        Columns of the facts that the graph is told, which may be left out; 0 = it is told none.

    Raises
    ------
    Problem
        400: not such a request; 413: more films or more JSON than are taken.
    """
    length = len(body) if json_length is None else _length(json_length, len(body))
    if length > MAX_JSON_BYTES:
        raise too_large(f"{length} bytes of JSON; expected at most {MAX_JSON_BYTES}: send the "
                        "tensor as bytes (binary tensor data)")  # fmt: skip
    if body.count(b",", 0, length) > MAX_JSON_VALUES:
        raise too_large(f"more than {MAX_JSON_VALUES} values as JSON; send the tensor as bytes "
                        "(binary tensor data)")  # fmt: skip
    head = _object(_parsed(body[:length]), "the body")
    inputs = _list(head.get("inputs"), "inputs")
    most = 2 if n_facts else 1
    if not 1 <= len(inputs) <= most:
        expected = f"{INPUT}, and {FACTS} where they are known" if n_facts else f"one, {INPUT}"
        raise bad_request(f"inputs: found {len(inputs)}; expected {expected}")
    parameters = _object(head.get("parameters", {}), "parameters")
    identity = head.get("id")
    if identity is not None and not (isinstance(identity, str) and len(identity) <= 256):
        raise bad_request("id: expected a text of at most 256 characters")
    tensors = [_object(each, f"inputs[{index}]") for index, each in enumerate(inputs)]
    radiographs, facts = _inputs(tensors, body[length:], max_films, n_facts)
    return InferRequest(
        radiographs,
        _outputs(_list(head.get("outputs", []), "outputs")),
        parameters.get("binary_data_output") is True,
        identity,
        _timeout(parameters.get("timeout")),
        facts,
    )


def response_body(
    about: Mapping[str, object], outputs: Mapping[str, Array], request: InferRequest
) -> tuple[bytes, int | None]:
    """The body of a response, and how long its JSON is where bytes follow; None = JSON alone.

    Raises
    ------
    Problem
        400: an output is wanted that the graph does not have.
    """
    described, blobs = [], []
    for name in request.outputs or outputs:
        if name not in outputs:
            raise bad_request(f"outputs: {name[:60]!r} is none; there are {', '.join(outputs)}")
        values, binary = outputs[name], request.outputs.get(name)
        one: dict[str, object] = {"name": name, "datatype": "FP32", "shape": list(values.shape)}
        if request.all_binary if binary is None else binary:
            blobs.append(np.ascontiguousarray(values, dtype="<f4").tobytes())
            one["parameters"] = {"binary_data_size": len(blobs[-1])}
        else:
            one["data"] = values.ravel().tolist()
        described.append(one)
    named = {} if request.id is None else {"id": request.id}
    head = json.dumps({**about, **named, "outputs": described}, allow_nan=False).encode()
    return head + b"".join(blobs), len(head) if blobs else None


def _inputs(
    tensors: Sequence[Mapping[str, object]], rest: bytes, max_films: int, n_facts: int
) -> tuple[Array, Array | None]:
    """The radiographs, and the facts where they are there; bytes follow in the tensors' order."""
    found: dict[str, Array] = {}
    for index, tensor in enumerate(tensors):
        what, is_last = f"inputs[{index}]", index == len(tensors) - 1
        name = tensor.get("name")
        known = (INPUT, FACTS) if n_facts else (INPUT,)
        if name not in known or name in found or tensor.get("datatype") != "FP32":
            expected = " or ".join(known)
            raise bad_request(f"{what}: expected the name {expected} and the datatype FP32")
        shape = _list(tensor.get("shape"), f"{what}.shape")
        sides = _shape(shape, what, max_films) if name == INPUT else _fact_shape(shape, n_facts)
        values, rest = _values(tensor, what, rest, is_last=is_last)
        if values.size != math.prod(sides):
            raise bad_request(f"{what}: {values.size} values do not fill shape {list(sides)}")
        found[str(name)] = values.reshape(sides)
    if INPUT not in found:
        raise bad_request(f"inputs: found {FACTS} alone; expected {INPUT}")
    _check_values(found, list(found))
    return found[INPUT], found.get(FACTS)


def _check_values(found: Mapping[str, Array], order: Sequence[str]) -> None:
    films, facts = found[INPUT], found.get(FACTS)
    if not (films.min() >= 0 and films.max() <= 1):  # written so that NaN fails
        what = f"inputs[{order.index(INPUT)}]"
        raise bad_request(f"{what}: expected displayed luminance in [0, 1], 0 black, 1 white")
    if facts is None:
        return
    what = f"inputs[{order.index(FACTS)}]"
    if len(facts) != len(films):
        raise bad_request(f"{what}.shape: {len(facts)} rows; expected {len(films)}, one a film")
    if not (facts.min() >= 0 and facts.max() <= MAX_FACT):
        raise bad_request(f"{what}: expected values in [0, {MAX_FACT:g}], as the coding has them")


def _values(
    tensor: Mapping[str, object], what: str, rest: bytes, *, is_last: bool
) -> tuple[Array, bytes]:
    """A tensor's values, and the bytes that are left for those after it."""
    parameters = _object(tensor.get("parameters", {}), f"{what}.parameters")
    size = parameters.get("binary_data_size")
    if any(key.startswith("shared_memory") for key in parameters):
        raise bad_request(f"{what}: shared memory is not taken; send the values")
    if size is None:
        return _numbers(tensor.get("data"), what), rest
    fits = type(size) is int and size % 4 == 0 and 0 <= size <= len(rest)
    if not fits or "data" in tensor or (is_last and size != len(rest)):
        raise bad_request(f"{what}: binary_data_size must be the {len(rest)} bytes that follow")
    own, left = rest[: int(str(size))], rest[int(str(size)) :]
    return np.frombuffer(own, dtype="<f4").astype(np.float32), left


def _fact_shape(shape: Sequence[object], n_facts: int) -> tuple[int, ...]:
    sides = tuple(side for side in shape if type(side) is int and side > 0)
    if len(shape) != 2 or len(sides) != 2 or sides[1] != n_facts:
        raise bad_request(f"{FACTS}: found shape {str(shape)[:60]}; expected [N, {n_facts}]")
    return sides


def _shape(shape: Sequence[object], what: str, max_films: int) -> tuple[int, ...]:
    sides = tuple(side for side in shape if type(side) is int and side > 0)
    if len(shape) != 4 or len(sides) != 4 or sides[1] != 1:
        raise bad_request(f"{what}.shape: expected [N, 1, H, W], each at least 1")
    if sides[0] > max_films or max(sides[2:]) > MAX_SIDE or math.prod(sides) > MAX_PIXELS:
        raise too_large(
            f"{what}.shape: expected at most {max_films} films, {MAX_SIDE} along a side and "
            f"{MAX_PIXELS} values in all"
        )
    return sides


def _numbers(data: object, what: str) -> Array:
    if data is None:
        raise bad_request(f"{what}: no data; expected numbers, or bytes after the JSON")
    try:
        values = np.asarray(data)
    except (ValueError, OverflowError) as error:
        raise bad_request(f"{what}.data: expected numbers, evenly nested or flat") from error
    if values.dtype.kind not in "iuf":
        raise bad_request(f"{what}.data: expected numbers, evenly nested or flat")
    return values.astype(np.float32).ravel()


def _outputs(outputs: Sequence[object]) -> dict[str, bool | None]:
    wanted: dict[str, bool | None] = {}
    for index, value in enumerate(outputs):
        one = _object(value, f"outputs[{index}]")
        name, parameters = one.get("name"), _object(one.get("parameters", {}), "parameters")
        if not isinstance(name, str) or name in wanted:
            raise bad_request(f"outputs[{index}]: expected the name of an output, once")
        if set(parameters) - {"binary_data"}:
            raise bad_request(f"outputs[{index}]: expected no parameter but binary_data")
        binary = parameters.get("binary_data")
        wanted[name] = binary if isinstance(binary, bool) else None
    return wanted


def _timeout(microseconds: object) -> float | None:
    if microseconds is None:
        return None
    if type(microseconds) is not int or microseconds <= 0:
        raise bad_request("parameters.timeout: expected microseconds, a whole number above 0")
    return min(microseconds, _LONGEST_US) / 1e6


def _length(text: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text[:12]) <= most:
        raise bad_request(f"{LENGTH_HEADER}: expected the bytes of JSON, 1 to {most}")
    return int(text[:12])


def _parsed(content: bytes) -> object:
    try:
        return json.loads(content, parse_constant=_refuse)
    except RecursionError as error:
        raise bad_request("the JSON is nested too deeply") from error
    except ValueError as error:
        raise bad_request("the body is not JSON") from error


def _refuse(_: str) -> float:
    raise ValueError("no number that JSON knows")


def _object(value: object, what: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise bad_request(f"{what}: expected a JSON object")
    return value


def _list(value: object, what: str) -> list[object]:
    if not isinstance(value, list):
        raise bad_request(f"{what}: expected a JSON array")
    return value
