"""What view, age and sex alone tell of a finding: the floor that a network's AUROC stands on.

No pixel is looked at. A network near its floor may have read the view or the age off the film
instead of the disease.
"""

from collections.abc import Callable

import numpy as np

from plainfilm.evaluation.bootstrap import PatientDraws, interval, rank_draws
from plainfilm.evaluation.metrics import Floats, auroc
from plainfilm.evaluation.table import Predictions

FACTS: dict[str, tuple[str, str, Callable[[Predictions], Floats]]] = {
    "view": ("AP", "PA", lambda table: _of_two(table, "view", "AP", "PA")),
    "sex": ("F", "M", lambda table: _of_two(table, "sex", "F", "M")),
    "age": ("older", "younger", lambda table: table.age),
}


def metadata_floors(table: Predictions, draws: PatientDraws) -> dict[str, object]:
    """Per finding and fact: which side has the finding more often (`more`), and its AUROC.

    The AUROC is of that side, so it is at least .5; the lower end of its interval may lie below.
    Films on which a fact is not known are left out; a fact that does not vary is left out.
    """
    floors: dict[str, object] = {}
    for column, finding in enumerate(table.about.findings):
        found: dict[str, object] = {}
        for fact, (high, low, values_of) in FACTS.items():
            values = values_of(table)
            labels = np.where(np.isnan(values), np.nan, table.labels[:, column])
            values = np.where(np.isnan(values), 0.0, values)
            if np.unique(values[~np.isnan(labels)]).size < 2 or np.isnan(auroc(values, labels)):
                continue
            more, signed = (high, values) if auroc(values, labels) >= 0.5 else (low, -values)
            area = interval(auroc(signed, labels), rank_draws(draws, signed, labels).auroc)
            n_films = int((~np.isnan(labels)).sum())
            found[fact] = {"n_films": n_films, "more": more, "auroc": area}
        floors[finding] = found
    return floors


def _of_two(table: Predictions, key: str, one: str, zero: str) -> Floats:
    texts = table.details[key]
    return np.where(texts == one, 1.0, np.where(texts == zero, 0.0, np.nan))
