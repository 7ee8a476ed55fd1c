import pytest
import torch
from torch import Tensor

from plainfilm.errors import RecipeError
from plainfilm.networks import build
from plainfilm.networks.normalise import ImageNet, PerBatch, PerFilm, PerPixel, normaliser


def films(n: int = 3, side: int = 64, seed: int = 0) -> Tensor:
    return torch.rand(n, 1, side, side, generator=torch.Generator().manual_seed(seed))


def test_a_film_of_one_grey_becomes_zero_not_nan() -> None:
    flat = torch.full((1, 1, 8, 8), 0.7)

    assert PerFilm()(flat).abs().max() < 1e-3


def test_no_engine_is_asked_to_add_up_all_pixels_of_a_film_at_once() -> None:
    """Each would do it in its own order; three real films of 238 showed it, at 1.7e-5."""
    traced = torch.fx.symbolic_trace(PerFilm())
    axes = [node.kwargs["dim"] for node in traced.graph.nodes if node.target == "mean"]
    assert axes == [3, (1, 2), 3, (1, 2)]


def test_per_film_normalisation_leaves_mean_0_and_deviation_1() -> None:
    standard = PerFilm()(films())

    torch.testing.assert_close(standard.mean(dim=(1, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    deviation = standard.std(dim=(1, 2, 3), correction=0)
    torch.testing.assert_close(deviation, torch.ones(3), atol=1e-4, rtol=0)


def test_imagenet_normalisation_gives_three_channels_by_hand() -> None:
    """S0-26."""
    grey = torch.full((1, 1, 2, 2), 0.5)

    red, green, blue = ImageNet()(grey)[0, :, 0, 0].tolist()

    assert red == pytest.approx((0.5 - 0.485) / 0.229)
    assert green == pytest.approx((0.5 - 0.456) / 0.224)
    assert blue == pytest.approx((0.5 - 0.406) / 0.225)


def test_a_grey_network_refuses_three_channels() -> None:
    with pytest.raises(RecipeError, match="this network takes one"):
        build("film-net", 2, normalise="imagenet")


def test_an_unknown_normalisation_is_named() -> None:
    with pytest.raises(
        RecipeError, match="found 'histogram'; expected one of film, imagenet, unit, signed, xrv"
    ):
        build("film-net", 2, normalise="histogram")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("unit", [0.0, 0.5, 1.0]),
        ("signed", [-1.0, 0.0, 1.0]),
        ("xrv", [-1024.0, 0.0, 1024.0]),
    ],
)
def test_fixed_scales_by_hand(name: str, expected: list[float]) -> None:
    """S0-25, S2-43: black, middle grey and white."""
    tones = torch.tensor([0.0, 0.5, 1.0]).view(1, 1, 1, 3)

    assert normaliser(name, 1, 1)(tones).flatten().tolist() == expected


def test_each_pixel_by_its_own_mean_and_deviation() -> None:
    """S3-08."""
    one = normaliser("pixel", 1, 2)
    assert isinstance(one, PerPixel)
    assert torch.equal(one(films(side=2)), films(side=2)), "until told"

    one.tell(torch.tensor([[0.0, 0.5], [0.25, 0.0]]), torch.tensor([[1.0, 0.25], [0.5, 2.0]]))

    assert one(torch.full((1, 1, 2, 2), 0.5)).flatten().tolist() == [0.5, 0.0, 0.5, 0.25]


def test_s0_24_a_batch_s_films_get_mean_0_and_deviation_1() -> None:
    """S0-24: all its pixels together; another batch is moved by the same two numbers."""
    normalise, batch = PerBatch(), 0.3 + 0.4 * films(8)

    normalise.tell(batch)

    assert normalise(batch).mean().item() == pytest.approx(0, abs=1e-5)
    assert normalise(batch).std().item() == pytest.approx(1, abs=1e-4)
    other = films(2, seed=1)
    expected = (other - batch.mean()) / batch.std()
    torch.testing.assert_close(normalise(other), expected, atol=1e-5, rtol=1e-5)


def test_a_batch_of_one_grey_becomes_zero_not_nan() -> None:
    normalise, flat = PerBatch(), torch.full((2, 1, 8, 8), 0.7)

    normalise.tell(flat)

    assert normalise(flat).abs().max() < 1e-6
