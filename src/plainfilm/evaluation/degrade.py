"""Poor equipment imitated: films of few pixels, compressed, mis-exposed, turned, photographed.

| degradation | the film |
|---|---|
| `resolution 64`, `128`, `224` | its longer side has that many pixels, at most |
| `JPEG 20`, `50`, `90` | saved as JPEG of that quality and opened again |
| `gamma 0.5`, `2` | each grey to that power: lighter, darker |
| `noise 0.05`, `0.1` | Gaussian noise of that standard deviation on greys in [0, 1] |
| `rotation -30`, `-15`, `15`, `30` | turned counter-clockwise by degrees, corners black |
| `photograph` | by a telephone, on a light box: askew, uneven light, a reflection, a blur |

Nothing is drawn by chance twice: the same film gives the same degraded film.
"""

import io
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from PIL import Image, ImageFilter

from plainfilm.evaluation.bootstrap import TOO_FEW, Interval, PatientDraws, interval, rank_draws
from plainfilm.evaluation.metrics import Floats, auroc
from plainfilm.evaluation.table import Predictions
from plainfilm.radiograph import Pixels

SAMPLE = 120  # films of a split, at most, that are degraded
WORSE = 0.05  # AUROC; a fall by more is said in words
PREFIX = "degraded "  # of the columns in the table of predictions


def at_resolution(pixels: Pixels, longest: int) -> Pixels:
    """The film with at most `longest` pixels on its longer side, antialiased."""
    height, width = pixels.shape
    scale = longest / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return _floats(_picture(pixels).resize(size, Image.Resampling.BILINEAR))


def as_jpeg(pixels: Pixels, quality: int) -> Pixels:
    """The film after saving it as JPEG in 8 bit."""
    content = io.BytesIO()
    Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(content, "JPEG", quality=quality)
    saved: Pixels = np.asarray(Image.open(content), dtype=np.float32) / np.float32(255)
    return saved


def with_gamma(pixels: Pixels, gamma: float) -> Pixels:
    """Each grey to the power of `gamma`."""
    return np.asarray(pixels**gamma, dtype=np.float32)


def with_noise(pixels: Pixels, deviation: float) -> Pixels:
    """The film with Gaussian noise; the same noise for every film of a size."""
    noise = np.random.default_rng(0).normal(0, deviation, pixels.shape)
    return np.clip(pixels + noise, 0, 1).astype(np.float32)


def rotated(pixels: Pixels, degrees: float) -> Pixels:
    """The film turned counter-clockwise around its middle; what comes in is black."""
    return _floats(_picture(pixels).rotate(degrees, Image.Resampling.BILINEAR))


def photographed(pixels: Pixels) -> Pixels:
    """The film as a telephone sees it on a light box.

    Askew by up to 6 % of a side, lit from the upper left, a lamp's reflection on it, out of focus,
    and of less contrast.
    """
    height, width = pixels.shape
    seen = (0.04, 0.02, 0.0, 0.97, 0.98, 1.0, 0.94, 0.0)  # upper left, lower left, …, as x and y
    corners = [share * (width, height)[place % 2] for place, share in enumerate(seen)]
    shot = Image.fromarray(np.rint(pixels * 255).astype(np.uint8))
    askew = shot.transform(
        (width, height), Image.Transform.QUAD, corners, Image.Resampling.BILINEAR
    )
    soft = askew.filter(ImageFilter.BoxBlur(max(height, width) / 400))
    blurred = np.asarray(soft, dtype=np.float32) / np.float32(255)
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    light = 1.05 - 0.35 * (down + across) / 2
    lamp = 0.25 * np.exp(-((down - 0.3) ** 2 + (across - 0.7) ** 2) / (2 * 0.12**2))
    seen_so: Pixels = np.clip(0.1 + 0.8 * blurred * light + lamp, 0, 1).astype(np.float32)
    return seen_so


DEGRADED: dict[str, Callable[[Pixels], Pixels]] = {
    **{f"resolution {n}": partial(at_resolution, longest=n) for n in (64, 128, 224)},
    **{f"JPEG {n}": partial(as_jpeg, quality=n) for n in (20, 50, 90)},
    **{f"gamma {n:g}": partial(with_gamma, gamma=n) for n in (0.5, 2.0)},
    **{f"noise {n:g}": partial(with_noise, deviation=n) for n in (0.05, 0.1)},
    **{f"rotation {n}": partial(rotated, degrees=n) for n in (-30, -15, 15, 30)},
    "photograph": photographed,
}


def sampled_rows(n_films: int) -> frozenset[int]:
    """Which rows of a split are degraded: at most `SAMPLE`, drawn once and for all."""
    chosen = np.random.default_rng(0).permutation(n_films)[:SAMPLE]
    return frozenset(chosen.tolist())


def degradation_numbers(table: Predictions, draws: PatientDraws) -> dict[str, object]:
    """AUROC of each finding on the sampled films as they are and degraded; empty without any.

    Parameters
    ----------
    table
        With no label known for refused films. Its audits hold the scores of degraded films; a film
        that was not degraded has NaN.
    draws
        Of the table's patients.
    """
    there = {name: table.audits.get(PREFIX + name) for name in DEGRADED}
    answers: dict[str, Floats] = {name: found for name, found in there.items() if found is not None}
    if not answers or not any(np.isfinite(found).any() for found in answers.values()):
        return {}
    used = np.isfinite(next(iter(answers.values()))).any(axis=1)
    findings: dict[str, object] = {}
    for column, finding in enumerate(table.about.findings):
        labels = np.where(used, table.labels[:, column], np.nan)
        plain, drawn = _area(table.scores[:, column], labels, draws)
        areas = {name: _area(found[:, column], labels, draws) for name, found in answers.items()}
        falls = {
            name: interval(plain.value - area.value, drawn - each)
            for name, (area, each) in areas.items()
        }
        display, n_present = table.about.displays[column], int((labels == 1).sum())
        few = min(n_present, int((labels == 0).sum())) < TOO_FEW
        findings[finding] = {
            "display": display,
            "n_present": n_present,
            "too_few": few,
            "auroc": plain,
            "degraded": {name: area for name, (area, _) in areas.items()},
            "words": _words(display, falls, few=few),
        }
    return {"n_films": int(used.sum()), "findings": findings}


def _area(scores: Floats, labels: Floats, draws: PatientDraws) -> tuple[Interval, Floats]:
    """The AUROC, and that of every draw."""
    known = np.where(np.isnan(scores), np.nan, labels)
    drawn = rank_draws(draws, scores, known).auroc
    return interval(auroc(scores, known), drawn), drawn


def _words(display: str, falls: Mapping[str, Interval], *, few: bool) -> str:
    """Which degradations cost more than `WORSE`, the worst first, in a sentence."""
    if few:
        return f"{display}: fewer than {TOO_FEW} films of one kind, too few to say."
    found = ((name, fall) for name, fall in falls.items() if fall.value > WORSE)
    bad = sorted(found, key=lambda each: -each[1].value)
    if not bad:
        return f"{display}: no degradation costs more than {WORSE:g} of the AUROC."
    listed = ", ".join(
        f"{name} ({fall.value:.2f} [{fall.low:.2f}, {fall.high:.2f}])" for name, fall in bad
    )
    return f"{display}: the AUROC falls by more than {WORSE:g} under {listed}."


def _picture(pixels: Pixels) -> Image.Image:
    return Image.fromarray(np.asarray(pixels, dtype=np.float32))


def _floats(picture: Image.Image) -> Pixels:
    return np.clip(np.asarray(picture, dtype=np.float32), 0, 1)
