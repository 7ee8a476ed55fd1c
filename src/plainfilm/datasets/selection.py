"""Which films, findings and splits of a data set a prepared folder gets: `Selection`."""

import difflib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from plainfilm.datasets.body_parts import one_body_part
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.resplit import with_fold, with_shares
from plainfilm.errors import DatasetError
from plainfilm.findings import Finding, LabelSet

NORMAL = Finding("no_finding", "No finding")


@dataclass(frozen=True)
class Selection:
    """What is kept of a data set, and how it is split; by default all of it, as it comes.

    Parameters
    ----------
    finding
        Keep this finding alone: present or not (one against all); None = every finding.
    body_part
        Keep the films of this body part alone; None = every film.
    percents
        Draw the splits anew, see `resplit.with_shares`; None = the data set's own.
    fold
        (number, k): cross-validation, see `resplit.with_fold`; None = the data set's own.
    with_normal
        True: "no finding" is a further class, see `with_normal`.
    """

    finding: str | None = None
    body_part: str | None = None
    percents: tuple[float, ...] | None = None
    fold: tuple[int, int] | None = None
    with_normal: bool = False

    def of(self, manifest: Manifest, *, seed: int = 0) -> Manifest:
        """The selected part of a manifest: body part, normal, finding, shares, fold.

        Raises
        ------
        DatasetError
            There is no such part, finding or fold, or the shares make no sense.
        """
        if self.body_part is not None:
            manifest = one_body_part(manifest, self.body_part)
        if self.with_normal:
            manifest = with_normal(manifest)
        if self.finding is not None:
            manifest = one_finding(manifest, self.finding)
        if self.percents is not None:
            manifest = with_shares(manifest, self.percents, seed=seed)
        if self.fold is not None:
            manifest = with_fold(manifest, *self.fold, seed=seed)
        return manifest


EVERYTHING = Selection()


def one_finding(manifest: Manifest, finding: str) -> Manifest:
    """The same films with one label: this finding, or not; unknown stays unknown.

    Parameters
    ----------
    manifest
        The films, with any number of findings.
    finding
        A name of the label set; capitals, blanks and underscores make no difference.

    Raises
    ------
    DatasetError
        No such finding.
    """
    places = {_plain(name): place for place, name in enumerate(manifest.label_set.names)}
    place = places.get(_plain(finding))
    if place is None:
        near = difflib.get_close_matches(_plain(finding), places, n=1)
        hint = f"; did you mean {manifest.label_set.names[places[near[0]]]!r}?" if near else "."
        known = ", ".join(manifest.label_set.names)
        raise DatasetError(f"{manifest.source}: no finding {finding!r}{hint} Known: {known}")
    label_set = LabelSet((manifest.label_set.findings[place],))
    samples = (s.with_labels(s.labels[place : place + 1]) for s in manifest.samples)
    return replace(manifest, label_set=label_set, samples=tuple(samples))


def with_normal(manifest: Manifest) -> Manifest:
    """The same films with one label more, the last: no finding at all.

    1 where every finding is absent, 0 where one is present, unknown otherwise.

    Raises
    ------
    DatasetError
        There is such a label already, or one finding holds for each film anyway.
    """
    label_set = manifest.label_set
    is_there = NORMAL.name in label_set.names
    if label_set.exclusive or is_there:
        found = "is a label already" if is_there else "is one of its own classes"
        raise DatasetError(f"{manifest.source}: that a film has no finding {found}; leave it so.")
    samples = (
        sample.with_labels(np.append(sample.labels, _is_normal(sample.labels)).astype(np.float32))
        for sample in manifest.samples
    )
    more = LabelSet((*label_set.findings, NORMAL))
    return replace(manifest, label_set=more, samples=tuple(samples))


def _is_normal(labels: NDArray[np.float32]) -> float:
    if (labels == 1).any():
        return 0.0
    return np.nan if np.isnan(labels).any() else 1.0


def _plain(name: str) -> str:
    return "_".join(name.lower().replace("_", " ").replace("-", " ").split())
