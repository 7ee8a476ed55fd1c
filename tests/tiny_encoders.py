"""Tiny ONNX encoders of fixed random weights, and what is wrong with others."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from plainfilm.training.recipe import Recipe
from tiny_training import SIZE

D, PATCH = 6, 8
SIDE = SIZE // PATCH
RECIPE = """
[data]
size = {size}
[network]
name = "encoder"
[encoder]
file = "{file}"
output = "{output}"
gives = "{gives}"
mean = [0.5]
std = [0.25, 0.3, 0.2]
[release]
name = "tiny"
[release.population]
body_parts = ["chest"]
views = ["PA"]
words = "drawn films"
[release.licences]
weights = "the encoder's own"
"""
Edit = Callable[[onnx.ModelProto], None]


def encoder_model(*, channels: int = 3, size: int = SIZE, opset: int = 20) -> onnx.ModelProto:
    """Films to `features` (N, 6, 4, 4), `tokens` (N, 17, 6), the mean first, `summary` (N, 6)."""
    chance = np.random.default_rng(7)
    weights = {
        "kernel": chance.normal(size=(D, channels, PATCH, PATCH)).astype(np.float32) / PATCH,
        "row": np.array([0, D, -1], np.int64),
        "one": np.array([0, 1, D], np.int64),
    }
    nodes = [
        helper.make_node("Conv", ["pixels", "kernel"], ["cut"], strides=[PATCH, PATCH]),
        helper.make_node("Relu", ["cut"], ["features"]),
        helper.make_node("GlobalAveragePool", ["features"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["summary"]),
        helper.make_node("Reshape", ["summary", "one"], ["first"]),
        helper.make_node("Reshape", ["features", "row"], ["in_a_row"]),
        helper.make_node("Transpose", ["in_a_row"], ["patches"], perm=[0, 2, 1]),
        helper.make_node("Concat", ["first", "patches"], ["tokens"], axis=1),
    ]
    outputs = {
        "features": ["N", D, SIDE, SIDE],
        "tokens": ["N", SIDE**2 + 1, D],
        "summary": ["N", D],
    }
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["N", channels, size, size])],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs.items()],
        initializer=[numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def write_encoder(path: Path, edit: Edit | None = None, **how: int) -> Path:
    """The encoder as a file, changed by `edit`."""
    model = encoder_model(**how)
    if edit is not None:
        edit(model)
    path.write_bytes(model.SerializeToString())
    return path


def encoder_recipe(
    path: Path, *settings: str, output: str = "tokens", gives: str = "tokens"
) -> Recipe:
    """A recipe for a head on this encoder, ready to be released."""
    text = RECIPE.format(size=SIZE, file=path, output=output, gives=gives)
    return Recipe.from_toml(text, settings=settings)


def toned(films: NDArray[np.float32]) -> NDArray[np.float32]:
    """Films (N, H, W) as `settings` normalises them: (N, 3, H, W)."""
    deviation = np.array([0.25, 0.3, 0.2], np.float32).reshape(1, 3, 1, 1)
    return (np.repeat(films[:, None], 3, axis=1) - np.float32(0.5)) / deviation
