"""Bundles with a planted fault: graphs that look at one place of the film, or at nothing."""

from dataclasses import replace

import numpy as np
import onnx
import onnx.parser

from phantoms import phantom
from plainfilm.reading.bundle import Bundle, Golden
from tiny_bundle import _run, tiny_bundle

SIZE = 32


def planted_bundle(place: tuple[int, int, int, int], weight: float, offset: float) -> Bundle:
    """A bundle for pneumonia whose score is `weight` times a square's mean grey, plus `offset`.

    `place` is top, left, bottom and right, of 32 x 32 pixels. Weight 0 gives a collapsed bundle.
    """
    top, left, bottom, right = place
    model = onnx.parser.parse_model(f"""
      <ir_version: 9, opset_import: ["" : 18]>
      planted (float[N, 1, H, W] radiographs) => (float[N, 1] probability, float[N, 1] score)
      <int64[2] sizes = {{{SIZE}, {SIZE}}}, int64[2] starts = {{{top}, {left}}},
       int64[2] ends = {{{bottom}, {right}}}, int64[2] plane = {{2, 3}},
       float weight = {{{weight}}}, float offset = {{{offset}}}>
      {{
        fitted = Resize<mode = "linear", antialias = 1, exclude_outside = 1, axes = [2, 3]>
            (radiographs, , , sizes)
        square = Slice(fitted, starts, ends, plane)
        mean = ReduceMean<keepdims = 0>(square, plane)
        weighed = Mul(mean, weight)
        score = Add(weighed, offset)
        probability = Sigmoid(score)
      }}
    """)
    network: bytes = model.SerializeToString()
    plain = tiny_bundle(1, maps=False, familiarity=False)
    film = phantom(size=(SIZE, SIZE)).astype(np.float32)
    return replace(plain, network=network, golden=Golden((film,), (_run(network, film),)))
