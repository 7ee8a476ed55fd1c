from pathlib import Path

import numpy as np
import pytest
import torch

from plainfilm.networks.small import FilmNet, film_features
from plainfilm.reading.runtimes import onnxruntime


def _films(n: int = 2, side: int = 64) -> torch.Tensor:
    return torch.randn(n, 1, side, side, generator=torch.Generator().manual_seed(0))


def test_features_are_a_sixteenth_of_the_film() -> None:
    net = film_features()

    assert net.eval()(_films(side=64)).shape == (2, net.out_channels, 4, 4)


def test_stages_come_in_order_and_the_last_is_the_features() -> None:
    net = film_features(widths=(4, 6, 8), strides=(2, 2, 1)).eval()

    maps = net.stages(_films(side=32))

    assert [tuple(one.shape[1:]) for one in maps] == [(4, 16, 16), (6, 8, 8), (8, 8, 8)]
    assert tuple(one.shape[1] for one in maps) == net.stage_channels
    assert torch.equal(maps[-1], net(_films(side=32)))


def test_features_are_never_negative() -> None:
    assert film_features(widths=(4, 8), strides=(2, 2)).eval()(_films()).min() >= 0


def test_every_weight_of_a_trained_block_learns() -> None:
    net = film_features(widths=(4, 6, 6), strides=(2, 2, 1))
    for block in net.blocks:
        torch.nn.init.ones_(block.norm.weight)

    net(_films()).square().sum().backward()

    assert all(weight.grad is not None for weight in net.parameters())


def test_a_film_reads_the_same_alone_or_in_a_batch() -> None:
    net = film_features(widths=(4, 8), strides=(2, 2)).eval()
    films = _films(3)

    torch.testing.assert_close(net(films)[1:2], net(films[1:2]))


def test_the_default_stays_small() -> None:
    assert sum(weight.numel() for weight in film_features().parameters()) < 1_000_000


@pytest.mark.parametrize(
    ("widths", "strides"), [((8,), (2,)), ((8, 0), (2, 2)), ((8, 8), (2,)), ((8, 8), (2, 3))]
)
def test_widths_and_strides_must_go_together(
    widths: tuple[int, ...], strides: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="expected"):
        FilmNet(widths, strides)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch.export and onnxscript warn about their own insides
def test_the_exported_network_gives_the_same_features(tmp_path: Path) -> None:
    net = film_features().eval()
    films = _films(3, 80)
    batch = {"films": {0: torch.export.Dim("n")}}

    program = torch.onnx.export(net, (films,), dynamo=True, dynamic_shapes=batch, verbose=False)
    assert program is not None
    program.save(str(tmp_path / "net.onnx"))
    session = onnxruntime.InferenceSession(str(tmp_path / "net.onnx"))
    (features,) = session.run(None, {session.get_inputs()[0].name: films[:2].numpy()})

    np.testing.assert_allclose(features, net(films[:2]).detach().numpy(), atol=1e-5)
