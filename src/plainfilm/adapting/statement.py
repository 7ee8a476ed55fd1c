"""What an adapted bundle states of itself: its parent's header, and what was fitted anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from plainfilm import __version__
from plainfilm.adapting.before_after import Row, change_in_words, in_words, is_chance
from plainfilm.adapting.own_films import OwnFilms
from plainfilm.adapting.ways import Learn, Made
from plainfilm.datasets.lookalikes import adapted_looks
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.seen import adapted_digests
from plainfilm.evaluation.metrics import Floats
from plainfilm.evaluation.predict import ADAPTED_FILMS, ADAPTED_FROM, ADAPTED_RULE
from plainfilm.findings import LabelSet
from plainfilm.imports import LIMITS as IMPORTED_LIMITS
from plainfilm.reading.bundle import (
    Bundle,
    BundleHeader,
    Calibration,
    FamiliarityCut,
    MapScale,
    Population,
)
from plainfilm.training.statement import CAUTION_BELOW

LEARNED = "learned when adapted"
HOW = "adapted with"
UNTOLD = "It cannot tell a film that is unlike those it learned from."


@dataclass(frozen=True, eq=False)
class Adaptation:
    """What was done, on which films.

    Parameters
    ----------
    films, manifest, split
        The films that were used, the manifest they are from and the split's name, or "all".
    population
        Whose films they are.
    kept
        Positions of the parent's findings that stay.
    made
        The graph, calibrators and thresholds.
    rows
        Before and after, by finding.
    rule
        That the thresholds were chosen by.
    learn
        What was learned.
    leaks
        Sentences that name films which look like some that the parent learned from.
    """

    films: OwnFilms
    manifest: Manifest
    split: str
    population: Population
    kept: tuple[int, ...]
    made: Made
    rows: Mapping[str, Row]
    rule: str
    learn: Learn = "nothing"
    leaks: tuple[str, ...] = ()


def state(parent: Bundle, done: Adaptation, version: str, created: datetime) -> BundleHeader:
    """The header of the adapted bundle.

    Raises
    ------
    ValueError
        `version` cannot be one.
    """
    header = parent.header
    all_findings = header.label_set.findings
    left_out = [f.display for k, f in enumerate(all_findings) if k not in done.kept]
    where = films_in_words(done)
    familiarity = _familiarity(header, done)
    method = f"{done.made.fitted.method}; refitted"
    fitted = f"fitted on {where}; numbers on these films are cross-fitted by patient"
    return replace(
        header,
        version=version,
        created=created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        label_set=LabelSet(tuple(all_findings[k] for k in done.kept), header.label_set.exclusive),
        thresholds=done.made.fitted.thresholds.values,
        threshold_rule=f"{done.made.fitted.thresholds.words}; on {where}",
        calibration=Calibration(True, method, fitted, done.made.fitted.prevalence),
        map=_map(header.map, done.made.map_peak),
        familiarity=familiarity,
        population=done.population,
        intended_use=_use(header, done.population),
        limits=_limits(header, left_out, tells=familiarity is not None)
        + _chances(done)
        + done.leaks,
        provenance=replace(
            header.provenance,
            init=_init(parent, done),
            details={**_inherited(header), **_details(parent, done)},
        ),
    )


def films_in_words(done: Adaptation) -> str:
    """How many films, of whom, from where."""
    patients = {sample.patient for sample in done.films.samples}
    part = "all" if done.split == "all" else done.split
    return (
        f"{len(done.films):,} {part} films of {len(patients):,} patients of "
        f"{done.manifest.source} ({done.population.words})"
    )


def _details(parent: Bundle, done: Adaptation) -> dict[str, str]:
    used = done.manifest if done.split == "all" else done.manifest.split(done.split)
    left_out = "; ".join(f"{n} {why}" for why, n in done.films.left_out.items())
    return {
        ADAPTED_FROM: f"{parent.id.name} {parent.id.version}, bundle.json {parent.id.sha256}",
        "adapted on": films_in_words(done) + (f"; left out: {left_out}" if left_out else ""),
        "adapted by": f"plainfilm {__version__}",
        "adapted on split_sha256": done.manifest.split_sha256,
        ADAPTED_FILMS: used.images_sha256,
        ADAPTED_RULE: done.rule,
        **_learned(parent.header, done),
        **{f"adapted, {name}": change_in_words(row) for name, row in done.rows.items()},
    }


def _learned(header: BundleHeader, done: Adaptation) -> dict[str, str]:
    """What the network learned from these films, and which films they are."""
    if done.learn == "nothing":
        return {}
    before = header.provenance.details
    films = replace(done.manifest, samples=done.films.samples)
    told = [before[LEARNED], done.made.words] if LEARNED in before else [done.made.words]
    return {
        LEARNED: "; then ".join(told),
        HOW: f"--{done.learn}",
        **adapted_digests(before, films),
        **adapted_looks(before, films, header.input.policy.value),
    }


def _init(parent: Bundle, done: Adaptation) -> str:
    start = parent.header.provenance.init
    if done.learn == "nothing":
        return start
    return f"{start}; then {parent.id.name} {parent.id.version}, adapted with --{done.learn}"


def _inherited(header: BundleHeader) -> dict[str, str]:
    """The parent's details, without those of an earlier adapting that have been replaced.

    How a network learned then stays: it answers still.
    """
    details = header.provenance.details
    return {k: v for k, v in details.items() if k == HOW or not k.startswith("adapted")}


def _limits(header: BundleHeader, left_out: Sequence[str], *, tells: bool) -> tuple[str, ...]:
    kept = [text for text in header.limits if text not in IMPORTED_LIMITS]
    kept = [text for text in kept if text != UNTOLD]
    if not tells:
        kept.append(UNTOLD)
    if left_out:
        words = ", ".join(left_out)
        kept.append(f"Left out, since the films it was adapted on do not tell them: {words}.")
    return tuple(kept)


def _use(header: BundleHeader, population: Population) -> str:
    if header.population is None:
        return header.intended_use
    return (
        f"Research and teaching, on those it was adapted to: {population.words}. Its parent was "
        f"meant for {header.population.words}: {header.intended_use}"
    )


def _chances(done: Adaptation) -> tuple[str, ...]:
    return tuple(
        f"On the films it was adapted on it tells {name} no better than chance may (AUROC "
        f"{in_words(row['auroc'])}): its probability is near the finding's share of those films, "
        "whatever a film shows."
        for name, row in done.rows.items()
        if is_chance(row)
    )


def _map(parent: MapScale | None, peak: float | None) -> MapScale | None:
    return parent if parent is None or peak is None else replace(parent, display_max=peak)


def _familiarity(header: BundleHeader, done: Adaptation) -> FamiliarityCut | None:
    """Of what was fitted anew; else the parent's, where the graph still has it."""
    if done.made.familiarity is not None or done.learn == "whole":
        return done.made.familiarity
    return _cut(header.familiarity, done.films.familiarity)


def _cut(parent: FamiliarityCut | None, familiarity: Floats) -> FamiliarityCut | None:
    """The parent's measure with cuts set on one's own films; None where it has none."""
    if parent is None:
        return None
    least = float(familiarity.min())
    caution = max(float(np.quantile(familiarity, CAUTION_BELOW)), least)
    flagged = int((familiarity < parent.caution_below).sum())
    refused = int((familiarity < parent.refuse_below).sum())
    words = (
        f"{parent.method.split(';')[0].split(':')[0]}, as the parent bundle measures it. The cuts "
        f"were set anew on the {familiarity.size:,} films it was adapted on: one in a hundred of "
        "them is cautioned, refused is what is less than half as familiar as every one. The "
        f"parent's cuts would have cautioned or refused {flagged} of them, {refused} refused"
    )
    return FamiliarityCut(caution, float(f"{least / 2:.2g}"), words)
