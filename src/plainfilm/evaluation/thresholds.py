"""From probabilities and labels to the threshold a named rule picks.

| rule | the threshold |
|---|---|
| `half` | 0.5, whatever the films say |
| `youden` | where sensitivity + specificity is highest |
| `youden-plateau` | middle of the stretch around it within 0.01 of the best balanced accuracy |
| `sensitivity-0.95` | the highest with at least that sensitivity (any number in (0, 1]) |
| `specificity-0.95` | the lowest with at least that specificity; 1 where none has it |
| `f1-max` | where the F1 of "present" is highest |

The raw arg-max of a small set is luck, and on another set it can be worse than 0.5; the plateau's
middle moves little when a film is added. A threshold lies half-way between two films'
probabilities, so that rounding changes no call on the films it was chosen on.
"""

import numpy as np

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.metrics import Floats, Labels, Scores, known, roc_counts

PLATEAU_DEPTH = 0.01  # in balanced accuracy
RULES = "half, youden, youden-plateau, f1-max, sensitivity-X or specificity-X with X in (0, 1]"


def choose_threshold(probability: Scores, labels: Labels, rule: str) -> float:
    """The threshold in [0, 1] that `rule` picks; a film is called present from it on.

    Raises
    ------
    EvaluationError
        The rule is unknown, or it needs films of a class that is missing.
    """
    if rule == "half":
        return 0.5
    kind, wanted = _parsed(rule)
    steps = _Steps(probability, labels)
    if kind == "sensitivity":
        return steps.middle(int(np.flatnonzero(steps.sensitivity >= wanted)[0]))
    if kind == "specificity":
        enough = np.flatnonzero(steps.specificity >= wanted)
        return steps.middle(int(enough[-1])) if enough.size else 1.0
    if kind == "f1-max":
        return steps.middle(int(steps.f1.argmax()))
    balanced = (steps.sensitivity + steps.specificity) / 2
    best = int(balanced.argmax())
    if kind == "youden":
        return steps.middle(best)
    low = high = best
    enough = balanced >= balanced[best] - PLATEAU_DEPTH
    while low > 0 and enough[low - 1]:
        low -= 1
    while high < enough.size - 1 and enough[high + 1]:
        high += 1
    return steps.middle(low, high)


def rule_in_words(rule: str) -> str:
    """The rule as a sentence's part: "the highest with a sensitivity of at least 0.95".

    Raises
    ------
    EvaluationError
        The rule is unknown.
    """
    if rule == "half":
        return "0.5"
    kind, wanted = _parsed(rule)
    if kind == "sensitivity":
        return f"the highest with a sensitivity of at least {wanted:g}"
    if kind == "specificity":
        return f"the lowest with a specificity of at least {wanted:g}"
    if kind == "f1-max":
        return "where F1 is highest"
    if kind == "youden":
        return "where balanced accuracy is best"
    return f"the middle of where balanced accuracy is within {PLATEAU_DEPTH:g} of its best"


class _Steps:
    """Sensitivity and specificity between neighbouring probabilities, from the highest down.

    Step i holds for thresholds in (upper[i + 1], upper[i]]; step 0 calls no film present, and is
    left out where a film has probability 1: no threshold in [0, 1] does that.
    """

    def __init__(self, probability: Scores, labels: Labels) -> None:
        films = known(probability, labels)
        n_present = int(films.present.sum())
        n_absent = films.present.size - n_present
        if n_present == 0 or n_absent == 0:
            found = f"{n_present} present and {n_absent} absent films"
            raise EvaluationError(f"cannot choose a threshold on {found}; expected some of each")
        counts = roc_counts(films)
        first = int(counts.thresholds[0] >= 1)
        self.sensitivity: Floats = np.append(0.0, counts.true_present / n_present)[first:]
        self.specificity: Floats = np.append(1.0, (n_absent - counts.false_present) / n_absent)[
            first:
        ]
        flagged = np.append(0.0, counts.true_present + counts.false_present)[first:]
        self.f1: Floats = 2 * self.sensitivity * n_present / (flagged + n_present)
        self.upper: Floats = np.concatenate([[1.0], counts.thresholds, [0.0]])[first:]

    def middle(self, first: int, last: int | None = None) -> float:
        """The threshold half-way through the steps from `first` to `last`, by default one step."""
        high, low = self.upper[first], self.upper[(first if last is None else last) + 1]
        half = float(high + low) / 2
        return half if half > low else float(high)  # between neighbouring floats lies none


def _parsed(rule: str) -> tuple[str, float]:
    if rule in ("youden", "youden-plateau", "f1-max"):
        return rule, 0.0
    kind, _, number = rule.partition("-")
    if kind in ("sensitivity", "specificity"):
        try:
            wanted = float(number)
        except ValueError:
            wanted = 0.0
        if 0.0 < wanted <= 1.0:
            return kind, wanted
    raise EvaluationError(f"unknown threshold rule {rule!r}; expected {RULES}")
