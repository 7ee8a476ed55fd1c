import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from phantoms import phantom
from plainfilm.datasets.fit import fit
from plainfilm.networks import Classifier, build
from plainfilm.reading.bundle import FitPolicy
from plainfilm.reading.heatmap import heatmap
from plainfilm.training.gradcam import gradcam
from plainfilm.training.graph import Fit, ReadingGraph, evidence
from tiny_graph import (
    CALIBRATION,
    N_FINDINGS,
    SIZE,
    phantoms,
    tiny_classifier,
    tiny_familiarity,
    tiny_graph,
)

POLICIES = list(FitPolicy)


def settled(name: str, head: str, size: int) -> Classifier:
    """A network whose BatchNorms have seen some films, in evaluation mode."""
    torch.manual_seed(0)
    classifier = build(name, 3, head=head, size=size)
    with torch.no_grad():
        for seed in range(3):
            classifier(phantoms(4, first=10 * seed, size=(size, size)))
    return classifier.eval()


@pytest.mark.parametrize("policy", POLICIES)
def test_a_film_of_the_networks_size_passes_unchanged(policy: FitPolicy) -> None:
    films = torch.rand(2, 1, SIZE, SIZE)
    assert torch.equal(Fit(SIZE, policy)(films), films)


@pytest.mark.parametrize("policy", POLICIES)
@given(height=st.integers(3, 90), width=st.integers(3, 90))
def test_a_fitted_film_is_square_and_stays_in_range(
    policy: FitPolicy, height: int, width: int
) -> None:
    film = torch.from_numpy(np.random.default_rng(height).random((1, 1, height, width), np.float32))
    fitted = Fit(SIZE, policy)(film)
    assert fitted.shape == (1, 1, SIZE, SIZE)
    assert fitted.min() >= -1e-6
    assert fitted.max() <= 1 + 1e-6


def test_padding_adds_black_at_both_sides_of_the_short_side() -> None:
    fitted = Fit(SIZE, FitPolicy.PAD)(torch.ones(1, 1, SIZE, SIZE // 2))
    quarter = SIZE // 4
    assert fitted[..., :quarter].max() == 0
    assert fitted[..., -quarter:].max() == 0
    assert fitted[..., quarter:-quarter].min() == 1


def test_cropping_takes_the_centre() -> None:
    film = torch.zeros(1, 1, SIZE, 2 * SIZE)
    film[..., SIZE // 2 : SIZE // 2 + SIZE] = 1
    assert Fit(SIZE, FitPolicy.CROP)(film).min() == 1


def test_maps_equal_gradcam_by_autograd() -> None:
    classifier, films = tiny_classifier(), phantoms(3)
    ours = evidence(classifier, classifier.embed(films)[0])
    assert (ours - gradcam(classifier, films)).abs().max() <= 1e-5


@pytest.mark.parametrize(
    ("name", "head", "size"),
    [
        ("film-net", "mlp", 64),
        ("densenet121", "own", 64),
        ("densenet121", "mlp", 64),
        ("resnet18", "own", 64),
        ("vgg16", "own", 32),
        ("vgg16-flatten", "own", 32),
        ("alexnet", "own", 80),
        ("lenet5", "own", 48),
        ("lenet5-tanh", "own", 48),
        ("conv2", "own", 64),
        ("conv3", "own", 100),
        ("conv4", "own", 64),
    ],
)
def test_maps_of_every_kind_of_head_equal_gradcam_by_autograd(
    name: str, head: str, size: int
) -> None:
    """S0-69, S3-29: to 1e-5 of the largest value, whatever stands after the last feature map."""
    classifier, films = settled(name, head, size), phantoms(2, size=(size, size))

    ours = evidence(classifier, classifier.embed(films)[0])

    reference = gradcam(classifier, films)
    assert ours.shape == reference.shape
    assert reference.abs().max() > 0
    assert (ours - reference).abs().max() <= 1e-5 * reference.abs().max()


def test_a_network_without_a_map_gets_none() -> None:
    classifier = build("dense-net", N_FINDINGS, size=SIZE).eval()
    graph = ReadingGraph([classifier], Fit(SIZE), CALIBRATION, tiny_familiarity([classifier]))

    answers = graph(phantoms(2))

    assert answers.map is None
    assert graph.outputs == ("probability", "score", "familiarity")
    with pytest.raises(ValueError, match="no feature map"):
        evidence(classifier, phantoms(2))


def test_one_network_without_a_map_takes_the_ensembles_away() -> None:
    both = [tiny_classifier(), build("dense-net", N_FINDINGS, size=SIZE).eval()]
    graph = ReadingGraph(both, Fit(SIZE), CALIBRATION, tiny_familiarity(both))

    assert graph(phantoms(2)).map is None


def test_a_map_adds_up_to_its_logit_less_the_bias() -> None:
    graph, films = tiny_graph(), phantoms(3)
    answers = graph(films)
    bias = tiny_classifier().head_bias
    assert torch.allclose(answers.map.sum(dim=(2, 3)) + bias, answers.score, atol=1e-5)


def test_the_score_is_the_networks_logit() -> None:
    films = phantoms(2)
    with torch.no_grad():
        expected = tiny_classifier()(films)
    assert torch.allclose(tiny_graph()(films).score, expected, atol=1e-6)


def test_probability_is_the_sigmoid_of_the_calibrated_score() -> None:
    answers = tiny_graph()(phantoms(2))
    for k, platt in enumerate(CALIBRATION):
        expected = platt.apply(answers.score[:, k].numpy())
        assert np.allclose(answers.probability[:, k].numpy(), expected, atol=1e-6)


def test_several_networks_average_their_logits_and_maps() -> None:
    films = phantoms(2)
    both = tiny_graph(seeds=(0, 1))(films)
    one, other = (tiny_graph(seeds=(seed,))(films) for seed in (0, 1))
    assert torch.allclose(both.score, (one.score + other.score) / 2, atol=1e-6)
    assert torch.allclose(both.map, (one.map + other.map) / 2, atol=1e-6)


def test_each_film_is_answered_as_if_it_were_alone() -> None:
    graph, films = tiny_graph(), phantoms(4, size=(40, 50))
    together = graph(films)
    for i in range(len(films)):
        for whole, alone in zip(together, graph(films[i : i + 1]), strict=True):
            assert torch.allclose(whole[i], alone[0], atol=1e-5)


def test_a_film_of_one_grey_is_answered_with_finite_numbers() -> None:
    for grey in (0.0, 0.5, 1.0):
        answers = tiny_graph()(torch.full((1, 1, 50, 40), grey))
        assert all(torch.isfinite(values).all() for values in answers)


def test_a_graph_reads_in_evaluation_mode_without_gradients() -> None:
    classifier = tiny_classifier().train()
    graph = ReadingGraph([classifier], Fit(SIZE), CALIBRATION, tiny_graph().familiarity)
    assert not any(part.training for part in graph.modules())
    assert not any(weight.requires_grad for weight in graph.parameters())


# (height, width): both orders, odd and even differences, smaller and larger than the square, and
# slivers; with the sizes below, the film shrinks, grows, and does one in each direction.
SHAPES = [(90, 70), (70, 91), (33, 32), (32, 33), (20, 7), (7, 20), (1, 9), (200, 131), (64, 64)]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_cached_film_is_what_the_graph_sees_but_for_rounding(
    policy: FitPolicy, shape: tuple[int, int]
) -> None:
    film = phantom(size=shape, seed=sum(shape))
    for size in (16, 32, 65):
        seen = Fit(size, policy)(torch.from_numpy(film)[None, None])[0, 0].numpy()
        cached = fit(film, size, policy.value)
        assert np.abs(cached - 255 * seen).max() <= 0.5 + 1e-2  # 8-bit rounding, float32 sums


@given(
    shape=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    size=st.integers(1, 40),
    policy=st.sampled_from(POLICIES),
    seed=st.integers(0, 9),
)
def test_a_cached_film_of_any_shape_is_what_the_graph_sees(
    shape: tuple[int, int], size: int, policy: FitPolicy, seed: int
) -> None:
    film = np.random.default_rng(seed).random(shape, np.float32)
    seen = Fit(size, policy)(torch.from_numpy(film)[None, None])[0, 0].numpy()
    assert np.abs(fit(film, size, policy.value) - 255 * seen).max() <= 0.5 + 1e-2


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("policy", [FitPolicy.PAD, FitPolicy.CROP])
def test_what_the_graph_sees_lies_as_a_heatmap_where_it_is_on_the_film(
    policy: FitPolicy, shape: tuple[int, int]
) -> None:
    film = (phantom(size=shape, seed=1) + np.float32(1)) / 2  # nowhere 0, as a heatmap outside is
    side = max(shape) if policy == FitPolicy.PAD else min(shape)
    seen = Fit(side, policy)(torch.from_numpy(film)[None, None])[0, 0].numpy()

    laid = heatmap(seen, shape, policy)

    covered = laid != 0
    assert covered.sum() == min(side, shape[0]) * min(side, shape[1])
    np.testing.assert_allclose(laid[covered], film[covered], atol=1e-6)


def test_s0_36_findings_that_exclude_each_other_add_up_to_1() -> None:
    """S0-36: the softmax of the calibrated scores, in the graph; scores and maps stay."""
    alone, films = tiny_graph(), phantoms(4)
    networks = [each for each in alone.classifiers if isinstance(each, Classifier)]
    choice = ReadingGraph(networks, alone.fit, CALIBRATION, alone.familiarity, "softmax")
    answers, before = choice(films), alone(films)
    assert torch.allclose(answers.probability.sum(dim=1), torch.ones(4))
    slopes = torch.tensor([platt.slope for platt in CALIBRATION])
    intercepts = torch.tensor([platt.intercept for platt in CALIBRATION])
    expected = (slopes * answers.score + intercepts).softmax(dim=1)
    assert torch.equal(answers.probability, expected)
    assert torch.equal(answers.score, before.score)
    assert torch.equal(answers.map, before.map)
