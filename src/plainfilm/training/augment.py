"""Random changes to films while training, so that a network cannot live on a data set's habits.

Hospitals leave traces that go with a label and not with the disease: a marker letter, the width of
the collimated frame, sharpness, aspect ratio, exposure. Each is changed here at random, alike for
films of every label. `draw` makes all the random choices, `apply` carries them out: the same draw
on the same films gives the same pixels.

Lengths are shares of the film's side, tones lie in [0, 1] as displayed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, Literal, get_args

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from plainfilm.training.chance import Chances
from plainfilm.training.overlays import (
    GLYPHS,
    cover_borders,
    lend_frames,
    paint_rectangles,
    stamp_markers,
)
from plainfilm.training.tones import Lighting, expose, retone

Outside = Literal["zeros", "border", "reflection"]
_CHOICES = {"outside": get_args(Outside), "lighting": get_args(Lighting)}


@dataclass(frozen=True)
class Augment:
    """How far films are changed; every default is off or the value that was found to work.

    A `..._share` is the chance, in [0, 1], that a film gets the change; the other numbers are the
    greatest extent, of which each film gets a uniform part.

    Raises
    ------
    ValueError
        When a share is outside [0, 1] or an extent is negative.

    """

    REFUSED: ClassVar[Mapping[str, str]] = {
        "saturation": "films are grey, and it changes nothing of a grey picture; leave it out"
    }
    """Names that are no settings → why."""

    mirror_share: float = 0.0
    turn_over_share: float = 0.0
    """Upside down; for films that come either way up, which chests do not."""
    rotation_degrees: float = 12.0
    zoom_middle: float = 1.12
    """Scale of the middle film; above 1 shows less of the film's edge."""
    zoom: float = 0.25
    """Zoom is the middle times e to a power within +- this."""
    zoom_share: float = 1.0
    """The others are neither zoomed nor stretched to the middle."""
    aspect: float = 0.35
    """Width to height is multiplied by e to a power within +- this."""
    shift: float = 0.10
    outside: Outside = "zeros"
    """What lies beyond a film's edge: black, the edge's tones, or the film mirrored there."""
    frame_share: float = 0.5
    """The film's outer frame is replaced by that of another film of the batch, of any label."""
    frame_width: float = 0.2
    resolution_share: float = 0.5
    resolution_lowest: float = 0.3
    """Least share of the side's pixels that survives a loss of sharpness."""
    exposure_share: float = 0.5
    """The film's tones are moved towards the spread of tones of another film, of any label."""
    gamma: float = 0.3
    """Tones are raised to e to a power within +- this."""
    contrast: float = 0.4
    """Tones are stretched about their mean by e to a power within +- this, and cut off."""
    brightness: float = 0.1
    """Added to all tones, within +- this; in logits the logit of (1 +- this) / 2."""
    lighting: Lighting = "tones"
    """"logits": brightness and contrast as fast.ai v1 has them, see `tones.retone`."""
    shading: float = 0.2
    """Greatest tone of a slope of brightness across the film."""
    rectangle_share: float = 0.4
    rectangle_size: float = 0.3
    marker_share: float = 0.5
    marker_size: float = 0.16
    border_share: float = 0.5
    border_width: float = 0.14
    noise: float = 0.03

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if (found := getattr(self, name)) not in choices:
                known = ", ".join(choices)
                raise ValueError(f"augment.{name} is {found!r}; expected one of {known}")
        for field in fields(self):
            if field.name in _CHOICES:
                continue
            value = float(getattr(self, field.name))
            top = 1.0 if field.name.endswith("_share") else math.inf
            if not 0.0 <= value <= top:
                raise ValueError(f"augment.{field.name} is {value}; expected 0 to {top}")
        if not 0.0 < self.resolution_lowest <= 1.0 or self.zoom_middle <= 0.0:
            raise ValueError("augment: resolution_lowest and zoom_middle must be above 0")
        if self.lighting == "logits" and self.brightness >= 1:
            raise ValueError(f"augment.brightness is {self.brightness}; expected below 1 in logits")


@dataclass(frozen=True, eq=False)
class Draw:
    """The choices for one batch of N films; made by `draw`, carried out by `apply`.

    Positions and sizes are shares of the side, in the order top, left, height, width.
    """

    mirror: Tensor
    """bool (N,)"""
    turn_over: Tensor
    """bool (N,)"""
    affine: Tensor
    """float32 (N, 2, 3), from the new film's coordinates to the old one's, as `affine_grid`."""
    frame_from: Tensor
    """int64 (N,), the film that lends its frame; the film itself when none does."""
    frame: Tensor
    """float32 (N, 4), width of the lent frame at top, left, bottom, right."""
    exposure_from: Tensor
    """int64 (N,), the film whose spread of tones is taken; the film itself when none is."""
    exposure: Tensor
    """float32 (N,), how far, 0 to 1."""
    resolution: Tensor
    """float32 (N,), share of the side's pixels kept."""
    tone: Tensor
    """float32 (N, 5): gamma, contrast, brightness, slope down, slope across."""
    rectangle: Tensor
    """float32 (N, 5): box and tone; height 0 for none."""
    marker: Tensor
    """float32 (N, 6): box, tone, opacity; height 0 for none."""
    glyph: Tensor
    """int64 (N,), which marker."""
    border: Tensor
    """float32 (N, 5): width at top, left, bottom, right, and tone."""
    noise: Tensor
    """float32 (N,), standard deviation."""
    noise_seed: int
    place: Tensor
    """int64 (N,), each film's place in the batch that noise is drawn for."""
    n_batch: int
    """Films in that batch; N where it is this one."""
    outside: Outside = "zeros"
    lighting: Lighting = "tones"


def draw(n: int, settings: Augment, generator: Generator) -> Draw:
    """Return random choices for n films; the same generator state gives the same choices."""
    chance = Chances(n, generator)
    return Draw(
        mirror=chance.happens(settings.mirror_share),
        affine=_draw_affine(chance, settings),
        frame_from=chance.another(settings.frame_share),
        frame=settings.frame_width * chance.uniform(4),
        exposure_from=chance.another(settings.exposure_share),
        exposure=chance.uniform(),
        resolution=_draw_resolution(chance, settings),
        tone=_draw_tone(chance, settings),
        rectangle=_draw_rectangle(chance, settings),
        marker=_draw_marker(chance, settings),
        glyph=torch.randint(len(GLYPHS), (n,), generator=generator),
        border=_draw_border(chance, settings),
        noise=settings.noise * chance.uniform(),
        noise_seed=int(torch.randint(2**31, (1,), generator=generator)),
        place=torch.arange(n),
        n_batch=n,
        turn_over=chance.rarely(settings.turn_over_share),
        outside=settings.outside,
        lighting=settings.lighting,
    )


def apply(batch: Tensor, choices: Draw) -> Tensor:
    """Return the films changed as drawn, in [0, 1], on the batch's device; the batch stays as is.

    Parameters
    ----------
    batch
        float32 (N, 1, S, S) in [0, 1], displayed tones.
    choices
        Made for N films.

    Raises
    ------
    ValueError
        When the draw was made for another number of films.

    """
    if len(choices.mirror) != len(batch):
        raise ValueError(f"{len(batch)} films, but the draw was made for {len(choices.mirror)}")
    films = torch.where(choices.mirror.to(batch.device).view(-1, 1, 1, 1), batch.flip(-1), batch)
    films = torch.where(choices.turn_over.to(batch.device).view(-1, 1, 1, 1), films.flip(-2), films)
    films = lend_frames(films, choices.frame_from, choices.frame)
    films = expose(films, choices.exposure_from, choices.exposure)
    films = _warp(films, choices.affine, choices.outside)
    films = _blur(films, choices.resolution)
    films = retone(films, choices.tone, choices.lighting)
    films = paint_rectangles(films, choices.rectangle)
    films = stamp_markers(films, choices.marker, choices.glyph)
    films = cover_borders(films, choices.border)
    if not choices.noise.any():
        return films.clamp(0.0, 1.0)
    generator = Generator(films.device).manual_seed(choices.noise_seed)
    shape = (choices.n_batch, *films.shape[1:])
    noise = torch.randn(shape, generator=generator, device=films.device)
    noise = noise[choices.place.to(films.device)]
    return (films + noise * choices.noise.to(films).view(-1, 1, 1, 1)).clamp(0.0, 1.0)


def _draw_affine(chance: Chances, settings: Augment) -> Tensor:
    angle = math.radians(settings.rotation_degrees) * chance.around_zero()
    zoom = settings.zoom_middle * torch.exp(settings.zoom * chance.around_zero())
    zoom = torch.where(chance.rarely(settings.zoom_share), zoom, 1.0)
    half_aspect = torch.exp(0.5 * settings.aspect * chance.around_zero())
    across, down = 1 / (zoom * half_aspect), half_aspect / zoom
    shift = 2 * settings.shift * chance.around_zero(2)
    cos, sin = torch.cos(angle), torch.sin(angle)
    first = torch.stack([cos * across, -sin * down, shift[:, 0]], dim=1)
    second = torch.stack([sin * across, cos * down, shift[:, 1]], dim=1)
    return torch.stack([first, second], dim=1)


def _draw_resolution(chance: Chances, settings: Augment) -> Tensor:
    lost = (1 - settings.resolution_lowest) * chance.uniform()
    return 1 - lost * chance.happens(settings.resolution_share)


def _draw_tone(chance: Chances, settings: Augment) -> Tensor:
    gamma = torch.exp(settings.gamma * chance.around_zero(1))
    contrast = torch.exp(settings.contrast * chance.around_zero(1))
    brightness = settings.brightness * chance.around_zero(1)
    if settings.lighting == "logits":
        brightness = torch.logit((1 + brightness) / 2)
    return torch.cat([gamma, contrast, brightness, settings.shading * chance.around_zero(2)], 1)


def _draw_rectangle(chance: Chances, settings: Augment) -> Tensor:
    size = settings.rectangle_size * (0.15 + 0.85 * chance.uniform(2))
    size = size * chance.happens(settings.rectangle_share).unsqueeze(1)
    corner = chance.uniform(2) * (1 - size)
    return torch.cat([corner, size, chance.uniform(1)], dim=1)


def _draw_marker(chance: Chances, settings: Augment) -> Tensor:
    height = settings.marker_size * (0.3 + 0.7 * chance.uniform(1))
    size = torch.cat([height, height * (0.4 + 0.6 * chance.uniform(1))], dim=1)
    size = size * chance.happens(settings.marker_share).unsqueeze(1)
    corner = chance.uniform(2) * (1 - size)
    # Four markers of five are bright, as lead letters are; the others dark.
    bright = chance.happens(0.8).unsqueeze(1)
    tone = torch.where(bright, 0.75 + 0.25 * chance.uniform(1), 0.2 * chance.uniform(1))
    return torch.cat([corner, size, tone, 0.6 + 0.4 * chance.uniform(1)], dim=1)


def _draw_border(chance: Chances, settings: Augment) -> Tensor:
    width = settings.border_width * chance.uniform(4) * (chance.uniform(4) < 0.75)
    # Half of the collimated borders are black, the others of any tone.
    tone = chance.uniform(1) * chance.happens(0.5).unsqueeze(1)
    return torch.cat([width * chance.happens(settings.border_share).unsqueeze(1), tone], dim=1)


def _warp(films: Tensor, affine: Tensor, outside: Outside) -> Tensor:
    moved = (affine != torch.eye(2, 3)).flatten(1).any(dim=1).nonzero().flatten()
    if not len(moved):
        return films
    changed, places = films.clone(), moved.to(films.device)
    grid = F.affine_grid(affine[moved].to(films), list(films[places].shape), align_corners=False)
    changed[places] = F.grid_sample(
        films[places], grid, mode="bilinear", padding_mode=outside, align_corners=False
    )
    return changed


def _blur(films: Tensor, resolution: Tensor) -> Tensor:
    """Shrink each film and enlarge it again."""
    blurred = films.clone()
    size = films.shape[-1]
    kept = (resolution * size).round().clamp(min=1).to(torch.int64).tolist()
    for index, pixels in enumerate(kept):
        if pixels < size:
            one = films[index : index + 1]
            small = F.interpolate(one, (pixels, pixels), mode="bilinear", antialias=True)
            blurred[index] = F.interpolate(small, films.shape[-2:], mode="bilinear")[0]
    return blurred
