from plainfilm.training.layers import layers_of, table_of
from tiny_training import tiny_recipe


def test_s2_10_every_layer_has_its_shape_and_weights() -> None:
    """S2-10: LeNet-5 by hand; the totals are the published 34,635,761."""
    layers = layers_of(tiny_recipe("network.name=lenet5", "data.size=224"), 1)

    first = layers[1]
    assert (first.name, first.kind, first.shape) == ("features.0", "Conv2d", (6, 220, 220))
    assert first.weights == 3 * 6 * 25 + 6
    assert (layers[-1].name, layers[-1].shape) == ("classifier.6", (1,))
    assert sum(layer.weights for layer in layers) == 34_635_761


def test_a_table_ends_with_totals_and_tells_what_learns() -> None:
    frozen = ("network.init=x", "network.frozen_before=head")
    settings = ("network.name=vgg16", "data.size=224", *frozen)

    lines = table_of(layers_of(tiny_recipe(*settings), 1)).splitlines()

    assert lines[0].split() == ["layer", "kind", "gives", "weights", "learning"]
    assert lines[-1].split() == ["total", "33,601,345", "18,886,657"]
    assert len({len(line) for line in lines}) == 1
