"""The pages that `evaluate` and `compare` write, in a real browser."""

import pytest

from plainfilm.evaluation.pictures import Picture
from plainfilm.evaluation.side_by_side import comparison_page

pytestmark = pytest.mark.slow


def test_a_comparison_fits_a_phone_and_its_curves_keep_their_size(browser) -> None:
    """What is wider than the window moves within itself; a hash is broken."""
    numbers = {"split": "test", "data_set": "phantoms", "n_films": 9, "n_patients": 9,
               "n_without": 0, "split_sha256": "1" * 64, "draws": 50, "cautions": [],
               "against": []}  # fmt: skip
    drawn = Picture("<svg width='1100' height='300'><rect width='1100' height='300'/></svg>")
    page = browser.new_page(viewport={"width": 390, "height": 760}, is_mobile=True)
    page.set_content(comparison_page(numbers, ["with-weights"], drawn))
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    curves = "svg => svg.getBoundingClientRect().width"
    assert page.locator("svg").evaluate(curves) == pytest.approx(1100)
    page.close()
