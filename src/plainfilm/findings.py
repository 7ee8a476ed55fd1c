"""What can be seen on a film (`Finding`, `LabelSet`) and what was (`Prediction`)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FeatureMap = NDArray[np.float32]


@dataclass(frozen=True)
class Code:
    """A term of a published vocabulary, as DICOM writes it (PS3.3 section 8, coded entries)."""

    scheme: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Finding:
    """Something a film can show.

    `name` is the key in every file ("pneumothorax"), `display` the words a person reads,
    `code` a published term where one is known to be right.
    """

    name: str
    display: str
    code: Code | None = None

    def __post_init__(self) -> None:
        if not self.name or self.name != self.name.lower() or " " in self.name:
            raise ValueError(f"a finding's name is lower case without spaces; found {self.name!r}")


@dataclass(frozen=True)
class LabelSet:
    """The findings a bundle or a data set knows; their order is the order of every vector.

    `exclusive` is True where exactly one finding holds for a film.
    """

    findings: tuple[Finding, ...]
    exclusive: bool = False

    def __post_init__(self) -> None:
        if not self.findings:
            raise ValueError("a label set needs at least one finding")
        if len(set(self.names)) != len(self.findings):
            raise ValueError(f"two findings share a name: {', '.join(self.names)}")

    def __len__(self) -> int:
        return len(self.findings)

    @property
    def names(self) -> tuple[str, ...]:
        """The findings' names, in order."""
        return tuple(finding.name for finding in self.findings)

    @property
    def is_choice(self) -> bool:
        """Whether a film shows exactly one of several findings: probabilities then add up to 1."""
        return self.exclusive and len(self) > 1


@dataclass(frozen=True)
class BundleId:
    """Which bundle answered; `sha256` is that of its bundle.json, which hashes all the rest."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, eq=False)
class FindingResult:
    """What a bundle says of one finding on one film.

    Parameters
    ----------
    probability
        In [0, 1]. A calibrated probability only where the prediction's `calibrated` is True;
        else a model score: the sigmoid of the score, or where exactly one finding holds for a film
        the softmax over the scores.
    score
        The uncalibrated logit.
    threshold
        In [0, 1]; the finding counts as present from this probability on.
    map
        float32 (h, w), the signed Grad-CAM map of this finding's logit; None where the bundle
        has none.
    prevalence
        In [0, 1]: the finding's share of the films at which the probability holds: those the bundle
        was calibrated on, or the site's where it was moved there; None where it never was.
    """

    finding: Finding
    probability: float
    score: float
    threshold: float
    map: FeatureMap | None = None
    prevalence: float | None = None

    def __post_init__(self) -> None:
        for what, value in (("probability", self.probability), ("threshold", self.threshold)):
            if not 0.0 <= value <= 1.0:  # written so that NaN fails
                raise ValueError(f"{self.finding.name}: {what} must lie in [0, 1]; found {value}")

    @property
    def present(self) -> bool:
        """Whether the probability reaches the threshold; a tie counts as present."""
        return self.probability >= self.threshold


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a bundle says of one film; carries no pixels.

    Parameters
    ----------
    name
        The radiograph's (or study's) name.
    bundle
        Who answered.
    calibrated
        True: the numbers are probabilities at the calibration set's prevalence. False: model
        scores, of a bundle that was never calibrated, or of a film outside its population or with
        a caution for its familiarity; or there are none, since the film was refused.
    results
        One per finding, in the label set's order; empty where the film was refused.
    familiarity
        In [0, 1]: the share of validation films that looked at most this familiar; None where
        the film was refused before it was measured.
    cautions
        Plain sentences that belong beside every number.
    refused
        Why no answer is given; None = answered.
    age_years, view, body_part
        What the film was taken for, from its header or from the caller; None = not known.
    facts
        What the network was told beside the pixels ("age", "sex", "view"), of what its bundle
        takes; of each None = not known. None = the bundle takes nothing but pixels.
    """

    name: str
    bundle: BundleId
    calibrated: bool
    results: tuple[FindingResult, ...]
    familiarity: float | None
    cautions: tuple[str, ...] = ()
    refused: str | None = None
    age_years: float | None = None
    view: str | None = None
    body_part: str | None = None
    facts: Mapping[str, float | str | None] | None = None

    def __post_init__(self) -> None:
        if bool(self.results) == (self.refused is not None):
            raise ValueError(f"{self.name}: a prediction has results or a refusal, one of the two")
        if self.calibrated and self.refused is not None:
            raise ValueError(f"{self.name}: refused, and so without a number that is calibrated")
        if self.familiarity is not None and not 0.0 <= self.familiarity <= 1.0:
            raise ValueError(f"{self.name}: familiarity must lie in [0, 1]")
