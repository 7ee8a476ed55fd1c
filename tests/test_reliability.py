"""The page of what the server holds: written from the kept results."""

import json
import runpy

from pages import REPOSITORY

RESULTS = REPOSITORY / "benchmarks" / "results"


def test_the_page_is_what_the_script_writes() -> None:
    script = runpy.run_path(str(REPOSITORY / "scripts" / "write_reliability_reference.py"))
    page = REPOSITORY / "docs" / "reference" / "reliability.md"
    assert page.read_text(encoding="utf-8") == script["reference"]()


def test_what_was_not_reached_is_told() -> None:
    page = (REPOSITORY / "docs" / "reference" / "reliability.md").read_text(encoding="utf-8")
    for path in RESULTS.glob("*.json"):
        for row in json.loads(path.read_text(encoding="utf-8")).values():
            (line,) = (each for each in page.splitlines() if row["what"] in each)
            assert ("**no**" in line) is not row["reached"]
