import numpy as np
import onnx
import pytest
from onnx import helper

from plainfilm.training.encoder_file import Session
from plainfilm.training.encoder_parts import free_batch, part_between, to_opset, topologically
from tiny_encoders import encoder_model
from tiny_training import SIZE


def test_a_part_gives_what_the_whole_gave() -> None:
    model, films = encoder_model(), np.random.default_rng(0).random((2, 3, SIZE, SIZE), np.float32)
    features = Session("part", part_between(model, "", "features")).run(films)

    part = part_between(model, "pixels", "summary")

    assert [node.op_type for node in part.graph.node][-1] == "Flatten"
    assert len(part.graph.initializer) == 1
    assert np.allclose(Session("part", part).run(films), features.mean(axis=(2, 3)), atol=1e-6)
    assert len(model.graph.output) == 3


@pytest.mark.parametrize(
    ("taken", "given", "expected"),
    [
        ("", "", "has 3 outputs, features, tokens, summary; name one"),
        ("", "logits", r"has no output 'logits' \(encoder.output\); expected one of features"),
        ("films", "tokens", r"has no input 'films' \(encoder.input\); expected one of pixels"),
    ],
)
def test_an_end_that_is_not_there_is_named(taken: str, given: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        part_between(encoder_model(), taken, given)


def test_an_old_file_s_constants_are_no_inputs() -> None:
    model = encoder_model()
    for name, shape in (("kernel", [6, 3, 8, 8]), ("row", [3])):
        model.graph.input.append(helper.make_tensor_value_info(name, 1, shape))

    assert [each.name for each in part_between(model, "", "summary").graph.input] == ["pixels"]


def test_a_second_input_is_refused() -> None:
    model = encoder_model()
    model.graph.input.append(helper.make_tensor_value_info("prompt", 1, ["N", 6]))
    model.graph.node.append(helper.make_node("Add", ["summary", "prompt"], ["both"]))
    model.graph.output.append(helper.make_tensor_value_info("both", 1, ["N", 6]))

    with pytest.raises(ValueError, match="needs prompt beside pixels"):
        part_between(model, "pixels", "both")


def test_a_fixed_batch_is_left_open() -> None:
    model = part_between(encoder_model(), "", "summary")
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    model.graph.output[0].type.tensor_type.shape.dim[0].dim_value = 1

    free_batch(model)

    assert Session("freed", model).run(np.zeros((3, 3, SIZE, SIZE), np.float32)).shape == (3, 6)


@pytest.mark.parametrize("opset", [13, 17, 20, 22])
def test_an_opset_becomes_that_of_bundles(opset: int) -> None:
    part = part_between(encoder_model(opset=opset), "", "tokens")
    films = np.random.default_rng(1).random((2, 3, SIZE, SIZE), np.float32)

    converted = to_opset(part)

    assert [(o.domain, o.version) for o in converted.opset_import] == [("", 20)]
    found, expected = (Session("a", model).run(films) for model in (converted, part))
    assert np.array_equal(found, expected)


def test_an_operator_that_opset_20_lacks_is_told() -> None:
    model = encoder_model(opset=23)
    model.graph.node.append(helper.make_node("RMSNormalization", ["summary", "gain"], ["scaled"]))
    gain = onnx.numpy_helper.from_array(np.ones(6, np.float32), "gain")
    model.graph.initializer.append(gain)
    model.graph.output.append(helper.make_tensor_value_info("scaled", 1, ["N", 6]))

    with pytest.raises(ValueError, match=r"its opset is 23 and cannot be made 20 .*opset_version"):
        to_opset(part_between(model, "", "scaled"))


def test_nodes_are_put_in_the_order_of_their_work() -> None:
    nodes = encoder_model().graph.node
    constants = ["pixels", "kernel", "row", "one"]

    ordered = topologically(list(reversed(nodes)), constants)

    known = set(constants)
    for node in ordered:
        assert known.issuperset(node.input)
        known.update(node.output)
    assert len(ordered) == len(nodes)


def test_nodes_in_their_order_stay_there() -> None:
    nodes = list(encoder_model().graph.node)

    assert topologically(nodes, ["pixels", "kernel", "row", "one"]) == nodes


def test_a_circle_is_refused() -> None:
    nodes = [helper.make_node("Relu", ["a"], ["b"]), helper.make_node("Relu", ["b"], ["a"])]

    with pytest.raises(ValueError, match="a circle of 2 operators"):
        topologically(nodes, [])
