"""The page with a bundle that is told facts beside the film, in both its modes."""

import json
from pathlib import Path

import pytest

from page_acts import read, saved, switch_fitting, tell
from page_sites import Site
from plainfilm.images import read_radiograph
from plainfilm.radiograph import Sex, View
from plainfilm.reading import Reader
from plainfilm.reports.as_json import prediction_json
from told_bundle import told_bundle

pytestmark = pytest.mark.slow


def test_s0_85_the_page_tells_what_python_tells(visit, told_site: Site, film: Path) -> None:
    reader, pixels = Reader(told_bundle(), threads=1), read_radiograph(film)
    page = visit(told_site)
    read(page, film)
    untold = json.loads(saved(page, "JSON"))
    page.get_by_label("Sex").select_option("F")
    tell(page, age="60", view="PA", part="chest")
    told = page.locator("#findings").get_by_text("The network was told: age 60, sex F, view PA.")
    told.wait_for()
    answers = [untold, json.loads(saved(page, "JSON"))]
    if _is_served(page):
        switch_fitting(page)  # a tensor of the film goes to the server, and one of the facts
        with page.expect_response("**/infer"):
            tell(page, age="60", view="PA", part="chest")
        told.wait_for()
        answers.append(json.loads(saved(page, "JSON")))
        switch_fitting(page)

    wanted = prediction_json(
        reader.read(pixels, age_years=60, sex=Sex.FEMALE, view=View.PA, body_part="chest")
    )
    assert untold["facts"] == {"age": None, "sex": None, "view": None}
    _same_scores(untold, prediction_json(reader.read(pixels)))
    for found in answers[1:]:
        assert found["facts"] == wanted["facts"]
        _same_scores(found, wanted)


def _is_served(page) -> bool:
    page.get_by_role("button", name="Settings").click()
    served = page.get_by_label("Send less").count() > 0
    page.get_by_role("button", name="Close", exact=True).click()
    return served


def _same_scores(found: dict[str, object], wanted: dict[str, object]) -> None:
    for one, other in zip(found["findings"], wanted["findings"], strict=True):
        assert one["score"] == pytest.approx(other["score"], abs=1e-2)
