"""A bundle before and after it was adapted, on the same films and the same draws of patients."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from plainfilm.evaluation.bootstrap import Interval, PatientDraws, interval, rank_draws
from plainfilm.evaluation.calibration import CrossFit
from plainfilm.evaluation.metrics import Floats, Labels, auroc, brier
from plainfilm.evaluation.operating import calibration_numbers, operating_point
from plainfilm.evaluation.reliability import N_BINS, ece, equal_width_bins

Row = dict[str, object]

_HEADS = {"auroc": "AUROC", "ece": "calibration error", "brier": "Brier score"}


def compare(
    scores: Floats,
    labels: Labels,
    before: CrossFit,
    after: CrossFit,
    draws: PatientDraws,
    *,
    learned: bool = False,
) -> Row:
    """The numbers of one finding; an interval is [value, low, high].

    Parameters
    ----------
    scores, labels
        (n,), of one finding; a film whose label is NaN is left out. The scores are those before.
    before, after
        Probabilities and thresholds (n,); `after` of a fit that did not see the film's patient.
    draws
        Of patients, the same for everything, so that differences are paired.
    learned
        True: the scores did not stay. Films are then ranked after by `after`'s probabilities, which
        are alike across its folds, and there are an AUROC of both sides and its change.

    Returns
    -------
    `difference` is after less before: below 0 is better, but for the AUROC. The draws' calibration
    errors are a little too large where the error is small (`inversion`), so its interval errs
    towards "no better"; it is drawn out to hold the value. `auroc` is that after.
    """
    known = ~np.isnan(labels)
    ranks = [scores, after.probability] if learned else [scores]
    areas = [auroc(each, labels) for each in ranks]
    drawn = [rank_draws(draws, each, labels).auroc for each in ranks]
    told = [_plain(interval(area, each)) for area, each in zip(areas, drawn, strict=True)]
    change: Row = (
        {"auroc": _difference((areas[0], areas[1]), (drawn[0], drawn[1]))} if learned else {}
    )
    return {
        "n_films": int(known.sum()),
        "n_present": int((labels == 1).sum()),
        "auroc": told[-1],
        "before": {"auroc": told[0], **_side(before, labels, draws)},
        "after": {"auroc": told[-1], **_side(after, labels, draws)},
        "difference": change
        | {
            "ece": _difference(
                (ece(before.probability, labels), ece(after.probability, labels)),
                (
                    _ece_draws(before.probability, labels, draws),
                    _ece_draws(after.probability, labels, draws),
                ),
            ),
            "brier": _difference(
                (brier(before.probability, labels), brier(after.probability, labels)),
                (
                    _brier_draws(before.probability, labels, draws),
                    _brier_draws(after.probability, labels, draws),
                ),
            ),
        },
    }


def _side(fit: CrossFit, labels: Labels, draws: PatientDraws) -> Row:
    calibration = calibration_numbers(draws, fit.probability, labels)
    rates = operating_point(draws, fit.probability, labels, fit.threshold)
    return {
        "ece": _plain(calibration.ece),
        "brier": _plain(calibration.brier),
        "sensitivity": _plain(rates.sensitivity),
        "specificity": _plain(rates.specificity),
    }


def _difference(values: tuple[float, float], drawn: tuple[Floats, Floats]) -> list[float | None]:
    value = values[1] - values[0]
    found = interval(value, drawn[1] - drawn[0])
    return _plain(Interval(value, min(found.low, value), max(found.high, value)))


def _ece_draws(probability: Floats, labels: Labels, draws: PatientDraws) -> Floats:
    """The calibration error of each draw, over the bins of the whole set."""
    known = ~np.isnan(labels)
    spread = np.zeros((labels.size, N_BINS))
    rows = np.flatnonzero(known)
    spread[rows, equal_width_bins(probability[known])] = probability[known] - labels[known]
    errors: Floats = np.abs(draws.sums(spread)).sum(axis=1) / _counts(known, draws)
    return errors


def _brier_draws(probability: Floats, labels: Labels, draws: PatientDraws) -> Floats:
    known = ~np.isnan(labels)
    squared = np.where(known, probability - labels, 0.0) ** 2
    errors: Floats = draws.sums(squared[:, None])[:, 0] / _counts(known, draws)
    return errors


def _counts(known: NDArray[np.bool_], draws: PatientDraws) -> Floats:
    counts = draws.sums(known[:, None].astype(np.float64))[:, 0]
    return np.where(counts == 0, np.nan, counts)


def _plain(found: Interval) -> list[float | None]:
    """As JSON holds it: NaN is None."""
    return [
        None if np.isnan(value) else float(value) for value in (found.value, found.low, found.high)
    ]


def table_lines(rows: Mapping[str, Row], displays: Sequence[str]) -> list[str]:
    """The numbers as a Markdown table, one line a finding."""
    learned = any(_part(row, "difference", "auroc") for row in rows.values())
    heads = ["finding", "films", "present"] + ([] if learned else ["AUROC (unchanged)"])
    keys = ("auroc", "ece", "brier") if learned else ("ece", "brier")
    for key in keys:
        heads += [f"{_HEADS[key]} before", "after", "change"]
    heads += ["sensitivity, specificity before", "after"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for display, row in zip(displays, rows.values(), strict=True):
        cells = [display, str(row["n_films"]), str(row["n_present"])]
        cells += [] if learned else [in_words(row["auroc"])]
        for key in keys:
            cells += [in_words(_part(row, side, key)) for side in ("before", "after", "difference")]
        for side in ("before", "after"):
            both = [_part(row, side, key) for key in ("sensitivity", "specificity")]
            cells.append(", ".join(in_words(each).partition(" ")[0] for each in both))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def summary_lines(rows: Mapping[str, Row], displays: Sequence[str]) -> list[str]:
    """The changes for a terminal: a line for each finding and what may have changed of it."""
    width = max(map(len, displays), default=0)
    return [
        f"  {display:<{width}}  {_HEADS[key]} {in_words(_part(row, 'before', key))} -> "
        f"{in_words(_part(row, 'after', key))}: {_verdict(row, key, sign=sign)}"
        for display, row in zip(displays, rows.values(), strict=True)
        for key, sign in (("ece", -1), ("auroc", 1))
        if _part(row, "difference", key)
    ]


def change_in_words(row: Row) -> str:
    """A finding's calibration, and AUROC where it may differ: by how much, and if by chance."""
    sentences = [_sentence(row, "ece", sign=-1)]
    if _part(row, "difference", "auroc"):
        sentences.append(_sentence(row, "auroc", sign=1))
    return "; ".join(sentences)


def _sentence(row: Row, key: str, *, sign: int) -> str:
    sides = [in_words(_part(row, side, key)).partition(" ")[0] for side in ("before", "after")]
    change, verdict = in_words(_part(row, "difference", key)), _verdict(row, key, sign=sign)
    return f"{_HEADS[key]} {sides[0]} before, {sides[1]} after; change {change}: {verdict}"


def _verdict(row: Row, key: str, *, sign: int) -> str:
    """`sign` is that of a change for the better."""
    change = _part(row, "difference", key)
    if isinstance(change, list) and None not in change and change[1] * change[2] > 0:
        return "better" if change[0] * sign > 0 else "worse"
    return "cannot be told from chance"


def is_chance(row: Row) -> bool:
    """Whether the order of the films may be chance: the AUROC's interval holds 0.5, or is below."""
    area = row["auroc"]
    return not isinstance(area, list) or area[1] is None or bool(area[1] <= 0.5)


def _part(row: Row, side: str, key: str) -> object:
    part = row[side]
    return part.get(key) if isinstance(part, Mapping) else None


def in_words(value: object) -> str:
    """As "0.975 (0.958 to 0.988)"; "—" = no number."""
    if not isinstance(value, list) or value[0] is None:
        return "—"
    if None in value:
        return f"{value[0]:.3f} (no interval)"
    return f"{value[0]:.3f} ({value[1]:.3f} to {value[2]:.3f})"
