import copy

import pytest
import torch
from torch import Tensor

from plainfilm.networks import Classifier, build


def films(n: int = 3, side: int = 64, seed: int = 0) -> Tensor:
    return torch.rand(n, 1, side, side, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def classifier() -> Classifier:
    torch.manual_seed(0)
    return build("film-net", 3).eval()


def test_logits_are_one_per_film_and_finding(classifier: Classifier) -> None:
    assert classifier(films()).shape == (3, 3)


def test_brightness_and_contrast_of_a_film_do_not_change_its_logits(classifier: Classifier) -> None:
    bright = films() * 0.5 + 0.3

    torch.testing.assert_close(classifier(bright), classifier(films()), atol=1e-4, rtol=0)


def test_a_film_is_read_alike_alone_and_among_others(classifier: Classifier) -> None:
    together = classifier(films())

    alone = torch.cat([classifier(film.unsqueeze(0)) for film in films()])

    torch.testing.assert_close(alone, together, atol=1e-5, rtol=0)


def test_judging_the_embedded_map_gives_the_logits(classifier: Classifier) -> None:
    last_map, _ = classifier.embed(films())

    torch.testing.assert_close(classifier.judge(last_map), classifier(films()))


def test_pooled_statistics_are_mean_then_deviation_of_each_stage(classifier: Classifier) -> None:
    last_map, pooled = classifier.embed(films())
    channels = last_map.shape[1]

    torch.testing.assert_close(pooled[:, -2 * channels : -channels], last_map.mean(dim=(2, 3)))
    deviation = last_map.var(dim=(2, 3), correction=0).add(1e-6).sqrt()
    torch.testing.assert_close(pooled[:, -channels:], deviation)


def test_the_head_is_the_linear_layer_over_the_average(classifier: Classifier) -> None:
    average = classifier.embed(films())[0].mean(dim=(2, 3))

    logits = average @ classifier.head_weight.T + classifier.head_bias

    torch.testing.assert_close(logits, classifier(films()))
    assert classifier.head.weight is classifier.head_weight


def test_dropout_acts_in_training_only() -> None:
    classifier = build("film-net", 2, dropout=0.5).eval()

    assert torch.equal(classifier(films()), classifier(films()))
    last_map = torch.ones(4, 128, 2, 2)
    classifier.train()
    assert not torch.equal(classifier.judge(last_map), classifier.judge(last_map))


def test_a_state_dict_under_other_names_comes_back() -> None:
    torch.manual_seed(0)
    first, second = build("resnet18", 3), build("resnet18", 3)
    assert not torch.equal(first.head_weight, second.head_weight)

    second.load_state_dict(first.state_dict(), strict=True)

    left, right = first.state_dict(), second.state_dict()
    assert list(left) == list(right)
    assert all(torch.equal(left[key], right[key]) for key in left)


def test_a_copy_keeps_the_names() -> None:
    classifier = build("resnet18", 3)

    assert list(copy.deepcopy(classifier).state_dict()) == list(classifier.state_dict())


def test_other_names_hold_within_a_larger_module() -> None:
    keys = set(torch.nn.ModuleList([build("resnet18", 3)]).state_dict())

    assert {"0.conv1.weight", "0.layer4.1.bn2.weight", "0.fc.bias"} <= keys


def test_a_state_dict_of_other_names_is_refused() -> None:
    with pytest.raises(RuntimeError, match="Missing key"):
        build("resnet18", 3).load_state_dict({"layer1.0.conv1.weight": torch.zeros(1)})


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("film-net", "own", ("classifier.weight", "classifier.bias")),
        ("film-net", "mlp", ("classifier.6.weight", "classifier.6.bias")),
        ("resnet18", "own", ("fc.weight", "fc.bias")),
        ("conv4", "own", ("classifier.3.weight", "classifier.3.bias")),
    ],
)
def test_the_keys_of_the_logits_are_told(name: str, head: str, expected: tuple[str, str]) -> None:
    classifier = build(name, 3, head=head, size=64)
    state = classifier.state_dict()

    assert classifier.logit_keys == expected
    assert torch.equal(state[expected[0]], classifier.head_weight)
    assert torch.equal(state[expected[1]], classifier.head_bias)
    heads = {key for key in state if classifier.is_head_key(key)}
    assert len(heads) == len(list(classifier.classifier.state_dict()))


def test_only_an_average_and_one_layer_are_linear() -> None:
    assert build("film-net", 2).is_linear
    assert not build("film-net", 2, head="mlp").is_linear


def test_dropout_of_a_hidden_head_acts_in_training_only() -> None:
    classifier = build("film-net", 2, head="mlp", dropout=0.5)
    last_map = torch.rand(8, 128, 2, 2)

    assert not torch.equal(classifier.judge(last_map), classifier.judge(last_map))
    classifier.eval()
    assert torch.equal(classifier.judge(last_map), classifier.judge(last_map))
