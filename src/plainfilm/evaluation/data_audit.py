"""A data set audited: do its files, or what it says of its patients, give the labels away?

A forest learns from these facts alone, each film judged by one that saw other patients only. If its
AUROC is far above .5, a network may rank films well and know nothing of disease: by the hospital
that saved the files, by the camera, by who is filmed lying down. Of a prepared set another learns
from the films' tones: how much of each is how bright, and nothing of where.

References
----------
DeGrave, Janizek and Lee 2021, Nature Machine Intelligence 3:610; Zech et al. 2018, PLoS Medicine
15:e1002683 (networks that read the source of a film).
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plainfilm.datasets.cache import Cache
from plainfilm.datasets.film_facts import (
    FILE_FACTS,
    RECORD_FACTS,
    Facts,
    film_facts,
    record_facts,
)
from plainfilm.datasets.film_split import film_split, leakage
from plainfilm.datasets.film_tones import TONE_FACTS, cached_tones, tone_facts
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import MissingExtra
from plainfilm.evaluation.bootstrap import (
    TOO_FEW,
    Interval,
    PatientDraws,
    draw_patients,
    interval,
    rank_draws,
)
from plainfilm.evaluation.calibration import patient_folds
from plainfilm.evaluation.measure import plain
from plainfilm.evaluation.metrics import Floats, auroc
from plainfilm.evaluation.table import Predictions

try:
    from sklearn.ensemble import RandomForestClassifier
except ImportError as error:
    raise MissingExtra("scikit-learn", "train") from error

MOST = 20_000  # films, drawn at random, that are looked at
NOTED, LOUD = 0.6, 0.8  # AUROC from which on it is told, and told loudly
N_DRAWS = 500
_WARNING = "WARNING"
_TREES, _FOLDS = 50, 5
_LEAF, _LEAVES = 10, 40  # films in a leaf, at least; or of all films one part in so many
_GROUPS = {
    "files": (FILE_FACTS, "the files alone (size, sides, bits, colour, kind)"),
    "record": (RECORD_FACTS, "age, sex and view alone"),
    "tone": (TONE_FACTS, "the films' tones alone (how much of a film is how bright, not where)"),
}
_OF_TONE = (
    " Disease changes the tone, too, and no film tells how much of this is habit: `evaluate` "
    "measures whether a network lives on it."
)


def audit_data(
    manifest: Manifest, cache: Cache | None = None, *, draws: int = N_DRAWS, seed: int = 0
) -> dict[str, object]:
    """What the facts beside the films tell of each finding.

    Parameters
    ----------
    manifest
        The films must be in their place; their headers are read.
    cache
        Of the same films, which tells their tones; None = of tones nothing is said.
    draws, seed
        Of the bootstrap over patients; the seed also of folds, forests and of `MOST` films.

    Returns
    -------
    Ready for JSON: what splits leak, in words; per finding the AUROC of the files' facts together
    and of the record's (age, sex, view) together, of the tone where there is a cache, each with
    its interval; of each fact alone, either way round; `words`.

    Raises
    ------
    DatasetError
        A film is not there, or is no film; the cache is of other films.
    """
    leak = leakage_words(manifest)
    if cache is not None:
        cache.check_fits(manifest)
    rows = np.arange(len(manifest))
    if len(manifest) > MOST:
        rows = np.sort(np.random.default_rng(seed).permutation(len(manifest))[:MOST])
        manifest = manifest.keep(rows)
    facts = film_facts(manifest)
    if cache is not None:
        facts |= tone_facts(cached_tones(cache, rows, facts["aspect"]))
    patients = np.array([sample.patient for sample in manifest.samples], dtype=np.str_)
    drawn = draw_patients(patients, draws, seed)
    findings = {
        finding.name: _numbers(finding.display, manifest.labels[:, column], facts, drawn, seed)
        for column, finding in enumerate(manifest.label_set.findings)
    }
    return {
        "schema": "plainfilm.data-audit/1",
        "data_set": manifest.source,
        "n_films": len(manifest),
        "n_patients": int(np.unique(patients).size),
        "leakage": leak,
        "findings": {name: plain(numbers) for name, numbers in findings.items()},
    }


def leakage_words(manifest: Manifest) -> list[str]:
    """What a split drawn film by film would leak, as older work drew it, and what this one does."""
    patients = [sample.patient for sample in manifest.samples]
    drawn = leakage(patients, film_split(len(patients)))
    would = f"A split drawn film by film would leak: {drawn}."
    if drawn.n_leaked_films:
        would = f"{_WARNING}, {would}"
    own = [sample.split for sample in manifest.samples]
    pairs = list(combinations(manifest.split_names, 2))
    n_leaked = sum(leakage(patients, own, *pair).n_leaked_films for pair in pairs)
    return [would, f"Its own splits ({', '.join(manifest.split_names)}) leak {n_leaked} films."]


def audit_table(
    table: Predictions, *, draws: int = N_DRAWS, seed: int = 0
) -> dict[str, dict[str, object]]:
    """The same of the films that a bundle was measured on, from their table of predictions.

    Of at most `MOST` films; a refused one counts too, since the question is the films'. Empty where
    their files were not looked at.
    """
    if not table.facts:
        return {}
    if len(table) > MOST:
        rng = np.random.default_rng(seed)
        table = table.rows(np.sort(rng.permutation(len(table))[:MOST]))
    sex, view = (table.details[key].tolist() for key in ("sex", "view"))
    facts = {**table.facts, **record_facts(table.age, sex, view)}
    drawn = draw_patients(table.patient, draws, seed)
    return {
        finding: {"display": display, **_numbers(display, labels, facts, drawn, seed)}
        for finding, display, labels in zip(
            table.about.findings, table.about.displays, table.labels.T, strict=True
        )
    }


def warnings_in(findings: Mapping[str, Mapping[str, object]]) -> list[str]:
    """The sentences of `audit_table` that warn, of all findings."""
    said = [numbers.get("words") for numbers in findings.values()]
    every = [words for words in said if isinstance(words, list)]
    return [sentence for words in every for sentence in words if sentence.startswith(_WARNING)]


def audit_text(audit: Mapping[str, object]) -> str:
    """The audit for people: a sentence per finding, and what each fact alone tells."""
    lines = [f"{audit['data_set']}: {audit['n_films']} films of {audit['n_patients']} patients."]
    lines += audit["leakage"] if isinstance(audit["leakage"], list) else []
    found = audit["findings"]
    findings = list(found.values()) if isinstance(found, Mapping) else []
    if not any("tone" in numbers for numbers in findings):
        lines.append("What the films' tones tell is not known: prepare the set, and audit that.")
    for numbers in findings:
        lines += ["", *numbers["words"]]
        if alone := numbers["alone"]:
            told = sorted(alone.items(), key=lambda item: -item[1])
            lines.append("  alone: " + ", ".join(f"{name} {area:.2f}" for name, area in told))
    return "\n".join(lines)


def _numbers(
    display: str,
    labels: NDArray[np.floating[Any]],
    facts: Mapping[str, Facts],
    draws: PatientDraws,
    seed: int,
) -> dict[str, object]:
    known = labels.astype(np.float64)
    n_present = int((known == 1).sum())
    sick, all_known = (np.unique(draws.patient_of[films]) for films in (known == 1, known >= 0))
    groups = {
        name: group for name, group in _GROUPS.items() if name != "tone" or TONE_FACTS[0] in facts
    }
    if min(sick.size, all_known.size - sick.size) < TOO_FEW:
        few = f"{display}: fewer than {TOO_FEW} patients with it or without it, too few to say."
        nothing = dict.fromkeys(groups)
        return {"n_present": n_present, **nothing, "alone": {}, "words": [few]}
    varied = {name: values for name, values in facts.items() if _varies(values)}
    areas = {name: _either_way(values, known) for name, values in varied.items()}
    found = {
        group: told_by([varied[name] for name in names if name in varied], known, draws, seed)
        for group, (names, _) in groups.items()
    }
    words = [
        _words(display, groups[group][1], area, _OF_TONE if group == "tone" else "")
        for group, area in found.items()
    ]
    return {
        "n_present": n_present,
        **found,
        "alone": {name: area for name, area in areas.items() if np.isfinite(area)},
        "words": [sentence for sentence in words if sentence],
    }


def _varies(values: Facts) -> bool:
    seen = values[np.isfinite(values)]
    return bool(seen.size) and bool(seen.min() < seen.max())


def _either_way(values: Facts, labels: Floats) -> float:
    area = auroc(values, np.where(np.isfinite(values), labels, np.nan))
    return max(area, 1 - area)


def told_by(
    facts: Sequence[Facts], labels: Floats, draws: PatientDraws, seed: int
) -> Interval | None:
    """The AUROC of a forest of these facts (n,), each film judged by one of other patients.

    None where there is no fact. EvaluationError where fewer than five patients have the finding, or
    lack it.
    """
    if not facts:
        return None
    table = np.nan_to_num(np.stack(facts, axis=1), nan=-1.0)
    rows = np.flatnonzero(np.isfinite(labels))
    folds = np.full(labels.size, -1)
    folds[rows] = patient_folds(labels[rows], draws.patient_of[rows].astype(np.str_), _FOLDS, seed)
    scores = np.full(labels.size, np.nan)
    for fold in range(_FOLDS):
        learn, judge = rows[folds[rows] != fold], rows[folds[rows] == fold]
        leaf = max(_LEAF, learn.size // _LEAVES)
        forest = RandomForestClassifier(_TREES, min_samples_leaf=leaf, random_state=seed)
        said = forest.fit(table[learn], labels[learn]).predict_proba(table[judge])[:, 1]
        # Ranked within the fold: a fold with many sick leaves few to learn from, and says less.
        scores[judge] = np.searchsorted(np.sort(said), said, side="left") / judge.size
    judged = np.where(np.isfinite(scores), labels, np.nan)
    return interval(auroc(scores, judged), rank_draws(draws, scores, judged).auroc)


def _words(display: str, what: str, found: Interval | None, more: str) -> str:
    if found is None or not np.isfinite(found.value):
        return ""
    number = f"AUROC {found.value:.3f} ({found.low:.3f} to {found.high:.3f})"
    if found.low <= 0.5:  # far below .5 too: learned on few, it may turn round on the others
        return f"{display}: {what} are not shown to tell it, {number}."
    if found.value < NOTED:
        return f"{display}: {what} tell next to nothing, {number}."
    if found.value < LOUD:
        return f"{display}: {what} tell something, {number}; compare what a network reaches.{more}"
    return (
        f"{_WARNING}, {display}: {what} nearly give the label away, {number}. A network may learn "
        f"this instead of disease.{more}"
    )
