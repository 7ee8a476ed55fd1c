"""Photograph the page's main states for docs/how-to/read-in-the-browser.md, with a drawn film only.

Usage: python scripts/draw_page_pictures.py [FOLDER]    (by default docs/examples)

Needs the built page (cd web && npm ci --ignore-scripts && npm run build), the Python package
playwright, and Chromium.
"""

import shutil
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "tests"))

from page_acts import read, tell  # noqa: E402
from page_sites import handed_out  # noqa: E402
from plainfilm.reading.shelf import open_bundle  # noqa: E402
from plainfilm.serve.site import write_site  # noqa: E402

FILM = REPOSITORY / "docs" / "examples" / "drawn-chest.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
N_COLOURS = 256  # of a picture: a PNG of fewer tints the film


def main() -> None:
    """Write page-empty, page-read, page-refused and page-phone.png."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FILM.parent
    browser_path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser_path is None:
        sys.exit(f"no browser found; expected one of {', '.join(BROWSERS)}")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as running:
        write_site(open_bundle("chest14-demo"), Path(scratch) / "www")
        browser = running.chromium.launch(executable_path=browser_path, args=FLAGS)
        with handed_out(Path(scratch) / "www") as site:
            desk = opened(browser, site.url, 1100, 760)
            keep(desk, folder / "page-empty.png")
            read_drawn(desk, age="44", view="PA")
            keep(desk, folder / "page-read.png")
            read_drawn(desk, age="1", view="PA")
            keep(desk, folder / "page-refused.png")
            phone = opened(browser, site.url, 390, 760)
            read_drawn(phone, age="44", view="PA")
            keep(phone, folder / "page-phone.png")
        browser.close()


def opened(browser: Any, url: str, width: int, height: int) -> Any:
    """The page, ready, in a window of this size."""
    page = browser.new_page(
        viewport={"width": width, "height": height}, locale="en-GB", color_scheme="light"
    )
    page.goto(url)
    page.locator("#open-here").wait_for(state="attached")
    return page


def read_drawn(page: Any, *, age: str, view: str) -> None:
    """Let the page read the drawn film as one of a patient."""
    for button in page.locator("#close-all").all():
        button.click()
    read(page, FILM)
    tell(page, age=age, view=view, part="chest")


def keep(page: Any, path: Path) -> None:
    """Write what the window shows, in few colours."""
    page.evaluate("scrollTo(0, 0)")
    shown = Image.open(BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    few = shown.quantize(N_COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


if __name__ == "__main__":
    main()
