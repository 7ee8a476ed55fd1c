import hashlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from plainfilm.errors import RunError
from plainfilm.training import encoder_file
from plainfilm.training.encoder_file import open_encoder
from plainfilm.training.encoder_settings import Encoder
from plainfilm.training.golden import draw_chest
from tiny_encoders import D, Edit, write_encoder
from tiny_training import SIZE


def stated(path: Path, **how: object) -> Encoder:
    said = {"output": "summary", "range": (0.0, 1.0)} | how
    return Encoder(file=str(path), **said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("output", "gives", "shape"),
    [
        ("summary", "embedding", (D,)),
        ("tokens", "tokens", (17, D)),
        ("tokens", "first-token", (17, D)),
        ("features", "map", (D, 4, 4)),
    ],
)
def test_an_encoder_is_opened(
    tmp_path: Path, output: str, gives: str, shape: tuple[int, ...]
) -> None:
    path = write_encoder(tmp_path / "a.onnx")

    found = open_encoder(stated(path, output=output, gives=gives), SIZE)

    assert found.shape == shape
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.n_weights >= D * 3 * 8 * 8


def test_an_encoder_of_open_sides_is_opened(tmp_path: Path) -> None:
    """As one that `bundles encoder` cut."""

    def leave_open(model: onnx.ModelProto) -> None:
        for axis in (2, 3):
            model.graph.input[0].type.tensor_type.shape.dim[axis].ClearField("dim_value")

    path = write_encoder(tmp_path / "a.onnx", leave_open)

    assert open_encoder(stated(path), SIZE).shape == (D,)


def test_functions_of_an_exporter_s_own_are_written_out(tmp_path: Path) -> None:
    def with_function(model: onnx.ModelProto) -> None:
        inner = [helper.make_node("Relu", ["x"], ["y"])]
        opsets = [helper.make_opsetid("", 20)]
        model.functions.append(helper.make_function("mine", "Half", ["x"], ["y"], inner, opsets))
        model.opset_import.append(helper.make_opsetid("mine", 1))
        model.graph.node[1].op_type, model.graph.node[1].domain = "Half", "mine"

    path, plain = (
        write_encoder(tmp_path / name, e) for name, e in (("a", with_function), ("b", None))
    )
    films = np.stack([draw_chest((SIZE, SIZE))] * 3)[None]

    found, expected = (
        open_encoder(stated(each), SIZE).session.run(films) for each in (path, plain)
    )

    assert np.array_equal(found, expected)


def nan(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].CopyFrom(
        numpy_helper.from_array(np.full((D, 3, 8, 8), np.nan, np.float32), "kernel")
    )


def blind(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].CopyFrom(
        numpy_helper.from_array(np.zeros((D, 3, 8, 8), np.float32), "kernel")
    )


def coupled(model: onnx.ModelProto) -> None:
    """Each film less the mean over the batch."""
    node = model.graph.node
    node.append(helper.make_node("Mean", ["summary"], ["same"]))
    model.graph.initializer.append(numpy_helper.from_array(np.array([0]), "films"))
    node.append(helper.make_node("ReduceMean", ["same", "films"], ["all"], keepdims=1))
    node.append(helper.make_node("Sub", ["same", "all"], ["off"]))
    model.graph.output.append(helper.make_tensor_value_info("off", TensorProto.FLOAT, ["N", D]))


def one_at_a_time(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(numpy_helper.from_array(np.array([1, D]), "shape"))
    model.graph.node.append(helper.make_node("Reshape", ["summary", "shape"], ["fixed"]))
    model.graph.output.append(helper.make_tensor_value_info("fixed", TensorProto.FLOAT, [1, D]))


def one_for_all(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(numpy_helper.from_array(np.array([0]), "films"))
    model.graph.node.append(helper.make_node("ReduceSum", ["summary", "films"], ["sum"]))
    model.graph.output.append(helper.make_tensor_value_info("sum", TensorProto.FLOAT, [1, D]))


def half(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Cast", ["summary"], ["half"], to=TensorProto.FLOAT16))
    model.graph.output.append(helper.make_tensor_value_info("half", TensorProto.FLOAT16, ["N", D]))


def stranger(model: onnx.ModelProto) -> None:
    model.graph.node[1].domain = "com.microsoft"
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def elsewhere(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")


@pytest.mark.parametrize(
    ("edit", "how", "expected"),
    [
        (nan, {}, "gives NaN or infinity; it is no use as an encoder"),
        (blind, {}, "gives the same for every film"),
        (coupled, {"output": "off"}, "changes with the films beside it|the same for every film"),
        (one_at_a_time, {"output": "fixed"}, "fails .* export it with a free batch axis"),
        (one_for_all, {"output": "sum"}, r"gives \(1, 6\) for 3 films; expected one row for each"),
        (half, {"output": "half"}, "half is float16; expected float32"),
        (stranger, {}, "operator Relu is not one of ONNX's own; a bundle cannot hold it"),
        (elsewhere, {}, r"weights in another file; .* save it as one file \(external_data=False\)"),
        (None, {"output": ""}, "has 3 outputs, features, tokens, summary; name one"),
        (None, {"output": "logits"}, "has no output 'logits'"),
        (None, {"channels": 1}, "takes N x 3 x 32 x 32; the recipe gives it N x 1 x 32 x 32"),
        (None, {"output": "tokens"}, r"gives \(N, 17, 6\); encoder.gives 'embedding' is \(N, D\)"),
        (None, {"output": "tokens", "gives": "tokens", "extra_tokens": 0}, "gives 17 tokens, 17"),
        (None, {"sha256": "0" * 64}, "its SHA-256 is [0-9a-f]{64}, and encoder.sha256 is 0{64}"),
    ],
)  # fmt: skip
def test_what_is_no_encoder_is_one_clear_line(
    tmp_path: Path, edit: Edit | None, how: dict[str, object], expected: str
) -> None:
    path = write_encoder(tmp_path / "a.onnx", edit)

    with pytest.raises(RunError, match=expected) as caught:
        open_encoder(stated(path, **how), SIZE)

    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("a.onnx: ")


def test_films_of_another_size_are_refused(tmp_path: Path) -> None:
    path = write_encoder(tmp_path / "a.onnx")

    with pytest.raises(RunError, match=r"takes N x 3 x 32 x 32; .*64 x 64 \(encoder.channels, da"):
        open_encoder(stated(path), 64)


@pytest.mark.parametrize("content", [b"", b"no model", b"\x80\x04pickle" * 50])
def test_what_is_not_onnx_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(content)

    with pytest.raises(RunError, match=r"^a\.onnx: ") as caught:
        open_encoder(stated(path), SIZE)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    path = write_encoder(tmp_path / "a.onnx")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(RunError, match=r"^a\.onnx: "):
        open_encoder(stated(path), SIZE)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"encoder\.file: gone\.onnx cannot be read \(No such file"):
        open_encoder(stated(tmp_path / "gone.onnx"), SIZE)


def test_a_file_too_large_for_a_bundle_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    with path.open("wb") as stream:
        stream.truncate(encoder_file.LIMITS["network.onnx"])  # a hole, no bytes

    with pytest.raises(RunError, match=r"a\.onnx: 640 MiB; a bundle holds at most 624 MiB of it"):
        open_encoder(stated(path), SIZE)
