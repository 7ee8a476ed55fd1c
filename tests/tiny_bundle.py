"""A whole bundle of a few kilobytes: a real graph with all four outputs, untrained."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from phantoms import phantom
from plainfilm.findings import Finding, LabelSet
from plainfilm.reading.bundle import (
    Bundle,
    BundleHeader,
    Calibration,
    FamiliarityCut,
    FitPolicy,
    Golden,
    InputFit,
    Licences,
    MapScale,
    Population,
    Provenance,
)
from plainfilm.reading.promotion import signed_off
from plainfilm.reading.runtimes import onnxruntime

NAMES = [
    "pneumonia",
    "atelectasis",
    "cardiomegaly",
    "effusion",
    "infiltration",
    "mass",
    "nodule",
    "pneumothorax",
    "consolidation",
    "edema",
    "emphysema",
    "fibrosis",
    "pleural_thickening",
    "hernia",
]
N_CHANNELS = 4


def tiny_bundle(
    n_findings: int = 2,
    *,
    names: Sequence[str] | None = None,
    size: int = 32,
    seed: int = 0,
    maps: bool = True,
    familiarity: bool = True,
) -> Bundle:
    """A bundle that reads: frontal chests of any age, thresholds 0.5, golden outputs of its own.

    The same for the same arguments. `names` sets the findings (and their number). To change the
    header: `dataclasses.replace(bundle, header=dataclasses.replace(bundle.header, ...))`.
    """
    names = tuple(names or NAMES[:n_findings])
    label_set = LabelSet(tuple(Finding(n, n.replace("_", " ").capitalize()) for n in names))
    network = tiny_network(len(names), size, seed, maps=maps, familiarity=familiarity)
    films = (phantom(size=(size, size)), phantom("LATERAL", size=(3 * size, 2 * size), seed=1))
    return Bundle(
        header=_header(label_set, size, maps=maps, familiarity=familiarity),
        network=network,
        golden=Golden(films, tuple(_run(network, film) for film in films)),
        card="# tiny\n\nFor tests. Not a medical device.\n",
    )


def tiny_network(
    n_findings: int, size: int, seed: int, *, maps: bool = True, familiarity: bool = True
) -> bytes:
    """The graph: antialiased resize, normalise per film, 3 x 3 convolution, GAP, linear head."""
    rng = np.random.default_rng(seed)
    head = rng.normal(0, 2, (n_findings, N_CHANNELS)).astype(np.float32)
    side = size // 2
    constants = {
        "sizes": np.array([size, size], np.int64),
        "axes": np.array([1, 2, 3], np.int64),
        "plane": np.array([2, 3], np.int64),
        "epsilon": np.float32(1e-3),
        "kernel": rng.normal(0, 0.5, (N_CHANNELS, 1, 3, 3)).astype(np.float32),
        "head": head,
        "offset": rng.normal(0, 0.2, n_findings).astype(np.float32),
        "slope": np.float32(1.5),
        "intercept": np.float32(-0.25),
        "map_kernel": (head / side**2).reshape(n_findings, N_CHANNELS, 1, 1),
        "usual_spread": np.float32(0.2),
        "sharpness": np.float32(-8),
    }
    nodes = _reading_nodes() + (_map_nodes() if maps else [])
    nodes += _familiarity_nodes() if familiarity else []
    shapes = {"probability": ["N", n_findings], "score": ["N", n_findings]}
    shapes |= {"map": ["N", n_findings, side, side]} if maps else {}
    shapes |= {"familiarity": ["N"]} if familiarity else {}
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("radiographs", TensorProto.FLOAT, ["N", 1, "H", "W"])],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    opset = helper.make_opsetid("", 18)
    content: bytes = helper.make_model(
        graph, opset_imports=[opset], ir_version=9
    ).SerializeToString()
    return content


def _reading_nodes() -> list[onnx.NodeProto]:
    node = helper.make_node
    return [
        node(
            "Resize",
            ["radiographs", "", "", "sizes"],
            ["fitted"],
            mode="linear",
            antialias=1,
            exclude_outside=1,
            axes=[2, 3],
            coordinate_transformation_mode="half_pixel",
        ),
        node("ReduceMean", ["fitted", "axes"], ["level"], keepdims=1),
        node("Sub", ["fitted", "level"], ["centred"]),
        node("Mul", ["centred", "centred"], ["squares"]),
        node("ReduceMean", ["squares", "axes"], ["variance"], keepdims=1),
        node("Sqrt", ["variance"], ["spread"]),
        node("Add", ["spread", "epsilon"], ["divisor"]),
        node("Div", ["centred", "divisor"], ["normal"]),
        node("Conv", ["normal", "kernel"], ["edges"], pads=[1, 1, 1, 1], strides=[2, 2]),
        node("Relu", ["edges"], ["features"]),
        node("ReduceMean", ["features", "plane"], ["pooled"], keepdims=0),
        node("Gemm", ["pooled", "head", "offset"], ["score"], transB=1),
        node("Mul", ["score", "slope"], ["sloped"]),
        node("Add", ["sloped", "intercept"], ["logit"]),
        node("Sigmoid", ["logit"], ["probability"]),
    ]


def _map_nodes() -> list[onnx.NodeProto]:
    return [helper.make_node("Conv", ["features", "map_kernel"], ["map"])]


def _familiarity_nodes() -> list[onnx.NodeProto]:
    # 1 for a film whose spread is usual for a phantom, near 0 for a constant one.
    node = helper.make_node
    return [
        node("Sub", ["spread", "usual_spread"], ["oddness"]),
        node("Abs", ["oddness"], ["distance"]),
        node("Mul", ["distance", "sharpness"], ["exponent"]),
        node("Exp", ["exponent"], ["familiarity_4d"]),
        node("Squeeze", ["familiarity_4d", "axes"], ["familiarity"]),
    ]


def _run(network: bytes, film: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    outputs = session.run(names, {"radiographs": film[None, None]})
    return {name: np.asarray(value[0]) for name, value in zip(names, outputs, strict=True)}


def _header(label_set: LabelSet, size: int, *, maps: bool, familiarity: bool) -> BundleHeader:
    cut = FamiliarityCut(0.2, 0.05, "5 % and 1 % of validation films")
    return BundleHeader(
        name="tiny",
        version="1.0.0",
        created="2025-01-31T12:00:00Z",
        label_set=label_set,
        input=InputFit(size, FitPolicy.SQUASH),
        map=MapScale(size // 2, size // 2, 0.05) if maps else None,
        thresholds=dict.fromkeys(label_set.names, 0.5),
        threshold_rule="half",
        calibration=Calibration(
            True, "Platt, invented", "no film at all", dict.fromkeys(label_set.names, 0.5)
        ),
        familiarity=cut if familiarity else None,
        population=Population(("chest",), ("PA", "AP"), None, "frontal chests of any age"),
        intended_use="Tests of this package.",
        limits=("It has learned nothing.",),
        provenance=_provenance(),
        licences=Licences("Apache-2.0", "Apache-2.0", "drawn, nobody's"),
        citation="plainfilm, tests",
    )


def _provenance() -> Provenance:
    return Provenance(
        recipe="tiny",
        recipe_toml='[release]\nname = "tiny"\n',
        data_set="phantoms",
        split_sha256="0" * 64,
        n_patients=1,
        patients_sha256="1" * 64,
        seed=0,
        code_version="0.1.0",
        hardware="none",
        seconds=0.0,
        init="scratch",
        details={},
    )


def promotable(bundle: Bundle) -> Bundle:
    """The bundle with a bare evaluation of its network, and its explanations signed off."""
    numbers = {"films": 3, "bundle": {"network_sha256": bundle.network_sha256}}
    measured = bundle.with_evaluation(numbers, "# tiny\n")
    return signed_off(measured, "A. Reader", date(2025, 1, 31), [("seen.png", b"a picture")])
