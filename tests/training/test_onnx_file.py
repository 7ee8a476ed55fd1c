import re
import socket

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray

from phantoms import phantom
from plainfilm.errors import RunError
from plainfilm.evaluation.calibration import Platt
from plainfilm.networks import build
from plainfilm.networks.normalise import PerPixel
from plainfilm.reading.bundle import FitPolicy
from plainfilm.reading.graph_file import check_graph_file
from plainfilm.training.gradcam import gradcam
from plainfilm.training.graph import OUTPUTS, Fit, ReadingGraph
from plainfilm.training.onnx_file import (
    MAX_IR_VERSION,
    check_agreement,
    run_onnx,
    run_torch,
    to_onnx,
)
from tiny_graph import (
    CALIBRATION,
    N_FINDINGS,
    SIZE,
    tiny_classifier,
    tiny_familiarity,
    tiny_graph,
    tiny_network,
)

SIZES = [(SIZE, SIZE), (150, 150), (97, 141), (20, 200), (1024, 700), (3000, 2500)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_onnxruntime_says_what_torch_says_at_every_size(size: tuple[int, int]) -> None:
    film = phantom(size=size, seed=3)
    theirs, ours = run_onnx(tiny_network(), [film])[0], run_torch(tiny_graph(), film)
    for name in OUTPUTS:
        assert np.abs(theirs[name] - ours[name]).max() <= 1e-5, name


@pytest.mark.slow
@pytest.mark.parametrize("policy", [FitPolicy.PAD, FitPolicy.CROP])
def test_every_fit_policy_agrees(policy: FitPolicy) -> None:
    films = [phantom(size=size, seed=3) for size in ((SIZE, SIZE), (97, 141), (300, 250))]
    assert check_agreement(tiny_graph(policy), tiny_network(policy), films) <= 1e-5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "head"), [("film-net", "mlp"), ("lenet5-tanh", "own"), ("dense-net", "own")]
)
def test_heads_with_hidden_layers_agree_and_give_maps_where_there_are_any(
    name: str, head: str
) -> None:
    """S0-69: the exported graph's maps are the network's Grad-CAM."""
    torch.manual_seed(0)
    network = build(name, N_FINDINGS, head=head, size=SIZE).eval()
    graph = ReadingGraph([network], Fit(SIZE), CALIBRATION, tiny_familiarity([network]))
    content = to_onnx(graph)
    films = [phantom(size=size, seed=3) for size in ((SIZE, SIZE), (97, 141))]

    check_graph_file(content)
    assert check_agreement(graph, content, films) <= 1e-5
    output = run_onnx(content, films[:1])[0]
    assert tuple(output) == graph.outputs
    assert ("map" in output) == network.has_map
    if network.has_map:
        reference = gradcam(network, torch.from_numpy(films[0])[None, None])[0].numpy()
        assert np.abs(output["map"] - reference).max() <= 1e-5 * np.abs(reference).max()


def test_a_film_with_flat_black_borders_gets_finite_numbers() -> None:
    film = np.zeros((100, 120), np.float32)
    film[30:60, 40:80] = 0.7
    outputs = run_onnx(tiny_network(), [film, np.zeros_like(film)])
    assert all(np.isfinite(value).all() for output in outputs for value in output.values())


def test_a_fitted_film_reads_as_the_film_it_came_from() -> None:
    film = phantom(size=(300, 250), seed=5)
    fitted = Fit(SIZE)(torch.from_numpy(film)[None, None])[0, 0].numpy()
    raw, ready = run_onnx(tiny_network(), [film, fitted])
    assert np.abs(raw["probability"] - ready["probability"]).max() <= 2e-5


def test_the_file_is_self_contained_and_plain() -> None:
    check_graph_file(tiny_network())
    proto = onnx.load_from_string(tiny_network())
    assert proto.ir_version <= MAX_IR_VERSION
    assert {entry.domain for entry in proto.opset_import} == {""}
    assert [value.name for value in proto.graph.output] == list(OUTPUTS)


def test_number_height_and_width_are_free() -> None:
    proto = onnx.load_from_string(tiny_network())
    sides = [
        dim.dim_param or dim.dim_value for dim in proto.graph.input[0].type.tensor_type.shape.dim
    ]
    assert sides == ["N", 1, "H", "W"]
    firsts = {value.type.tensor_type.shape.dim[0].dim_param for value in proto.graph.output}
    assert firsts == {"N"}


def test_the_file_tells_nothing_of_the_machine_that_made_it() -> None:
    words = re.findall(rb"[ -~]{4,}", _without_weights(tiny_network()))
    for trace in (b".py", b"/", b"\\", socket.gethostname().encode()):
        assert not [word for word in words if trace in word]


@pytest.mark.slow
def test_the_same_graph_gives_the_same_bytes() -> None:
    assert to_onnx(tiny_graph()) == tiny_network()


def test_graphs_that_disagree_are_refused() -> None:
    other = ReadingGraph(
        [tiny_classifier()],
        Fit(SIZE),
        [Platt(1.0, 0.5)] * 3,
        tiny_graph().familiarity,
    )
    with pytest.raises(RunError, match=r"torch and onnxruntime differ by .* at most 1e-05"):
        check_agreement(other, tiny_network(), [phantom(seed=1)])


def test_scores_too_close_to_each_other_are_refused_with_their_cause() -> None:
    """A score that is rounded otherwise in its last place, times a million."""
    film = phantom(seed=1)
    score = run_torch(tiny_graph(), film)["score"]
    steep = [Platt(1e6, -1e6 * float(value)) for value in score]
    graph = ReadingGraph([tiny_classifier()], Fit(SIZE), steep, tiny_graph().familiarity)
    bias = graph.state_dict()["classifiers.0.classifier.bias"].numpy()
    rounded = {"slope": graph.slope.numpy(), "intercept": graph.intercept.numpy()}
    rounded["classifiers.0.classifier.bias"] = np.nextafter(bias, np.float32(1))

    with pytest.raises(RunError, match=r"scores agree .* differ from film to film .* longer\.$"):
        check_agreement(graph, _with_weights(tiny_network(), rounded), [film])


def _with_weights(content: bytes, weights: dict[str, NDArray[np.float32]]) -> bytes:
    proto = onnx.load_from_string(content)
    for initializer in proto.graph.initializer:
        if initializer.name in weights:
            initializer.raw_data = weights[initializer.name].tobytes()
    return proto.SerializeToString()


def _without_weights(content: bytes) -> bytes:
    """Every name and note in the file, without the weights."""
    proto = onnx.load_from_string(content)
    for initializer in proto.graph.initializer:
        initializer.raw_data = b""
    return proto.SerializeToString()


def test_statistics_of_pixels_are_constants_of_the_graph() -> None:
    """S3-08: a film of any size is fitted, then standardised as in training."""
    torch.manual_seed(0)
    network = build("film-net", N_FINDINGS, normalise="pixel", size=SIZE).eval()
    assert isinstance(network.normalise, PerPixel)
    network.normalise.tell(torch.rand(SIZE, SIZE), 0.1 + torch.rand(SIZE, SIZE))
    graph = ReadingGraph([network], Fit(SIZE), CALIBRATION, tiny_familiarity([network]))
    film = phantom(size=(48, 40), seed=3)

    score = run_onnx(to_onnx(graph), [film])[0]["score"]

    with torch.no_grad():
        expected = network(Fit(SIZE)(torch.from_numpy(film)[None, None]))
    np.testing.assert_allclose(score.ravel(), expected.numpy().ravel(), atol=1e-4)
