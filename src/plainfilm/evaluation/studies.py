"""Films' answers in, studies' answers out, by the one rule that `reading` combines films with."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from plainfilm.evaluation.answers import Answers, answers_of
from plainfilm.evaluation.calibration import CrossFit
from plainfilm.evaluation.metrics import Floats, Labels
from plainfilm.evaluation.table import Predictions, Texts
from plainfilm.reading.study import mean_choice, mean_each, mean_probability

Rows = Sequence[NDArray[np.intp]]


def by_study(films: Answers) -> Answers | None:
    """One row per study; None where every study is a single film.

    A study's score is the mean of its films' scores and its probability their mean in logits, as
    `plainfilm read` combines them. A finding is present in a study where any of
    its films shows it, absent where every film is known not to, else unknown. Refused films are
    left out of the answer and kept in the label; a study all of whose films were refused is.
    """
    studies = _studies(films.table)
    if all(rows.size == 1 for rows in studies):
        return None
    table = films.table
    answering = [_answering(table, rows) for rows in studies]
    first = table.rows(np.array([rows[0] for rows in studies]))
    mean = mean_choice if table.about.exclusive else mean_each
    combined = replace(
        first,
        details={key: _shared(texts, studies) for key, texts in table.details.items()},
        labels=np.stack([study_label(table.labels[rows]) for rows in studies]),
        scores=np.stack([table.scores[rows].mean(axis=0) for rows in answering]),
        probabilities=np.stack([mean(table.probabilities[rows].tolist()) for rows in answering]),
        familiarity=np.array([np.fmin.reduce(table.familiarity[rows]) for rows in answering]),
        refused=_refusals(table.refused, studies),
        published=None,
        audits={},
        facts={},
    )
    if table.about.refit_rule is None:
        return answers_of(combined, 0)  # as shipped: no chance in it
    fits = tuple(fit and _fit(fit, answering) for fit in films.fits)
    return _without_unjudged(Answers(combined, fits))


def study_label(labels: Labels) -> Floats:
    """What a study shows, float64 (K,), from its films' labels (films, K)."""
    any_present = (labels == 1).any(axis=0)
    any_unknown = np.isnan(labels).any(axis=0)
    return np.where(any_present, 1.0, np.where(any_unknown, np.nan, 0.0))


def n_mixed(films: Answers) -> int:
    """How many studies have films that differ in a known label."""
    labels = films.table.labels
    return sum(
        bool(((labels[rows] == 1).any(axis=0) & (labels[rows] == 0).any(axis=0)).any())
        for rows in _studies(films.table)
    )


def _studies(table: Predictions) -> Rows:
    """The films of each study, in the order of its first film; a film of no known study is one."""
    rows: dict[tuple[str, str | int], list[int]] = defaultdict(list)
    keys = zip(table.patient.tolist(), table.details["study"].tolist(), strict=True)
    for number, (patient, study) in enumerate(keys):
        rows[patient, study or number].append(number)
    return [np.array(numbers) for numbers in rows.values()]


def _answering(table: Predictions, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """The films of a study that were answered; all of them where none was."""
    answered = rows[table.refused[rows] == ""]
    return answered if answered.size else rows


def _fit(fit: CrossFit, answering: Rows) -> CrossFit:
    """The studies' answers, from films that a fit could judge; NaN where there is none.

    A study is of one patient and so of one fold: its films share their threshold.
    """
    probability, threshold = np.full(len(answering), np.nan), np.full(len(answering), np.nan)
    for number, rows in enumerate(answering):
        judged = rows[np.isfinite(fit.probability[rows])]
        if judged.size:
            probability[number] = mean_probability(fit.probability[judged].tolist())
            threshold[number] = fit.threshold[judged[0]]
    return CrossFit(probability, threshold)


def _without_unjudged(studies: Answers) -> Answers:
    """No label where there is no answer, so that a study without one counts nowhere."""
    labels = studies.table.labels.copy()
    answered = studies.table.refused == ""
    for column, fit in enumerate(studies.fits):
        if fit is not None:
            labels[answered & ~np.isfinite(fit.probability), column] = np.nan
    return replace(studies, table=replace(studies.table, labels=labels))


def _shared(texts: Texts, studies: Rows) -> Texts:
    """What all films of a study say; "" where they differ."""
    said = [set(texts[rows].tolist()) for rows in studies]
    return np.array([words.pop() if len(words) == 1 else "" for words in said], dtype=np.str_)


def _refusals(refused: Texts, studies: Rows) -> Texts:
    """Why a study has no answer: what was said of its films, where all were refused."""
    reasons = [sorted(set(refused[rows].tolist())) for rows in studies]
    words = ["" if "" in reason else "; ".join(reason) for reason in reasons]
    return np.array(words, dtype=np.str_)
