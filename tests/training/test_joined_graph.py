import numpy as np
import onnx
import pytest

from phantoms import phantom
from plainfilm.errors import BundleError
from plainfilm.reading.graph_file import check_graph_file
from plainfilm.training.joined_graph import join_graphs
from plainfilm.training.onnx_file import run_onnx
from tiny_bundle import tiny_network as hand_made
from tiny_graph import tiny_network as traced

ALL = ("probability", "score", "map", "familiarity")
FILMS = [phantom(size=(40, 50)), phantom(size=(32, 32), seed=1)]


def test_s2_52_the_joined_graph_answers_with_the_mean_of_two() -> None:
    """S2-52."""
    graphs = [hand_made(2, 32, seed) for seed in (0, 1)]

    joined = join_graphs(graphs, ALL, exclusive=False)

    check_graph_file(joined)
    members = [run_onnx(graph, FILMS) for graph in graphs]
    for number, found in enumerate(run_onnx(joined, FILMS)):
        each = [answers[number] for answers in members]
        for name in ("probability", "map"):
            expected = np.mean([one[name] for one in each], axis=0)
            np.testing.assert_allclose(found[name], expected, atol=1e-6)
        assert found["familiarity"] == min(one["familiarity"] for one in each)
        p = found["probability"].astype(np.float64)
        np.testing.assert_allclose(found["score"], np.log(p / (1 - p)), atol=1e-4)


def test_a_traced_graph_joined_with_itself_says_what_it_said() -> None:
    joined = join_graphs([traced(), traced()], ALL, exclusive=False)

    for found, expected in zip(run_onnx(joined, FILMS), run_onnx(traced(), FILMS), strict=True):
        for name in ("probability", "map", "familiarity"):
            np.testing.assert_allclose(found[name], expected[name], atol=1e-6)


def test_findings_that_exclude_each_other_have_log_probabilities_as_scores() -> None:
    joined = join_graphs([hand_made(2, 32, 0)] * 2, ALL, exclusive=True)

    (found,) = run_onnx(joined, FILMS[:1])
    np.testing.assert_allclose(np.exp(found["score"]), found["probability"], atol=1e-6)


def test_only_the_outputs_asked_for_are_there() -> None:
    joined = join_graphs(
        [hand_made(2, 32, seed, maps=False, familiarity=False) for seed in (0, 1)],
        ALL[:2],
        exclusive=False,
    )

    assert set(run_onnx(joined, FILMS)[0]) == {"probability", "score"}


def test_a_certain_answer_has_a_finite_score() -> None:
    sure = onnx.load_from_string(hand_made(2, 32, 0))
    (intercept,) = [each for each in sure.graph.initializer if each.name == "intercept"]
    intercept.CopyFrom(onnx.numpy_helper.from_array(np.float32(100), "intercept"))
    graph = sure.SerializeToString()

    (found,) = run_onnx(join_graphs([graph, graph], ALL, exclusive=False), FILMS[:1])

    assert found["probability"].tolist() == [1, 1]
    assert np.isfinite(found["score"]).all()


def test_graphs_of_two_opsets_are_refused() -> None:
    with pytest.raises(BundleError, match=r"of opsets 18, 20; expected one"):
        join_graphs([hand_made(3, 32, 0), traced()], ALL, exclusive=False)
