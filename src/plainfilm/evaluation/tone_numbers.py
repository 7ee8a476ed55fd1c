"""Does the tone of a film decide? The numbers of tones.json, and what they mean in a sentence.

A network that lives on the tone tells less of films that all have one tone, and tells other films
by the tone they were brought into. Disease changes the tone as well: a sound network may lose a
little in a common tone and answer a little by a tone alone. So a shortcut is named only where the
fall is real and not small, the tone alone keeps half of what the whole film tells, and a forest
that saw nothing but tones tells the finding, too.
"""

from collections.abc import Mapping

import numpy as np

from plainfilm.evaluation.audit_words import CHANCE, SHORTCUT
from plainfilm.evaluation.bootstrap import (
    TOO_FEW,
    Interval,
    PatientDraws,
    draw_patients,
    interval,
)
from plainfilm.evaluation.data_audit import told_by
from plainfilm.evaluation.places import area_of, shown
from plainfilm.evaluation.tones import STAND_INS, Tones

COSTS = 0.02  # AUROC; a fall by less in a common tone is no matter
_UNSURE = (
    "Disease changes the tone, too, and these films do not tell how much of this is disease and "
    "how much habit, such as another machine for the sick."
)


def tone_numbers(tones: Tones, n_draws: int, seed: int) -> dict[str, object]:
    """Per finding: AUROC of the films whole, all in one tone, and of their tones alone, by the
    network (`alone`) and by a forest (`forest`); `words` names a shortcut, or says that there is
    none or that it cannot be said. Patients are drawn with that seed; the fall is paired.
    """
    patients = np.array([film.patient for film in tones.films], dtype=np.str_)
    draws = draw_patients(patients, n_draws, seed)
    findings = {
        name: _finding(tones, column, display, draws)
        for column, (name, display) in enumerate(tones.displays.items())
    }
    return {"n_films": len(tones.films), "n_stand_ins": STAND_INS, "findings": findings}


def tone_alarms(numbers: Mapping[str, object]) -> list[str]:
    """The sentences of `tone_numbers` that name a shortcut."""
    findings = numbers["findings"]
    rows = findings.values() if isinstance(findings, Mapping) else ()
    return [str(row["words"]) for row in rows if str(row["words"]).startswith(SHORTCUT)]


def _finding(tones: Tones, column: int, display: str, draws: PatientDraws) -> dict[str, object]:
    labels = np.array([film.labels[column] for film in tones.films], np.float64)
    whole, drawn = area_of([film.whole[column] for film in tones.films], labels, draws)
    alike, alike_drawn = area_of([film.alike[column] for film in tones.films], labels, draws)
    alone, _ = area_of([film.alone[column] for film in tones.films], labels, draws)
    sick, known = (np.unique(draws.patient_of[kept]) for kept in (labels == 1, labels >= 0))
    few = min(sick.size, known.size - sick.size) < TOO_FEW
    facts = np.array([film.tone for film in tones.films], np.float64)
    forest = None if few else told_by(list(facts.T), labels, draws, 0)
    found = {
        "whole": whole,
        "alike": alike,
        "fall": interval(whole.value - alike.value, drawn - alike_drawn),
        "alone": alone,
        "forest": Interval(np.nan, np.nan, np.nan) if forest is None else forest,
    }
    words = _words(display, found, few=few)
    n_present = int((labels == 1).sum())
    return {"display": display, "n_present": n_present, "too_few": few, **found, "words": words}


def _words(display: str, found: Mapping[str, Interval], *, few: bool) -> str:
    whole, alike, fall, alone = (found[key] for key in ("whole", "alike", "fall", "alone"))
    if few:
        return f"{display}: fewer than {TOO_FEW} patients of one kind, too few to say of the tone."
    if not whole.low > CHANCE:
        return f"{display}: told too little on these films to say whether the tone tells it."
    real = fall.low > 0 and fall.value >= COSTS
    half = CHANCE + (whole.value - CHANCE) / 2
    by_tone = alone.value >= half and min(alone.low, found["forest"].low) > CHANCE
    if real and by_tone:
        return (
            f"{SHORTCUT}, {display}: the bundle answers by the film's tone, that is by how much of "
            "it is how bright, wherever that is. By tone alone, lent to other films, the AUROC is "
            f"{shown(alone)}; "
            f"with all films in one tone it is {shown(alike)}, of the films as they are "
            f"{shown(whole)}; a forest that saw only tones reaches {shown(found['forest'])}. "
            f"{_UNSURE}"
        )
    if real:
        return (
            f"{display}: with all films in one tone the AUROC is {shown(alike)} instead of "
            f"{shown(whole)}, and by tone alone {shown(alone)}: the tone helps. "
            f"{_UNSURE}"
        )
    return (
        f"{display}: the tone is not shown to matter; with all films in one tone the AUROC is "
        f"{alike.value:.3f} instead of {whole.value:.3f}."
    )
