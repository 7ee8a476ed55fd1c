"""What papers print of networks on public films, as they print it; no order across splits."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from plainfilm.datasets.chestxray14 import NAME
from plainfilm.datasets.chestxray14_labels import FINDINGS
from plainfilm.errors import EvaluationError

MEASURES = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "f1": "F1",
    "accuracy": "accuracy",
    "kappa": "Cohen's kappa",
}
AVERAGES = ("mean", "macro", "micro", "pooled")


@dataclass(frozen=True)
class PaperResult:
    """One column of one paper.

    Parameters
    ----------
    name, place
        Whose numbers they are, and where they are printed.
    measure
        A key of `MEASURES`.
    split
        Which films were measured, in words; the same words mean the same films.
    numbers
        By the finding's name, or the body part's where a data set has one finding and several
        parts, and "mean", "macro", "micro" or "pooled"; only what is printed and known.
    flag
        Why they may not be compared, or what is wrong with them; empty = nothing beside the split.
    data_set
        Whose films, by the data set's name here.
    counts
        Of how many films or patients a body part's number is, where that is known.
    """

    name: str
    place: str
    measure: str
    split: str
    numbers: Mapping[str, float]
    flag: str = ""
    data_set: str = NAME
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def findings(self) -> dict[str, float]:
        """The numbers of single findings or body parts, by name."""
        return {name: n for name, n in self.numbers.items() if name not in AVERAGES}

    @property
    def is_whole(self) -> bool:
        """Whether all fourteen findings are known."""
        return set(self.findings) == {finding.name for finding in FINDINGS}

    @property
    def mean(self) -> float | None:
        """The mean of the fourteen, or the one that is printed; None = neither is known."""
        if self.is_whole:
            return sum(self.findings.values()) / len(FINDINGS)
        return self.numbers.get("mean")


@cache
def paper_results() -> tuple[PaperResult, ...]:
    """All that is stored, in the order of the file beside this module."""
    text = files("plainfilm.evaluation").joinpath("papers.toml").read_text(encoding="utf-8")
    return tuple(PaperResult(**row) for row in tomllib.loads(text)["result"])


def better_in(ours: PaperResult, theirs: PaperResult) -> tuple[str, ...]:
    """The findings in which `ours` is higher, of those that both print; says nothing of films."""
    both = ours.findings.keys() & theirs.findings.keys()
    return tuple(
        finding.name
        for finding in FINDINGS
        if finding.name in both and ours.findings[finding.name] > theirs.findings[finding.name]
    )


def ranked(results: Sequence[PaperResult]) -> list[PaperResult]:
    """The results by falling mean.

    Raises
    ------
    EvaluationError
        They are of different films or measures, or one has no mean: there is no order then.
    """
    kinds = {(result.split, result.measure) for result in results}
    if len(kinds) > 1:
        splits = "; ".join(sorted(f"{measure}: {split}" for split, measure in kinds))
        raise EvaluationError(f"numbers of different films or measures have no order ({splits})")
    means = {result.name: result.mean for result in results}
    missing = [name for name, mean in means.items() if mean is None]
    if missing:
        raise EvaluationError(f"{', '.join(missing)}: no mean is known, so it has no place")
    return sorted(results, key=lambda result: means[result.name] or 0.0, reverse=True)
