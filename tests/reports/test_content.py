"""What every report writer is given."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from plainfilm.findings import Prediction
from plainfilm.radiograph import Radiograph
from plainfilm.reading.bundle import Bundle
from plainfilm.reports.content import Report, shown_results

MOMENT = datetime(2025, 1, 31, tzinfo=UTC)


def test_a_report_has_as_many_films_as_predictions(
    answered: Prediction, film: Radiograph, bundle: Bundle
) -> None:
    with pytest.raises(ValueError, match="1 predictions and 2 radiographs"):
        Report((answered,), (film, film), bundle.header, MOMENT)


def test_a_report_is_of_at_least_one_film(bundle: Bundle) -> None:
    with pytest.raises(ValueError, match="0 predictions"):
        Report((), (), bundle.header, MOMENT)


def test_a_single_film_is_one(answered: Prediction, film: Radiograph, bundle: Bundle) -> None:
    with pytest.raises(ValueError, match="a single film has one; found 2"):
        Report((answered,) * 2, (film,) * 2, bundle.header, is_single=True)


def test_a_report_is_written_now(answered: Prediction, film: Radiograph, bundle: Bundle) -> None:
    before = datetime.now(UTC)
    assert before <= Report((answered,), (film,), bundle.header).written <= datetime.now(UTC)


def test_the_findings_above_their_threshold_are_drawn(answered: Prediction) -> None:
    assert [r.finding.name for r in shown_results(answered)] == ["pneumonia"]


def test_where_none_is_above_the_nearest_is_drawn(answered: Prediction) -> None:
    below = replace(answered, results=answered.results[1:])
    assert [r.finding.name for r in shown_results(below)] == ["atelectasis"]


def test_of_a_refused_film_no_heat_is_shown(refused: Prediction) -> None:
    assert shown_results(refused) == ()
