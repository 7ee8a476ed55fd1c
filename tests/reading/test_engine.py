"""The engine: a graph that is not what bundle.json promises never answers."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from phantoms import phantom
from plainfilm.errors import CorruptBundle
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.engine import Engine
from tiny_bundle import tiny_bundle

FILMS = np.stack([phantom(size=(50, 40), seed=seed)[None] for seed in range(3)])


def with_graph(bundle: Bundle, edit: Callable[[onnx.GraphProto], object]) -> Bundle:
    network = onnx.load_from_string(bundle.network)
    edit(network.graph)
    return replace(bundle, network=network.SerializeToString())


def output(graph: onnx.GraphProto, name: str) -> onnx.ValueInfoProto:
    return next(each for each in graph.output if each.name == name)


def set_shape(value: onnx.ValueInfoProto, shape: list[int | str]) -> None:
    value.CopyFrom(helper.make_tensor_value_info(value.name, TensorProto.FLOAT, shape))


def test_a_batch_gives_one_row_of_each_output_per_film(bundle: Bundle) -> None:
    found = Engine(bundle, threads=1).run(FILMS)

    assert found.map is not None
    assert found.familiarity is not None
    assert found.probability.shape == found.score.shape == (3, 2)
    assert found.map.shape == (3, 2, 16, 16)
    assert found.familiarity.shape == (3,)


def test_a_film_reads_the_same_alone_and_in_a_batch(bundle: Bundle) -> None:
    engine = Engine(bundle, threads=1)

    together = engine.run(FILMS)
    alone = engine.run(FILMS[1:2])

    np.testing.assert_allclose(together.score[1], alone.score[0], atol=1e-6)


def test_threads_do_not_change_the_answer(bundle: Bundle) -> None:
    one, two = (Engine(bundle, threads=threads).run(FILMS) for threads in (1, 2))

    np.testing.assert_allclose(one.score, two.score, atol=1e-5)


def test_outputs_the_bundle_has_not_are_none() -> None:
    found = Engine(tiny_bundle(maps=False, familiarity=False), threads=1).run(FILMS)

    assert found.map is None
    assert found.familiarity is None


@pytest.mark.parametrize(
    "films",
    [FILMS[0], FILMS.astype(np.float64), FILMS[:, [0, 0]], FILMS[:0], FILMS[:, :, :0]],
)
def test_a_batch_of_another_kind_is_a_callers_bug(bundle: Bundle, films: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"expected float32 \(N, 1, H, W\)"):
        Engine(bundle, threads=1).run(films)


def test_there_is_at_least_one_thread(bundle: Bundle) -> None:
    with pytest.raises(ValueError, match="threads: found 0"):
        Engine(bundle, threads=0)


EDITS: list[tuple[Callable[[onnx.GraphProto], object], str]] = [
    (lambda g: setattr(g.node[0], "op_type", "Resyze"), "cannot be built"),
    (lambda g: g.output.remove(output(g, "map")), "bundle.json promises probability, score, map"),
    (lambda g: set_shape(g.input[0], [1, 1, "H", "W"]), "inputs .* expected radiographs"),
    (lambda g: set_shape(g.input[0], ["N", 1, "H"]), "cannot be built|inputs"),
    (lambda g: g.input.append(helper.make_tensor_value_info("b", 1, [1])), "inputs .*'b'"),
]


@pytest.mark.parametrize(("edit", "message"), EDITS)
def test_a_graph_of_another_signature_is_refused(
    bundle: Bundle, edit: Callable[[onnx.GraphProto], object], message: str
) -> None:
    with pytest.raises(CorruptBundle, match=message):
        Engine(with_graph(bundle, edit), threads=1)


def test_a_graph_with_another_number_of_findings_is_refused(bundle: Bundle) -> None:
    with pytest.raises(CorruptBundle, match=r"probability has shape .* promises \(N, 2\)"):
        Engine(replace(bundle, network=tiny_bundle(3).network), threads=1)


def test_an_output_of_another_type_is_refused(bundle: Bundle) -> None:
    def edit(graph: onnx.GraphProto) -> None:
        graph.node[-1].output[0] = "wide"
        cast = helper.make_node("Cast", ["wide"], ["familiarity"], to=TensorProto.DOUBLE)
        graph.node.append(cast)
        output(graph, "familiarity").type.tensor_type.elem_type = TensorProto.DOUBLE

    with pytest.raises(CorruptBundle, match=r"familiarity is tensor\(double\); expected float32"):
        Engine(with_graph(bundle, edit), threads=1)


def answering(bundle: Bundle, operator: str, other: np.ndarray, **attributes: int) -> Bundle:
    """The bundle with its probability replaced by an operator of it and a constant."""

    def edit(graph: onnx.GraphProto) -> None:
        maker = next(each for each in graph.node if "probability" in each.output)
        maker.output[0] = "honest"
        inputs = ["honest", "other"]
        graph.node.append(helper.make_node(operator, inputs, ["probability"], **attributes))
        graph.initializer.append(onnx.numpy_helper.from_array(other, "other"))
        set_shape(output(graph, "probability"), ["N", "K"])

    return with_graph(bundle, edit)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_answer_that_is_no_number_is_refused(bundle: Bundle, value: float) -> None:
    broken = answering(bundle, "Add", np.float32([value, 0]))

    with pytest.raises(CorruptBundle, match="probability holds NaN or infinity"):
        Engine(broken, threads=1).run(FILMS)


@pytest.mark.parametrize("added", [10.0, -10.0])
def test_a_probability_outside_zero_to_one_is_refused(bundle: Bundle, added: float) -> None:
    broken = answering(bundle, "Add", np.float32([added, 0]))

    with pytest.raises(CorruptBundle, match=r"probability came out as .*; expected \[0, 1\]"):
        Engine(broken, threads=1).run(FILMS)


def test_a_rounding_error_beyond_one_is_taken_as_one(bundle: Bundle) -> None:
    rounded = answering(bundle, "Max", np.float32([1 + 1e-7, 0]))

    assert Engine(rounded, threads=1).run(FILMS).probability[:, 0].tolist() == [1, 1, 1]


def test_an_answer_of_another_shape_is_refused(bundle: Bundle) -> None:
    broken = answering(bundle, "Compress", np.array([True, False]), axis=1)

    with pytest.raises(CorruptBundle, match=r"probability came out as \(3, 1\); expected \(3, 2\)"):
        Engine(broken, threads=1).run(FILMS)


def test_an_answer_that_is_no_array_is_refused(bundle: Bundle) -> None:
    def edit(graph: onnx.GraphProto) -> None:
        maker = next(each for each in graph.node if "probability" in each.output)
        maker.output[0] = "honest"
        graph.node.append(helper.make_node("SequenceConstruct", ["honest"], ["probability"]))
        output(graph, "probability").CopyFrom(
            helper.make_tensor_sequence_value_info("probability", TensorProto.FLOAT, None)
        )

    with pytest.raises(CorruptBundle, match="probability"):
        Engine(with_graph(bundle, edit), threads=1)


def test_a_graph_that_fails_on_a_film_is_a_corrupt_bundle(
    bundle: Bundle, capfd: pytest.CaptureFixture[str]
) -> None:
    # 7 columns cannot be added to 2; Compress hides that until the graph runs
    def edit(graph: onnx.GraphProto) -> None:
        maker = next(each for each in graph.node if "probability" in each.output)
        maker.output[0] = "honest"
        constants = {"seven": np.zeros(7, np.float32), "all": np.ones(7, bool)}
        for name, value in constants.items():
            graph.initializer.append(onnx.numpy_helper.from_array(value, name))
        graph.node.append(helper.make_node("Compress", ["seven", "all"], ["hidden"], axis=0))
        graph.node.append(helper.make_node("Add", ["honest", "hidden"], ["probability"]))
        set_shape(output(graph, "probability"), ["N", "K"])

    engine = Engine(with_graph(bundle, edit), threads=1)
    with pytest.raises(CorruptBundle, match="cannot be run"):
        engine.run(FILMS)

    assert capfd.readouterr().err == "", "what onnxruntime raises, it does not print too"
