"""The gate: is this a film that the bundle can judge? Cautions and refusals, in plain sentences.

Three questions, each answered by a `Check`: does the picture look like a film at all, is it of
the people the bundle is for, and is it like the films the network learned from.

The limits below were set on public films: 5,528 paediatric chests, 1,359 adult chests (NIH), 211
bedside chests (Hannover), 2,602 knees. "Seen" gives what a proper one of those at most (or least)
had, so none of them crosses a limit except by being what the sentence says.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from plainfilm.radiograph import Pixels, Radiograph, Sex, View
from plainfilm.reading.header_parts import FamiliarityCut, Population
from plainfilm.reading.polarity import BODY_PARTS, looks_inverted
from plainfilm.reading.spread import middle_range

MIN_SIDE = 64  # pixels; below, ribs and vessels are gone
FAINT = 0.10  # spread of the middle 90 % of the grey values; seen at least: 0.18
BLANK = 0.02
FEW_LEVELS = 16  # grey levels; seen at least: 113
NOISE = 0.5  # likeness of neighbouring pixels; seen at least: 0.73 at 64 x 64, else 0.87
LONG = 4.0  # longer side over shorter; seen at most: 3.2
VERY_LONG = 8.0
SAME_AGE_YEARS = 1.0  # ages that differ by less say the same

_SHOUT = "OUTSIDE POPULATION"
_MOST_DIGITS = 17  # tell any two floats apart
_NO_POPULATION = "the bundle does not say whose films it is for; nobody has measured that here"
_THIN = 256  # pixels along the shorter side that suffice for the statistics


@dataclass(frozen=True)
class Check:
    """What a question of the gate found.

    Parameters
    ----------
    cautions
        Plain sentences to put beside the answer.
    refusal
        Why no answer should be given; None = go on.
    """

    cautions: tuple[str, ...] = ()
    refusal: str | None = None


@dataclass(frozen=True)
class Circumstances:
    """What is known of a film beside its pixels; None = not known."""

    age_years: float | None = None
    view: View | None = None
    body_part: str | None = None
    sex: Sex | None = None


def check_image(
    radiograph: Radiograph, input_size: int | None = None, *, body_part: str | None = None
) -> Check:
    """Whether the picture itself can be a film, of `body_part` where that is known.

    Refused: smaller than 64 pixels, one grey, noise, a strip. Cautioned: smaller than the
    network's input (where `input_size` is given), faint, few grey levels, long, inverted.
    """
    pixels = _thinned(radiograph.pixels)
    spread = middle_range(pixels)
    refusal = _size_refusal(radiograph.pixels) or _content_refusal(pixels, spread)
    if refusal is not None:
        return Check(refusal=refusal)
    height, width = radiograph.pixels.shape
    found = []
    if input_size is not None and min(height, width) < input_size:
        found.append(
            f"the film is small ({width} x {height}; the network looks at {input_size} x "
            f"{input_size}), so fine detail is missing"
        )
    if _proportion(radiograph.pixels) > LONG:
        found.append(f"the film is unusually long ({width} x {height}); it may be cut or joined")
    if spread < FAINT:
        found.append(f"the film is faint: most of it lies within {spread:.0%} of the greys")
    levels = _levels(pixels)
    if levels < FEW_LEVELS:
        found.append(f"the picture has only {levels} grey levels; it may be a drawing or a text")
    return Check((*found, *_inverted(radiograph, _part(body_part))))


@dataclass(frozen=True)
class Told:
    """What is known of a film, and who says so.

    Parameters
    ----------
    known
        What counts: the caller's word, else the header's.
    header
        What the film's own header says.
    """

    known: Circumstances
    header: Circumstances = Circumstances()

    @property
    def contradictions(self) -> tuple[str, ...]:
        """A caution for each thing that the header says otherwise."""
        known, header = self.known, self.header
        pairs = [("age", _years(header), _years(known)), ("view", header.view, known.view)]
        pairs.append(("body part", header.body_part, known.body_part))
        pairs.append(("sex", header.sex, known.sex))
        if _same_age(known, header):
            del pairs[0]
        return tuple(
            f"the film's header says {what} {read}, the caller says {said}; the caller's was taken"
            for what, read, said in pairs
            if read not in (None, said)
        )


def gather(radiograph: Radiograph, said: Circumstances) -> Told:
    """What is known of a film from its header and from what the caller said of it."""
    part = _part(radiograph.body_part)
    header = Circumstances(radiograph.age_years, radiograph.view, part, radiograph.sex)
    known = Circumstances(
        header.age_years if said.age_years is None else said.age_years,
        said.view or header.view,
        _part(said.body_part) or header.body_part,
        said.sex or header.sex,
    )
    return Told(known, header)


def check_population(population: Population | None, told: Told) -> Check:
    """Whether the film is of those the bundle is for; None = the bundle does not say.

    Known to be outside: refused, be it by what counts or by the header that the caller
    contradicts: one slip of the hand shall not turn a grown-up into a child. Not known: one caution
    names what is missing. The oldest age counts to the end of its year.
    """
    if population is None:
        return Check((_NO_POPULATION,))
    known, header = told.known, told.header
    if _same_age(known, header):
        header = replace(header, age_years=None)
    outside = _outside(population, known)
    by_header = [words for words in _outside(population, header) if words not in outside]
    outside += [f"by the film's header {words}" for words in by_header]
    cautions = _unknown(_missing(population, known), population.words)
    if outside:
        return Check(cautions, f"{'; '.join(outside)}. The bundle is only for {population.words}")
    return Check(cautions)


def _missing(population: Population, known: Circumstances) -> list[str]:
    facts = {"view": known.view, "body part": known.body_part}
    if population.age_years is not None:
        facts = {"age": _years(known), **facts}
    return [what for what, fact in facts.items() if fact is None]


def _outside(population: Population, found: Circumstances) -> list[str]:
    outside = []
    if population.age_years is not None and found.age_years is not None:
        low, high = population.age_years
        if not low <= found.age_years < high + 1:
            outside.append(f"age {_years(found)}, expected {low:g} to {high:g} years")
    if found.view is not None and found.view not in population.views:
        outside.append(f"view {found.view}, expected {' or '.join(population.views)}")
    if found.body_part is not None and found.body_part not in population.body_parts:
        expected = " or ".join(population.body_parts)
        outside.append(f"body part {found.body_part}, expected {expected}")
    return outside


def _years(found: Circumstances) -> str | None:
    """The age as a person would say it: years, under 3 with one decimal."""
    if found.age_years is None:
        return None
    tenths = math.floor(10 * found.age_years) / 10  # never rounded up over a birthday
    return f"{tenths:g}" if found.age_years < 3 else f"{math.floor(found.age_years)}"


def _same_age(one: Circumstances, other: Circumstances) -> bool:
    if one.age_years is None or other.age_years is None:
        return True
    return abs(one.age_years - other.age_years) < SAME_AGE_YEARS


def check_familiarity(familiarity: float, cut: FamiliarityCut) -> Check:
    """Whether the film is like those the network learned from."""
    if familiarity < cut.refuse_below:
        words = "unlike any film the network learned from"
        found = "familiarity {}; at least {}".format(*_apart(familiarity, cut.refuse_below))
        return Check(refusal=f"{words} ({found})")
    if familiarity < cut.caution_below:
        words = "little like the films the network learned from"
        found = "familiarity {}; usual {}".format(*_apart(familiarity, cut.caution_below))
        return Check((f"{words} ({found})",))
    return Check()


def overridden(check: Check) -> Check:
    """The check with its refusal turned into a caution that shouts."""
    if check.refusal is None:
        return check
    return Check((f"{_SHOUT}: {check.refusal}", *check.cautions))


def shouts_first(cautions: Iterable[str]) -> tuple[str, ...]:
    """The cautions, those of overridden checks before the others; else in the same order."""
    return tuple(sorted(cautions, key=lambda caution: not caution.startswith(_SHOUT)))


def _size_refusal(pixels: Pixels) -> str | None:
    height, width = pixels.shape
    if min(height, width) < MIN_SIDE:
        return f"too small: {width} x {height} pixels; at least {MIN_SIDE} x {MIN_SIDE}"
    if _proportion(pixels) > VERY_LONG:
        return f"too long for a film: {width} x {height} pixels; at most {VERY_LONG:g} to 1"
    return None


def _content_refusal(pixels: Pixels, spread: float) -> str | None:
    if spread < BLANK:
        return "nothing on it: nearly all of the picture is one grey"
    if _neighbour_likeness(pixels) < NOISE:
        return "noise: neighbouring pixels have nothing in common, on no film it is so"
    return None


def _inverted(radiograph: Radiograph, body_part: str | None) -> tuple[str, ...]:
    if body_part not in (None, *BODY_PARTS) or not looks_inverted(radiograph.pixels):
        return ()
    if body_part is None:
        return (
            "the film looks inverted (bone dark, air white), if it is a chest or a knee: then "
            "invert it first; if it is not, name the body part",
        )
    return ("the film looks inverted (bone dark, air white); if it is, invert it first",)


def _thinned(pixels: Pixels) -> Pixels:
    step = max(1, min(pixels.shape) // _THIN)
    return np.ascontiguousarray(pixels[::step, ::step])


def _levels(pixels: Pixels) -> int:
    """How many greys there are; of a few rows alone where those have enough of them."""
    in_some_rows = np.unique(pixels[::16]).size
    return in_some_rows if in_some_rows >= FEW_LEVELS else np.unique(pixels).size


def _neighbour_likeness(pixels: Pixels) -> float:
    # The correlation of each pixel with the next, along the direction where it is less.
    centred = pixels.astype(np.float64) - pixels.mean()
    pairs = ((centred[1:], centred[:-1]), (centred[:, 1:], centred[:, :-1]))
    likeness = [np.einsum("ij,ij->", one, other) / one.size for one, other in pairs]
    return float(min(likeness) * centred.size / np.einsum("ij,ij->", centred, centred))


def _proportion(pixels: Pixels) -> float:
    height, width = pixels.shape
    return float(max(height, width) / min(height, width))


def _part(body_part: str | None) -> str | None:
    return None if body_part is None else body_part.strip().lower() or None


def _apart(value: float, cut: float) -> tuple[str, str]:
    """Both as text: two digits, or as many more as the smaller needs to read as smaller."""
    for digits in range(2, _MOST_DIGITS):
        texts = _text(value, digits), _text(cut, digits)
        if texts[0] != texts[1]:
            return texts
    return _text(value, _MOST_DIGITS), _text(cut, _MOST_DIGITS)


def _text(value: float, digits: int) -> str:
    return np.format_float_positional(value, precision=digits, fractional=False, trim="-")


def _unknown(missing: list[str], words: str) -> tuple[str, ...]:
    if not missing:
        return ()
    named = " and ".join([", ".join(missing[:-1]), missing[-1]] if missing[1:] else missing)
    verb = "are" if missing[1:] else "is"
    return (f"{named} {verb} not known; make sure that the film is one of {words}",)
