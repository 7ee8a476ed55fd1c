"""Findings of which a bundle tells nothing: called or answered alike, or ranked as by a coin."""

from collections.abc import Sequence

import numpy as np

from plainfilm.evaluation.finding_numbers import FindingNumbers
from plainfilm.evaluation.metrics import Floats
from plainfilm.evaluation.table import Predictions

ALIKE = 0.1  # of the log odds: nineteen films in twenty within a tenth of the odds
_CHANCE = 0.5  # the AUROC of a coin
_TAILS = (0.025, 0.975)
_TINY = 1e-12  # keeps the log odds of 0 and 1 finite


def collapse_words(table: Predictions, numbers: Sequence[FindingNumbers]) -> list[str]:
    """A sentence for each finding answered alike whatever the film, and one of all that are chance.

    Parameters
    ----------
    table
        Answered films only count.
    numbers
        Of its findings, in order.
    """
    counted = table.rows(table.refused == "")
    probabilities, labels = counted.probabilities, counted.labels
    found, coins = [], []
    for column, finding in enumerate(numbers):
        probability = probabilities[:, column]
        if finding.n_present < finding.n_films and _collapsed(probability, labels[:, column]):
            low, high = np.quantile(probability, _TAILS)
            found.append(
                f"COLLAPSED, {finding.display}: the answers hardly differ from film to film; of "
                f"nineteen in twenty the probability lies between {low:.4g} and {high:.4g}."
            )
        elif finding.one_class:
            found.append(
                f"{finding.display}: at least 99 % of the films are called alike, though fewer of "
                "them are."
            )
        elif not finding.too_few and finding.auroc.low <= _CHANCE:
            coins.append(finding.display)
    if coins:
        words = "not shown to rank films better than a coin (the AUROC's interval reaches .5)."
        found.append(f"{', '.join(coins)}: {words}")
    return found


def _collapsed(probability: Floats, labels: Floats) -> bool:
    """Whether films are answered alike, and those with the finding as all others are."""
    present = probability[labels == 1]
    if not present.size or not is_alike(probability):
        return False
    middle, theirs = _log_odds(np.array([np.median(probability), np.median(present)]))
    return bool(abs(theirs - middle) < ALIKE)


def is_alike(probability: Floats) -> bool:
    """Whether nineteen films in twenty have nearly one probability (n,); False of fewer than 20."""
    if probability.size < 20:
        return False
    low, high = _log_odds(np.quantile(probability, _TAILS))
    return bool(high - low < ALIKE)


def _log_odds(probability: Floats) -> Floats:
    inside: Floats = np.clip(probability, _TINY, 1 - _TINY)
    return np.log(inside / (1 - inside))
