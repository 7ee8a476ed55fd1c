"""Real predictions of a tiny bundle, and reports of them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from phantoms import phantom
from plainfilm.findings import FindingResult, Prediction
from plainfilm.radiograph import Radiograph
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.engine import Engine
from plainfilm.reports.content import Report
from tiny_bundle import tiny_bundle

MakeReport = Callable[..., Report]


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    return tiny_bundle(3)


@pytest.fixture(scope="session")
def film() -> Radiograph:
    return Radiograph(phantom(size=(90, 70)), "film.png")


@pytest.fixture(scope="session")
def answered(bundle: Bundle, film: Radiograph) -> Prediction:
    """What the tiny bundle says of the film, with the probabilities 0.91, 0.30 and 0.004."""
    found = Engine(bundle, threads=1).run(film.pixels[None, None])
    assert found.map is not None
    results = tuple(
        FindingResult(finding, probability, float(found.score[0, at]), 0.5, found.map[0, at])
        for at, (finding, probability) in enumerate(
            zip(bundle.header.label_set.findings, (0.91, 0.30, 0.004), strict=True)
        )
    )
    return Prediction(film.name, bundle.id, True, results, 0.42, ("The view is not known.",))


@pytest.fixture(scope="session")
def refused(bundle: Bundle) -> Prediction:
    return Prediction("knee.png", bundle.id, False, (), None, (), "A knee; expected a chest.")


@pytest.fixture(scope="session")
def evaluation() -> dict[str, object]:
    """evaluation.json in little: one finding measured well, one on few films, one not at all."""
    well = {"auroc": [0.975, 0.958, 0.988], "n_films": 312, "too_few": False}
    few = {"auroc": [0.7, 0.2, 1.0], "n_films": 9, "too_few": True}
    return {
        "data_set": "phantoms",
        "split": "test",
        "n_films": 312,
        "n_patients": 200,
        "findings": {"pneumonia": well, "atelectasis": few, "cardiomegaly": {"auroc": None}},
    }


@pytest.fixture(scope="session")
def make_report(bundle: Bundle, film: Radiograph) -> MakeReport:
    """A report of predictions, all of the same film; `evaluation=` and `header=` may be given."""

    def make(*predictions: Prediction, **others: object) -> Report:
        moment = datetime(2025, 1, 31, 12, 0, tzinfo=UTC)
        films = (film,) * len(predictions)
        return replace(Report(predictions, films, bundle.header, moment), **others)

    return make
