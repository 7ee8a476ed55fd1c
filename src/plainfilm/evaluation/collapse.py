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
    probabilities = table.probabilities[table.refused == ""]
    found, coins = [], []
    for column, finding in enumerate(numbers):
        if finding.one_class:
            found.append(
                f"{finding.display}: at least 99 % of the films are called alike, though fewer of "
                "them are."
            )
        elif 0 < finding.n_present < finding.n_films and is_alike(probabilities[:, column]):
            low, high = np.quantile(probabilities[:, column], _TAILS)
            found.append(
                f"COLLAPSED, {finding.display}: the answers hardly differ from film to film; of "
                f"nineteen in twenty the probability lies between {low:.4g} and {high:.4g}."
            )
        elif not finding.too_few and finding.auroc.low <= _CHANCE:
            coins.append(finding.display)
    if coins:
        words = "not shown to rank films better than a coin (the AUROC's interval reaches .5)."
        found.append(f"{', '.join(coins)}: {words}")
    return found


def is_alike(probability: Floats) -> bool:
    """Whether nineteen films in twenty have nearly one probability (n,); False of fewer than 20."""
    if probability.size < 20:
        return False
    low, high = np.quantile(np.clip(probability, _TINY, 1 - _TINY), _TAILS)
    return bool(np.log(high / (1 - high)) - np.log(low / (1 - low)) < ALIKE)
