"""Which films, findings and splits of a data set a prepared folder gets: `Selection`."""

import difflib
from dataclasses import dataclass, replace

from plainfilm.datasets.body_parts import one_body_part
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.resplit import with_fold, with_shares
from plainfilm.errors import DatasetError
from plainfilm.findings import LabelSet


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
    """

    finding: str | None = None
    body_part: str | None = None
    percents: tuple[float, ...] | None = None
    fold: tuple[int, int] | None = None

    def of(self, manifest: Manifest, *, seed: int = 0) -> Manifest:
        """The selected part of a manifest: body part, then finding, then shares, then fold.

        Raises
        ------
        DatasetError
            There is no such part, finding or fold, or the shares make no sense.
        """
        if self.body_part is not None:
            manifest = one_body_part(manifest, self.body_part)
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


def _plain(name: str) -> str:
    return "_".join(name.lower().replace("_", " ").replace("-", " ").split())
