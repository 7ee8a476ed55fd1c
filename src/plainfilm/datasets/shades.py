"""The shades of the cells of a figure drawn by hand, and the ink that can be read on them."""

import numpy as np

_WHITE_FROM = 0.75  # the share from which white is easier to read on a cell than black
_PALE, _FULL = np.array([255, 255, 255]), np.array([31, 78, 121])  # sRGB at 0 and at 1


def shade(share: float) -> str:
    """A cell's colour, "#rrggbb": white at 0, dark blue at 1, evenly between."""
    red, green, blue = np.rint(_PALE + share * (_FULL - _PALE)).astype(int).tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"


def ink(share: float) -> str:
    """The colour of words on `shade(share)`."""
    return "#ffffff" if share >= _WHITE_FROM else "#000000"
