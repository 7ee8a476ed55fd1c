from dataclasses import fields, replace

import pytest
import torch
from torch import Generator, Tensor

from plainfilm.errors import RecipeError
from plainfilm.training.augment import Augment, Draw, apply, draw
from plainfilm.training.recipe import Recipe

# Nothing is changed: every share and extent is zero, and the zoom's middle is the film itself.
STILL = Augment(
    **{field.name: 0.0 for field in fields(Augment) if field.name not in ("outside", "lighting")}
    | {"zoom_middle": 1.0, "resolution_lowest": 1, "zoom_share": 1}
)


def _films(n: int = 6, side: int = 40) -> Tensor:
    return torch.rand(n, 1, side, side, generator=Generator().manual_seed(1))


def _changed(films: Tensor, settings: Augment, seed: int = 0) -> Tensor:
    return apply(films, draw(len(films), settings, Generator().manual_seed(seed)))


def test_settings_of_zero_leave_the_films_as_they_are() -> None:
    """S0-21: a rotation of at most 0 degrees, too."""
    assert torch.equal(_changed(_films(), STILL), _films())


def test_films_that_a_change_leaves_out_keep_every_bit() -> None:
    """Half of them are zoomed, half toned: where neither, nothing is computed anew."""
    settings = replace(STILL, zoom_middle=1.3, zoom_share=0.5, exposure_share=0.5)
    choices = draw(16, settings, Generator().manual_seed(0))
    still = (choices.affine == torch.eye(2, 3)).flatten(1).all(dim=1)
    still &= choices.exposure_from == torch.arange(16)

    changed = apply(_films(16), choices)

    assert 0 < int(still.sum()) < 16
    assert torch.equal(changed[still], _films(16)[still])
    assert (changed[~still] - _films(16)[~still]).abs().amax(dim=(1, 2, 3)).min() > 0.01


def test_the_same_draw_gives_the_same_pixels() -> None:
    choices = draw(6, Augment(), Generator().manual_seed(3))

    assert torch.equal(apply(_films(), choices), apply(_films(), choices))


def test_the_same_seed_gives_the_same_draw_and_another_seed_another() -> None:
    first, second, other = (_changed(_films(), Augment(), seed) for seed in (4, 4, 5))

    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_films_given_are_not_altered() -> None:
    films = _films()

    _changed(films, Augment())

    assert torch.equal(films, _films())


def test_changed_films_keep_shape_and_range() -> None:
    films = _changed(_films(12), Augment())

    assert films.shape == (12, 1, 40, 40)
    assert films.dtype == torch.float32
    assert 0 <= films.min() <= films.max() <= 1


@pytest.mark.parametrize(
    "settings",
    [
        replace(STILL, mirror_share=1.0),
        replace(STILL, turn_over_share=1.0),
        replace(STILL, rotation_degrees=12.0),
        replace(STILL, zoom=0.3),
        replace(STILL, aspect=0.3),
        replace(STILL, shift=0.1),
        replace(STILL, frame_share=1.0, frame_width=0.2),
        replace(STILL, exposure_share=1.0),
        replace(STILL, resolution_share=1.0, resolution_lowest=0.3),
        replace(STILL, gamma=0.3),
        replace(STILL, contrast=0.3),
        replace(STILL, brightness=0.1),
        replace(STILL, brightness=0.1, lighting="logits"),
        replace(STILL, shading=0.2),
        replace(STILL, rectangle_share=1.0, rectangle_size=0.3),
        replace(STILL, marker_share=1.0, marker_size=0.3),
        replace(STILL, border_share=1.0, border_width=0.2),
        replace(STILL, noise=0.05),
    ],
)
def test_each_change_alone_changes_the_films(settings: Augment) -> None:
    assert (_changed(_films(), settings) - _films()).abs().max() > 0.01


def test_a_mirrored_film_is_the_film_flipped() -> None:
    films = _changed(_films(), replace(STILL, mirror_share=1.0))

    torch.testing.assert_close(films, _films().flip(-1), atol=1e-5, rtol=0)


def test_a_lent_frame_leaves_the_centre_alone() -> None:
    films = _changed(_films(), replace(STILL, frame_share=1.0, frame_width=0.2))

    torch.testing.assert_close(films[..., 8:32, 8:32], _films()[..., 8:32, 8:32], atol=1e-5, rtol=0)


def test_a_marker_covers_no_more_than_its_size() -> None:
    black = torch.zeros(32, 1, 40, 40)

    films = _changed(black, replace(STILL, marker_share=1.0, marker_size=0.2))

    touched = (films > 0).flatten(1).sum(dim=1)
    assert touched.max() <= (0.2 * 40) ** 2
    assert touched.count_nonzero() > 20


def _tones(film: Tensor) -> Tensor:
    return film.flatten().quantile(torch.linspace(0.05, 0.95, 10))


def test_swapped_exposure_takes_the_spread_of_tones_of_another_film() -> None:
    dark, bright = 0.3 * _films(1, 80), 0.5 + 0.5 * _films(1, 80)
    films = torch.cat([dark, bright])
    choices = draw(2, replace(STILL, exposure_share=1.0), Generator().manual_seed(0))
    swapped = replace(choices, exposure_from=torch.tensor([1, 0]), exposure=torch.ones(2))

    changed = apply(films, swapped)

    torch.testing.assert_close(_tones(changed[0]), _tones(bright), atol=0.02, rtol=0)
    torch.testing.assert_close(_tones(changed[1]), _tones(dark), atol=0.02, rtol=0)


def test_swapped_exposure_keeps_the_order_of_tones() -> None:
    films = torch.rand(8, 1, 40, 40, generator=Generator().manual_seed(2)) ** torch.linspace(
        0.3, 3, 8
    ).view(-1, 1, 1, 1)

    changed = _changed(films, replace(STILL, exposure_share=1.0))

    order = films.flatten(1).argsort(dim=1)
    assert (changed.flatten(1).gather(1, order).diff(dim=1) >= -1e-6).all()


def test_swapped_exposure_bears_films_of_one_tone() -> None:
    films = torch.cat([torch.zeros(3, 1, 40, 40), torch.ones(3, 1, 40, 40)])

    changed = _changed(films, replace(STILL, exposure_share=1.0))

    assert torch.isfinite(changed).all()
    assert 0 <= changed.min() <= changed.max() <= 1


def test_half_of_the_films_are_changed_at_a_share_of_one_half() -> None:
    choices = draw(4000, replace(STILL, mirror_share=0.5), Generator().manual_seed(0))

    assert 0.46 < choices.mirror.float().mean() < 0.54


def test_a_film_turned_lies_as_far_from_the_middle_as_before() -> None:
    spot = torch.zeros(1, 1, 81, 81)
    spot[0, 0, 40 - 20, 40] = 1.0

    turned = _changed(spot, replace(STILL, rotation_degrees=30.0))

    rows, columns = torch.meshgrid(torch.arange(81.0), torch.arange(81.0), indexing="ij")
    weight = turned[0, 0] / turned.sum()
    row, column = (weight * rows).sum() - 40, (weight * columns).sum() - 40
    assert torch.hypot(row, column).item() == pytest.approx(20, abs=0.2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mirror_share", 1.5),
        ("zoom", -0.1),
        ("resolution_lowest", 0.0),
        ("noise", float("nan")),
        ("outside", "white"),
        ("lighting", "dark"),
    ],
)
def test_impossible_settings_are_refused(name: str, value: float | str) -> None:
    with pytest.raises(ValueError, match="augment"):
        replace(Augment(), **{name: value})  # type: ignore[arg-type]


def test_a_level_of_black_or_white_is_refused() -> None:
    assert Augment(brightness=1.5).brightness == 1.5
    with pytest.raises(ValueError, match=r"brightness is 1\.0; expected below 1 in logits"):
        Augment(brightness=1.0, lighting="logits")


def test_a_draw_for_another_number_of_films_is_refused() -> None:
    with pytest.raises(ValueError, match="6 films"):
        apply(_films(6), draw(5, Augment(), Generator().manual_seed(0)))


MANY = 10_000


def _drawn(**settings: float) -> Draw:
    return draw(MANY, replace(STILL, **settings), Generator().manual_seed(0))


def test_rotation_lies_within_its_degrees_either_way() -> None:
    """S0-21."""
    affine = _drawn(rotation_degrees=30.0).affine
    degrees = torch.atan2(affine[:, 1, 0], affine[:, 0, 0]).rad2deg()

    assert float(degrees.abs().max()) <= 30.001
    assert abs(float(degrees.mean())) <= 0.6
    assert 0.48 <= float((degrees > 0).float().mean()) <= 0.52


@pytest.mark.parametrize(
    ("middle", "zoom", "most"),
    [(1.14, 0.131, 1.3), (1.054, 0.053, 1 / 0.9)],
    ids=["S0-22", "S2-20"],
)
def test_the_published_zooms_lie_between_1_and_their_greatest(
    middle: float, zoom: float, most: float
) -> None:
    """S0-22, S2-20, S2-44: 1 to 1.3 of every film; a crop that keeps 90 % or more."""
    kept = _drawn(zoom_middle=middle, zoom=zoom).affine[:, 0, 0]

    assert 1 / float(kept.min()) == pytest.approx(most, rel=0.002)
    assert float(kept.max()) == pytest.approx(1.0, abs=0.002)


def test_the_published_text_zooms_half_of_the_films() -> None:
    """S0-22: by 1.3 or not at all; the rest of the draw is as it was."""
    zoom = 1 / _drawn(zoom_middle=1.3, zoom_share=0.5).affine[:, 0, 0]
    is_zoomed = zoom > 1.1

    torch.testing.assert_close(zoom, torch.where(is_zoomed, 1.3, 1.0))
    assert float(is_zoomed.float().mean()) == pytest.approx(0.5, abs=0.02)


def test_the_contrast_of_the_published_code_is_even_by_its_logarithm() -> None:
    """S0-23: 0.6 to 1.667, which is e to a power within 0.511."""
    contrast = _drawn(contrast=0.511).tone[:, 1]

    assert (float(contrast.min()), float(contrast.max())) == pytest.approx((0.6, 1.667), abs=0.001)
    quartiles = contrast.log().quantile(torch.tensor([0.25, 0.5, 0.75]))
    assert quartiles.tolist() == pytest.approx([-0.2555, 0.0, 0.2555], abs=0.02)


def test_the_brightness_of_the_published_code_is_moved_in_logits() -> None:
    """S0-23: a level of 0.3 to 0.7, evenly, where 0.5 changes nothing; contrast 0.6 to 1.667."""
    told = ("brightness=0.4", "contrast=0.511", "lighting=logits")
    published = Recipe.from_toml("", settings=[f"augment.{each}" for each in told]).augment
    choices = draw(MANY, published, Generator().manual_seed(0))
    contrast, level = choices.tone[:, 1], choices.tone[:, 2].sigmoid()

    assert (float(level.min()), float(level.max())) == pytest.approx((0.3, 0.7), abs=0.001)
    assert (float(contrast.min()), float(contrast.max())) == pytest.approx((0.6, 1.667), abs=0.001)
    quartiles = level.quantile(torch.tensor([0.25, 0.5, 0.75]))
    assert quartiles.tolist() == pytest.approx([0.4, 0.5, 0.6], abs=0.01)
    assert choices.lighting == "logits"
    assert Augment().lighting == "tones"


def test_lighting_in_logits_is_what_apply_does_with_the_drawn_level_and_contrast() -> None:
    """S0-23: sigmoid((logit(tone) + logit(level)) * contrast), as fast.ai v1 has it."""
    settings = replace(STILL, brightness=0.4, contrast=0.511, lighting="logits")
    choices = draw(6, settings, Generator().manual_seed(0))
    level, contrast = (choices.tone[:, n].view(-1, 1, 1, 1).double() for n in (2, 1))
    level = level.sigmoid()

    odds = (_films().double() / (1 - _films().double()) * level / (1 - level)) ** contrast

    torch.testing.assert_close(
        apply(_films(), choices).double(), odds / (1 + odds), atol=1e-6, rtol=0
    )


def test_brightness_and_contrast_change_every_film_within_their_extent() -> None:
    """S0-23, S2-21: 0.4 either way."""
    _, contrast, brightness, _, _ = _drawn(brightness=0.4, contrast=0.4).tone.unbind(1)

    for powers in (contrast.log(), brightness):
        assert 0.399 <= float(powers.abs().max()) <= 0.4001
        assert int((powers == 0).sum()) == 0


def test_a_film_mirrored_twice_is_the_film() -> None:
    """S0-29, S2-19, S2-44: off unless asked for, since a mirrored chest has its heart at right."""
    assert Augment().mirror_share == 0
    settings = replace(STILL, mirror_share=1.0)

    torch.testing.assert_close(_changed(_changed(_films(), settings), settings), _films())


def test_a_film_turned_over_twice_is_the_film() -> None:
    """S0-29: off unless asked for; top and bottom exchanged."""
    assert Augment().turn_over_share == 0
    settings = replace(STILL, turn_over_share=1.0)

    turned = _changed(_films(), settings)

    torch.testing.assert_close(turned, _films().flip(-2), atol=1e-5, rtol=0)
    torch.testing.assert_close(_changed(turned, settings), _films(), atol=1e-5, rtol=0)


def test_what_lies_beyond_the_edge_is_black_the_edge_or_the_film_mirrored() -> None:
    """S0-29: a film moved by a tenth of its side, to see what comes in."""
    film = torch.linspace(0.2, 0.8, 40).expand(1, 1, 40, 40)
    choices = draw(1, STILL, Generator().manual_seed(0))
    moved = replace(choices, affine=torch.tensor([[[1.0, 0, -0.2], [0, 1, 0]]]))  # 4 columns

    zeros, border, reflection = (
        apply(film, replace(moved, outside=outside))[0, 0, 20, :4]
        for outside in ("zeros", "border", "reflection")
    )

    assert zeros.abs().max() < 1e-5
    torch.testing.assert_close(border, film[0, 0, 20, :1].expand(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(reflection, film[0, 0, 20, :4].flip(0), atol=1e-5, rtol=0)


def test_a_crop_at_random_lies_within_the_film() -> None:
    """S0-29, S2-20: a zoom z and a shift of (1 - 1/z)/2 need nothing from beyond the edge."""
    white = torch.ones(200, 1, 40, 40)
    settings = replace(STILL, zoom_middle=1.25, shift=0.1)

    assert _changed(white, settings).min() >= 0.5  # half a pixel at most
    assert _changed(white, replace(settings, shift=0.2)).min() < 0.01


def test_a_chest_is_not_turned_over() -> None:
    """S2-22: where a recipe is for chests, upside down is refused; hands may lie so."""
    settings = ["augment.turn_over_share=0.5"]
    hands = [*settings, 'release.population.body_parts=["hand"]']

    with pytest.raises(RecipeError, match=r"turn_over_share: no one reads a chest upside down"):
        Recipe.from_toml("", settings=settings)
    assert Recipe.from_toml("", settings=hands).augment.turn_over_share == 0.5


@pytest.mark.parametrize("settings", [[], ["augment.saturation=3"]])
def test_a_change_of_colours_is_refused_with_the_reason(settings: list[str]) -> None:
    """S2-21: a grey film has none; named in the file or as a setting, at any extent."""
    text = "" if settings else "[augment]\nsaturation = 0.0"

    with pytest.raises(RecipeError, match=r"saturation: films are grey, and .*leave it out"):
        Recipe.from_toml(text, settings=settings)
