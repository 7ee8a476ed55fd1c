from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest
import torch

from phantoms import phantom
from plainfilm.datasets.fit import fit
from plainfilm.errors import RunError
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.engine import Engine
from plainfilm.reading.header_parts import FitPolicy
from plainfilm.reading.shelf import bundled
from plainfilm.training.guided import guided_backprop
from plainfilm.training.guided_graph import backprop, guided_map, scores
from planted import planted_bundle
from tiny_graph import SIZE, tiny_classifier, tiny_network


@pytest.mark.parametrize(
    "policy", [FitPolicy.SQUASH, pytest.param(FitPolicy.PAD, marks=pytest.mark.slow)]
)
def test_s0_71_the_way_back_through_the_graph_is_that_through_its_network(
    policy: FitPolicy,
) -> None:
    film = phantom(size=(SIZE, SIZE), seed=4)
    for column in (0, 1):
        expected = guided_backprop(tiny_classifier(), torch.from_numpy(film)[None, None], column)
        found = backprop(tiny_network(policy), film, column)
        assert found.abs().max() > 0
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
def test_s0_71_a_shipped_bundle_has_guided_maps_without_a_run(path: Path) -> None:
    bundle = Bundle.load(path)
    film = phantom(size=(300, 260), seed=1)
    size = bundle.header.input.size
    square = fit(film, size).astype(np.float32) / 255
    said = Engine(bundle, threads=1).run(square[None, None])
    again = scores(bundle.network, torch.from_numpy(square)[None, None]).numpy()
    np.testing.assert_allclose(again, said.score, atol=1e-4)

    assert said.map is not None
    coarse = np.abs(said.map[0, 0])
    coarse[: len(coarse) // 2] = -1
    found = guided_map(bundle, film, 0, coarse)
    assert found.shape == (size, size)
    assert (found[: size // 2 - size // len(coarse)] == 0).all()  # where Grad-CAM is not positive
    assert (found != 0).any()


def test_a_node_that_is_not_known_is_named() -> None:
    bundle = planted_bundle((1, 27, 6, 32), weight=20.0, offset=-4.0)
    with pytest.raises(RunError, match=r"no way back through the bundle's graph \(.*Slice.*--run"):
        scores(bundle.network, torch.zeros(1, 1, 32, 32))


def graph_of(lines: str) -> bytes:
    model = onnx.parser.parse_model(f"""
      <ir_version: 9, opset_import: ["" : 18]>
      drawn (float[1, 1, 8, 8] radiographs) => (float[N, K] score)
      <int64[2] sizes = {{8, 8}}, int64[2] plane = {{2, 3}}, int64[2] flat = {{1, 2}},
       float two = {{2.0}}, int64[1] last = {{1}}>
      {{
        film = Resize<axes = [2, 3]>(radiographs, , , sizes)
        {lines}
      }}""")
    content: bytes = model.SerializeToString()
    return content


@pytest.mark.parametrize(
    ("lines", "score"),
    [
        ("m = MaxPool<kernel_shape = [4, 4], strides = [4, 4]>(film)\nscore = Flatten(m)",
         lambda film: torch.nn.functional.max_pool2d(film, 4).flatten(1)),
        ("a = AveragePool<kernel_shape = [8, 4], strides = [8, 4]>(film)\n"
         "t = Tanh(a)\nscore = Reshape(t, flat)",
         lambda film: torch.nn.functional.avg_pool2d(film, (8, 4)).tanh().reshape(1, 2)),
        ("a = ReduceMax<keepdims = 0>(film, plane)\nb = GlobalAveragePool(film)\n"
         "c = Flatten(b)\nd = Mul(a, two)\ne = Concat<axis = 1>(d, c)\nscore = Identity(e)",
         lambda film: torch.cat([2 * film.amax((2, 3)), film.mean((2, 3))], dim=1)),
        ("p = Pow(film, two)\nd = Div(p, two)\ns = Sub(film, d)\na = ReduceMean<keepdims = 1>"
         "(s, plane)\nq = Sqrt(a)\nf = Flatten(q)\ng = Gemm(f, f)\nh = MatMul(g, f)\n"
         "score = Add(h, f)",
         lambda film: (m := (film - film**2 / 2).mean((2, 3)).sqrt()) + m @ m @ m),
    ],
)  # fmt: skip
def test_each_kind_of_node_means_what_onnx_says(lines: str, score: object) -> None:
    film = torch.from_numpy(phantom(size=(8, 8), seed=2))[None, None]
    expected = score(film)  # type: ignore[operator]
    torch.testing.assert_close(scores(graph_of(lines), film), expected)
