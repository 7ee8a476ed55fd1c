"""The page and Python agree on films of every public source, with the weights halved and whole."""

import runpy
from pathlib import Path

import pytest

from page_sites import handed_out
from plainfilm.reading import Reader
from plainfilm.reading.shelf import open_bundle
from plainfilm.serve.site import write_site

REPOSITORY = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def benchmark(built: Path) -> dict:
    pytest.importorskip("playwright.sync_api")
    return runpy.run_path(str(REPOSITORY / "benchmarks" / "browser.py"))


def test_a_sample_is_of_every_kind_and_spread(benchmark: dict, tmp_path: Path) -> None:
    names = ["one/a.png", "one/b.png", "one/deep/c.png", "one/d.PNG", "one/e.jpeg", "two/f.dcm"]
    for name in [*names, "two/notes.txt"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [path.relative_to(tmp_path).as_posix() for path in benchmark["sampled"](tmp_path, 2)]
    assert found == ["one/b.png", "one/deep/c.png", "one/e.jpeg", "two/f.dcm"]
    assert len(benchmark["sampled"](tmp_path, 100)) == len(names)


@pytest.mark.parametrize(
    ("weights", "tolerance", "each", "least"), [("half", 1e-3, 3, 20), ("whole", 1e-6, 1, 7)]
)
def test_the_page_gives_python_s_probabilities_on_public_films(
    weights: str,
    tolerance: float,
    each: int,
    least: int,
    benchmark: dict,
    shared_data: Path,
    browser,
    tmp_path: Path,
) -> None:
    """S2-49: on 20 films at least, each read all the same where it is outside the population."""
    films = benchmark["sampled"](shared_data, each)
    write_site(open_bundle("chest14-demo"), tmp_path / "www")
    if weights == "whole":
        benchmark["whole_weights"](open_bundle("chest14-demo"), tmp_path / "www")
    with handed_out(tmp_path / "www") as site:
        page = browser.new_page(locale="en-GB")
        page.goto(site.url)
        page.locator("#open-here").wait_for(state="attached")
        found = benchmark["answers"](Reader("chest14-demo", threads=1), page, films)
        page.close()
    words = {path.name: said for path, said in found.items() if isinstance(said, str)}
    assert [said for said in words.values() if "both" not in said] == [], words
    numbers = {path.name: apart for path, apart in found.items() if isinstance(apart, float)}
    assert len(numbers) >= least
    assert max(numbers.values()) <= tolerance, numbers
