import torch
from torch import nn

from plainfilm.networks.chain import Chain


def chain() -> Chain:
    return Chain(
        [nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3), nn.ReLU()]
    ).eval()


def test_layers_are_numbered_in_a_row() -> None:
    assert set(chain().state_dict()) == {"0.weight", "0.bias", "3.weight", "3.bias"}


def test_channels_are_those_of_the_first_and_last_convolution() -> None:
    assert (chain().in_channels, chain().out_channels) == (3, 6)


def test_stages_are_what_stands_before_each_pooling_and_the_end() -> None:
    body, films = chain(), torch.rand(2, 1, 16, 16)

    maps = body.stages(films)

    assert [tuple(one.shape[1:]) for one in maps] == [(4, 16, 16), (6, 6, 6)]
    assert torch.equal(maps[-1], body(films))


def test_a_grey_film_equals_its_three_channel_copy() -> None:
    body, grey = chain(), torch.rand(2, 1, 16, 16)

    assert torch.equal(body(grey), body(grey.repeat(1, 3, 1, 1)))
