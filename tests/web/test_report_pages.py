"""The pages that `read`, `evaluate` and `compare` write, in a real browser."""

from pathlib import Path

import pytest

from pdfs import words_of
from plainfilm.cli import main
from plainfilm.evaluation.pictures import Picture
from plainfilm.evaluation.side_by_side import comparison_page
from plainfilm.reports import wording

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("how", [["--outside-population"], []], ids=["answered", "refused"])
def test_s3_33_a_printed_report_says_that_it_assists_and_never_replaces(
    browser, film: Path, tmp_path: Path, how: list[str]
) -> None:
    """A PDF of a reading is its page, printed."""
    out = tmp_path / "seen.html"
    assert main(["read", str(film), "--age", "64", "--view", "PA", *how, "--out", str(out)]) == 0
    page = browser.new_page()
    page.goto(out.as_uri())
    printed = words_of(page.pdf())
    page.close()
    assert f"{wording.NOT_A_DEVICE} {wording.ASSISTS} {wording.NOT_REVIEWED}" in printed
    assert ("Refused:" in printed) == (how == [])


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
