"""A look into an ONNX file before anything runs it: it must be self-contained and straight.

Refused: weights in other files (a path a stranger chose), operators outside ONNX's own (native
code), functions, and graphs inside nodes (loops, so every bundle runs in bounded steps). Only
the wire format is walked; no library that trusts the file is asked.

References
----------
Protocol Buffers, "Encoding"; onnx.proto of ONNX 1.16 (field numbers).
"""

from collections.abc import Iterator

import numpy as np

from plainfilm.errors import CorruptBundle

_NAME = "network.onnx"
_DOMAINS = (b"", b"ai.onnx")
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

# Field numbers in onnx.proto.
_MODEL_GRAPH, _MODEL_TRAINING, _MODEL_FUNCTIONS = 7, 20, 25
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_SPARSE = 1, 5, 15
_NODE_TYPE, _NODE_ATTRIBUTE, _NODE_DOMAIN = 4, 5, 7
_ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS, _ATTRIBUTE_SPARSE = (5, 10), (6, 11), (22, 23)
_SPARSE_TENSORS = (1, 2)
_TENSOR_TYPE, _TENSOR_RAW = 2, 9
_TENSOR_EXTERNAL, _TENSOR_LOCATION = 13, 14
_FLOAT = 1  # of TensorProto.DataType

Field = tuple[int, int | memoryview]


def check_graph_file(content: bytes) -> None:
    """Refuse an ONNX file that is not self-contained, or not a plain chain of ONNX operators.

    Raises
    ------
    CorruptBundle
        See the module; or the bytes are no ONNX file.
    """
    n_graphs = 0
    for number, value in _fields(memoryview(content)):
        if number in (_MODEL_TRAINING, _MODEL_FUNCTIONS):
            raise CorruptBundle(f"{_NAME}: holds functions or training steps; expected one graph")
        if number == _MODEL_GRAPH:
            n_graphs += 1
            _check_graph(_message(value))
    if n_graphs != 1:
        raise CorruptBundle(f"{_NAME}: found {n_graphs} graphs; expected an ONNX file with one")


def weight_places(content: bytes) -> list[tuple[int, int]]:
    """Where the float32 weights of an ONNX file lie: first byte and the one after the last, rising.

    Only weights stored as raw bytes count, which is how exporters write them.

    Raises
    ------
    CorruptBundle
        The bytes are no ONNX file.
    """
    whole = np.frombuffer(content, np.uint8)
    places = []
    for graph in _parts(memoryview(content), _MODEL_GRAPH):
        for tensor in _parts(graph, _GRAPH_INITIALIZER):
            fields = dict(_fields(tensor))
            raw = fields.get(_TENSOR_RAW)
            if fields.get(_TENSOR_TYPE) == _FLOAT and isinstance(raw, memoryview) and len(raw):
                start = np.frombuffer(raw, np.uint8).ctypes.data - whole.ctypes.data
                places.append((start, start + len(raw)))
    return sorted(places)


def _parts(message: memoryview, wanted: int) -> Iterator[memoryview]:
    return (_message(value) for number, value in _fields(message) if number == wanted)


def _check_graph(graph: memoryview) -> None:
    for number, value in _fields(graph):
        if number == _GRAPH_NODE:
            _check_node(_message(value))
        elif number == _GRAPH_INITIALIZER:
            _check_tensor(_message(value))
        elif number == _GRAPH_SPARSE:
            _check_sparse(_message(value))


def _check_node(node: memoryview) -> None:
    operator = ""
    for number, value in _fields(node):
        if number == _NODE_TYPE:
            operator = bytes(_message(value))[:40].decode("ascii", "replace")
        elif number == _NODE_DOMAIN and bytes(_message(value)) not in _DOMAINS:
            raise CorruptBundle(f"{_NAME}: operator {operator} is not one of ONNX's own")
        elif number == _NODE_ATTRIBUTE:
            _check_attribute(_message(value), operator)


def _check_attribute(attribute: memoryview, operator: str) -> None:
    for number, value in _fields(attribute):
        if number in _ATTRIBUTE_GRAPHS:
            raise CorruptBundle(f"{_NAME}: {operator} holds a graph; loops and branches are barred")
        if number in _ATTRIBUTE_TENSORS:
            _check_tensor(_message(value))
        elif number in _ATTRIBUTE_SPARSE:
            _check_sparse(_message(value))


def _check_sparse(sparse: memoryview) -> None:
    for number, value in _fields(sparse):
        if number in _SPARSE_TENSORS:
            _check_tensor(_message(value))


def _check_tensor(tensor: memoryview) -> None:
    for number, value in _fields(tensor):
        if number == _TENSOR_EXTERNAL or (number == _TENSOR_LOCATION and value != 0):
            raise CorruptBundle(f"{_NAME}: weights in another file; expected all inside")


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise CorruptBundle(f"{_NAME}: not an ONNX file (a field of the wrong kind)")
    return value


def _fields(message: memoryview) -> Iterator[Field]:
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        value: int | memoryview
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise CorruptBundle(f"{_NAME}: not an ONNX file (wire type {kind})")
        if at + size > len(message):
            raise CorruptBundle(f"{_NAME}: cut short; fetch the bundle again")
        yield number, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise CorruptBundle(f"{_NAME}: cut short; fetch the bundle again")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise CorruptBundle(f"{_NAME}: not an ONNX file (a number of more than 70 bits)")
