import numpy as np
import pytest

from plainfilm.datasets.shades import ink, shade


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, section 1.4.3)."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_more_is_darker_from_white_on() -> None:
    found = [luminance(shade(share)) for share in np.linspace(0, 1, 201).tolist()]

    assert found[0] == pytest.approx(1)
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.1


def test_words_can_be_read_on_every_shade() -> None:
    for share in np.linspace(0, 1, 201).tolist():
        low, high = sorted((luminance(shade(share)), luminance(ink(share))))
        assert (high + 0.05) / (low + 0.05) >= 4.5
