"""The same bundle with its last layer's weights drawn at random: a map must notice.

References
----------
Adebayo et al. 2018, NeurIPS 31, "Sanity checks for saliency maps" (the parameter randomisation
test, of which this is the last layer's).
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import MissingExtra
from plainfilm.reading.bundle import Bundle

try:
    import onnx
    from onnx import numpy_helper
except ImportError as error:
    raise MissingExtra("onnx", "train") from error

Values = NDArray[Any]

_GEMM_WEIGHT = 1  # place among a Gemm's inputs


def with_random_head(bundle: Bundle, seed: int = 0) -> Bundle | None:
    """The bundle with other weights in each layer that gives one number a finding.

    They are drawn around 0, as large on average as those they replace; biases stay. Copies of a
    layer's weights elsewhere in the graph, at whatever scale (the map's own), change with it. None
    where the graph has no such layer: a `Gemm` whose weight has one row for each finding.
    """
    model = onnx.load_from_string(bundle.network)
    heads = {
        node.input[_GEMM_WEIGHT]
        for node in model.graph.node
        if node.op_type == "Gemm" and len(node.input) > _GEMM_WEIGHT
    }
    n_findings, stored = len(bundle.header.label_set), list(model.graph.initializer)
    before = [
        numpy_helper.to_array(each)
        for each in stored
        if each.name in heads and len(each.dims) == 2 and each.dims[0] == n_findings
    ]
    if not before:
        return None
    rng = np.random.default_rng(seed)
    sizes = [float(np.sqrt(np.square(w).mean())) for w in before]
    after = [rng.normal(0, s, w.shape).astype(w.dtype) for s, w in zip(sizes, before, strict=True)]
    for each in stored:
        values = numpy_helper.to_array(each)
        for old, new in zip(before, after, strict=True):
            scale = _scale(values, old)
            if scale is not None:
                drawn = (scale * new).reshape(values.shape).astype(values.dtype)
                each.CopyFrom(numpy_helper.from_array(drawn, each.name))
    return replace(bundle, network=model.SerializeToString())


def _scale(values: Values, weight: Values) -> float | None:
    """By what `weight` was multiplied to give `values`; None where it was not."""
    if values.size != weight.size or values.dtype != weight.dtype or not weight.any():
        return None
    one, other = values.ravel().astype(np.float64), weight.ravel().astype(np.float64)
    scale = float(one @ other / (other @ other))
    close = np.allclose(one, scale * other, rtol=1e-4, atol=1e-6 * np.abs(one).max())
    return scale if close and scale != 0 else None


def rank_correlation(one: Values, other: Values) -> float:
    """Spearman's rank correlation of two maps of one shape; 0 where one of them is flat."""
    first, second = (_ranks(values.ravel()) for values in (one, other))
    spread = float(first.std() * second.std())
    if spread == 0:
        return 0.0
    return float(((first - first.mean()) * (second - second.mean())).mean()) / spread


def _ranks(values: Values) -> Values:
    """Ranks from 0; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    middles: Values = (ends - (counts + 1) / 2)[place]
    return middles
