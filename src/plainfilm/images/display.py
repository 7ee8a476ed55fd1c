"""Stored values → displayed luminance: the one rule of docs/concepts/displayed-pixels.md.

Pure: integers in, float32 in [0, 1] out (0 black, 1 white). Step by step: modality (`Rescale` or
`LookupTable`), window (`Window`, `LookupTable`, or none), inversion, padding. Because stored values
are at most 16 bits, the steps are computed once for each possible value and then looked up.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from plainfilm.radiograph import Pixels

Values = NDArray[np.float64]
Stored = NDArray[np.integer]

PLAIN_BITS = 8
"""Up to this depth a film without a window is a picture already: its whole range is shown."""

_PLAIN_BYTES = np.arange(256, dtype=np.float32) / np.float32(255)


class VoiFunction(StrEnum):
    """VOI LUT Function (0028,1056)."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


@dataclass(frozen=True)
class StoredBits:
    """How many bits a stored value has (1 to 16), and whether it is signed (two's complement)."""

    bits: int
    signed: bool = False

    @property
    def low(self) -> int:
        """The lowest value that can be stored."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """The highest value that can be stored."""
        return self.low + (1 << self.bits) - 1


@dataclass(frozen=True)
class Rescale:
    """Rescale Slope and Intercept: value = slope * stored + intercept."""

    slope: float = 1.0
    intercept: float = 0.0

    def __call__(self, stored: Values) -> Values:
        """The modality's values for `stored`."""
        return self.slope * stored + self.intercept


@dataclass(frozen=True, eq=False)
class LookupTable:
    """A modality or VOI lookup table.

    Parameters
    ----------
    first
        The input value that gets the first entry; lower ones get it too, higher ones than the
        table holds get the last entry.
    bits
        Bits of an entry: 2 ** bits - 1 is white.
    entries
        uint16 (n,), n at least 1.
    """

    first: int
    bits: int
    entries: NDArray[np.uint16]

    def __call__(self, values: Values) -> Values:
        """The entries for `values`, which are rounded half up to integers first."""
        places = np.floor(values + 0.5) - self.first
        nearest = np.clip(places, 0, len(self.entries) - 1).astype(np.intp)
        entries: Values = self.entries[nearest].astype(np.float64)
        return entries

    def luminance(self, values: Values) -> Values:
        """The entries for `values` as luminance, in [0, 1]."""
        return self(values) / float((1 << self.bits) - 1)


@dataclass(frozen=True)
class Window:
    """Window Center and Width, and the function between black and white.

    Raises
    ------
    ValueError
        The width is under 1 (LINEAR), or not positive (the other functions).
    """

    center: float
    width: float
    function: VoiFunction = VoiFunction.LINEAR

    def __post_init__(self) -> None:
        least = 1.0 if self.function is VoiFunction.LINEAR else 0.0
        if not (self.width >= least and self.width > 0 and np.isfinite(self.center + self.width)):
            raise ValueError(f"no window: center {self.center}, width {self.width}")

    def luminance(self, values: Values) -> Values:
        """Luminance of `values` in [0, 1].

        References
        ----------
        DICOM PS3.3 C.11.2.1.2.1 (LINEAR), C.11.2.1.3.1 (SIGMOID), C.11.2.1.3.2 (LINEAR_EXACT).
        """
        if self.function is VoiFunction.LINEAR:
            return _ramp(values, self.center - 0.5, self.width - 1.0)
        if self.function is VoiFunction.LINEAR_EXACT:
            return _ramp(values, self.center, self.width)
        # Ten widths from the center the curve is flat to 1e-17; the limit keeps exp() in range.
        reach = np.clip(values - self.center, -10 * self.width, 10 * self.width) / self.width
        return np.reciprocal(1.0 + np.exp(-4.0 * reach))


@dataclass(frozen=True)
class Display:
    """Everything a header says about how its film is displayed.

    Parameters
    ----------
    modality
        What turns stored values into the modality's values.
    voi
        Which of the modality's values are black and white; None = the header does not say.
    inverted
        High values are dark: MONOCHROME1.
    padding
        Stored values (lowest, highest) that are not part of the film; shown black. None = none.
    """

    modality: Rescale | LookupTable = Rescale()
    voi: Window | LookupTable | None = None
    inverted: bool = False
    padding: tuple[int, int] | None = None


def displayed(stored: Stored, bits: StoredBits, display: Display) -> Pixels:
    """The film as it would be displayed.

    Parameters
    ----------
    stored
        (H, W), every value within `bits`.
    bits
        Depth and sign of `stored`.
    display
        What the header says.

    Returns
    -------
    float32 (H, W) in [0, 1]; 0 black, 1 white.
    """
    places = stored if bits.low == 0 else stored.astype(np.intp) - bits.low
    values = np.arange(bits.low, bits.high + 1, dtype=np.float64)
    if display.padding is None:
        is_film = np.ones(len(values), dtype=np.bool_)
    else:
        is_film = (values < display.padding[0]) | (values > display.padding[1])
    modality = display.modality(values)
    if display.voi is not None:
        luminance = display.voi.luminance(modality)
    elif bits.bits <= PLAIN_BITS:
        luminance = _stretched(modality, modality)
    else:
        occurs = np.zeros(len(values), dtype=np.bool_)
        occurs[places] = True
        luminance = _stretched(modality, modality[occurs & is_film])
    if display.inverted:
        luminance = 1.0 - luminance
    table = np.clip(np.where(is_film, luminance, 0.0), 0.0, 1.0).astype(np.float32)
    if places.dtype == np.uint8 and np.array_equal(table, _PLAIN_BYTES):
        return np.divide(places, np.float32(255), dtype=np.float32)  # the same in a quarter
    return np.take(table, places)  # as table[places], in half the time


def _ramp(values: Values, center: float, width: float) -> Values:
    if width == 0:
        return (values > center).astype(np.float64)
    return np.clip(values - center, -width / 2, width / 2) / width + 0.5


def _stretched(values: Values, span: Values) -> Values:
    """`values` with the lowest of `span` at 0 and the highest at 1; all 0 where these are equal."""
    if span.size == 0 or span.min() == span.max():
        return np.zeros_like(values)
    low, high = float(span.min()), float(span.max())
    return (values - low) / (high - low)
