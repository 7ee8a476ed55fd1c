import numpy as np
import pytest
import torch

from plainfilm.networks.encoded import OnePlace, Places, Tones, arrange


def test_tones_are_the_span_then_the_mean_then_the_deviation() -> None:
    films = torch.rand(2, 1, 4, 5)

    found = Tones(3, (-10.0, 30.0), (1.0, 2.0, 3.0), (4.0, 5.0, 8.0))(films)

    assert found.shape == (2, 3, 4, 5)
    for channel, (mean, deviation) in enumerate([(1, 4), (2, 5), (3, 8)]):
        expected = (films[:, 0] * 40 - 10 - mean) / deviation
        assert torch.allclose(found[:, channel], expected)


def test_one_mean_counts_for_every_channel() -> None:
    films = torch.rand(1, 1, 3, 3)

    found = Tones(3, (0.0, 1.0), (0.5,), (0.25,))(films)

    assert torch.equal(found[:, 0], found[:, 2])
    assert torch.allclose(found[:, 0], (films[:, 0] - 0.5) / 0.25)


def test_patches_lie_row_by_row_and_lose_the_tokens_before_them() -> None:
    tokens = torch.arange(2 * 7 * 3.0).reshape(2, 7, 3)[:, [0, 1, 2, 3, 4]]

    laid = arrange("tokens", (5, 3), 1)(tokens)

    assert laid.shape == (2, 3, 2, 2)
    assert torch.equal(laid[:, :, 0, 0], tokens[:, 1])
    assert torch.equal(laid[:, :, 0, 1], tokens[:, 2])
    assert torch.equal(laid[:, :, 1, 0], tokens[:, 3])


def test_the_mean_over_the_places_is_the_mean_over_the_patches() -> None:
    tokens = torch.randn(3, 17, 6)

    laid = arrange("tokens", (17, 6), 1)(tokens)

    assert np.allclose(laid.mean(dim=(2, 3)), tokens[:, 1:].mean(dim=1), atol=1e-6)


@pytest.mark.parametrize(
    ("gives", "shape", "kind"),
    [
        ("embedding", (6,), OnePlace),
        ("first-token", (5, 6), OnePlace),
        ("tokens", (4, 6), Places),
        ("map", (6, 3, 2), Places),
    ],
)
def test_only_what_has_places_is_a_map(gives: str, shape: tuple[int, ...], kind: type) -> None:
    arranged = arrange(gives, shape, 0)  # type: ignore[arg-type]

    assert type(arranged) is kind
    assert arranged(torch.zeros(2, *shape)).shape[:2] == (2, 6)


def test_the_first_token_alone_counts() -> None:
    tokens = torch.randn(2, 5, 6)

    assert torch.equal(arrange("first-token", (5, 6), 1)(tokens)[:, :, 0, 0], tokens[:, 0])


@pytest.mark.parametrize(
    ("gives", "shape", "extra", "expected"),
    [
        ("embedding", (5, 6), 1, r"gives \(N, 5, 6\); encoder.gives 'embedding' is \(N, D\)"),
        ("tokens", (6,), 1, r"gives \(N, 6\); encoder.gives 'tokens' is \(N, T, D\)"),
        ("map", (5, 6), 1, r"encoder.gives 'map' is \(N, D, h, w\)"),
        ("tokens", (18, 6), 1, r"gives 18 tokens, 17 after the first 1; expected a square number"),
        ("tokens", (1, 6), 1, r"gives 1 tokens, 0 after"),
        ("tokens", (2, 6), 3, r"gives 2 tokens, -1 after"),
    ],
)
def test_another_shape_is_named(
    gives: str, shape: tuple[int, ...], extra: int, expected: str
) -> None:
    with pytest.raises(ValueError, match=expected):
        arrange(gives, shape, extra)  # type: ignore[arg-type]
