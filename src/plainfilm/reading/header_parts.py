"""What a bundle's header is made of: records that check themselves.

A value outside its range is a ValueError where a program made it, and a CorruptBundle where it
came from a file.
"""

import math
import re
from dataclasses import dataclass
from enum import StrEnum

from plainfilm.radiograph import View
from plainfilm.reading.facts import CODING, FACTS

MAX_INPUT_SIZE = 4096

SHA256_PATTERN = re.compile(r"[0-9a-f]{64}")


class FitPolicy(StrEnum):
    """How the graph brings a film to its square input."""

    SQUASH = "squash"
    PAD = "pad"
    CROP = "crop"


@dataclass(frozen=True)
class Population:
    """Whose films the bundle is for.

    Parameters
    ----------
    body_parts
        Lower-case English, at least one.
    views
        Values of `View`, at least one.
    age_years
        Youngest and oldest, in completed years: (1, 5) holds until the sixth birthday; None =
        any age.
    words
        The same as a person would say it: "children of one to five years, chest from the front".
    """

    body_parts: tuple[str, ...]
    views: tuple[str, ...]
    age_years: tuple[float, float] | None
    words: str

    def __post_init__(self) -> None:
        parts = bool(self.body_parts) and all(p and p == p.lower() for p in self.body_parts)
        check(parts, "body_parts", self.body_parts, "at least one, in lower case")
        views = bool(self.views) and set(self.views) <= set(View)
        check(views, "views", self.views, f"at least one of {', '.join(View)}")
        low, high = self.age_years or (0.0, 0.0)
        check(0 <= low <= high <= 130, "age_years", self.age_years, "0 <= low <= high <= 130")
        check(bool(self.words), "words", self.words, "a sentence")


@dataclass(frozen=True)
class FactsInput:
    """Which facts of a film the network is told beside its pixels, and how they are written.

    `names` are some of `facts.FACTS` in their order; `coding` is the version of `facts_vector`.
    """

    names: tuple[str, ...]
    coding: str

    def __post_init__(self) -> None:
        ordered = tuple(name for name in FACTS if name in self.names)
        known = bool(self.names) and self.names == ordered
        check(known, "names", self.names, f"some of {', '.join(FACTS)}, in this order")
        check(self.coding == CODING, "coding", self.coding, f"{CODING!r}")


@dataclass(frozen=True)
class InputFit:
    """The side of the network's square input in pixels, and how a film is brought to it.

    `facts` is what the network is told beside a film's pixels; None = nothing, as most.
    """

    size: int
    policy: FitPolicy
    facts: FactsInput | None = None

    def __post_init__(self) -> None:
        possible = 8 <= self.size <= MAX_INPUT_SIZE
        check(possible, "size", self.size, f"8 to {MAX_INPUT_SIZE}")

    @property
    def fact_names(self) -> tuple[str, ...]:
        """The facts that the network is told; () = none."""
        return () if self.facts is None else self.facts.names


@dataclass(frozen=True)
class MapScale:
    """Height and width of the maps, and the map value that heatmaps draw at full strength."""

    height: int
    width: int
    display_max: float

    def __post_init__(self) -> None:
        shape = 1 <= self.height <= MAX_INPUT_SIZE and 1 <= self.width <= MAX_INPUT_SIZE
        check(shape, "height, width", (self.height, self.width), f"1 to {MAX_INPUT_SIZE}")
        _check_positive("display_max", self.display_max)


@dataclass(frozen=True)
class Calibration:
    """Whether the outputs are probabilities; by which method, on which films (plain words).

    `prevalence` is the share of those films, in [0, 1], on which each finding was present, by
    name: a probability above it speaks for the finding. Empty where never calibrated.
    """

    calibrated: bool
    method: str
    source: str
    prevalence: dict[str, float]

    def __post_init__(self) -> None:
        for name, share in self.prevalence.items():
            check(0 <= share <= 1, f"prevalence.{name}", share, "a number in [0, 1]")


@dataclass(frozen=True)
class FamiliarityCut:
    """Below which familiarity a reader cautions, below which it refuses; how it was chosen."""

    caution_below: float
    refuse_below: float
    method: str

    def __post_init__(self) -> None:
        ordered = 0 <= self.refuse_below <= self.caution_below <= 1
        found = (self.refuse_below, self.caution_below)
        check(ordered, "refuse_below, caution_below", found, "0 <= refuse <= caution <= 1")


@dataclass(frozen=True)
class Provenance:
    """Where the network comes from; enough to train it again.

    Parameters
    ----------
    recipe, recipe_toml
        Name and full text of the recipe.
    data_set, split_sha256
        What it learned from, and the hash of its split.
    n_patients, patients_sha256
        How many patients, and the hash of their sorted keys: tells an overlap with another list.
    seed, seconds
        Of the training.

        Of a network that was trained elsewhere these five may be None: not known.
    init
        "scratch", or what the weights started from.
    details
        Anything else worth keeping, as text.
    """

    recipe: str
    recipe_toml: str
    data_set: str
    split_sha256: str | None
    n_patients: int | None
    patients_sha256: str | None
    seed: int | None
    code_version: str
    hardware: str
    seconds: float | None
    init: str
    details: dict[str, str]

    def __post_init__(self) -> None:
        for what, value in (
            ("split_sha256", self.split_sha256),
            ("patients_sha256", self.patients_sha256),
        ):
            hashed = value is None or bool(SHA256_PATTERN.fullmatch(value))
            check(hashed, what, value, "64 hexadecimal digits")
        check(_at_least(1, self.n_patients), "n_patients", self.n_patients, "at least 1")
        check(_at_least(0, self.seed), "seed", self.seed, "at least 0")
        check(_at_least(0, self.seconds), "seconds", self.seconds, "at least 0")


@dataclass(frozen=True)
class Licences:
    """Under which licences code, weights and training films stand."""

    code: str
    weights: str
    training_data: str


def _at_least(least: float, value: float | None) -> bool:
    return value is None or (math.isfinite(value) and value >= least)


def _check_positive(what: str, value: float) -> None:
    check(math.isfinite(value) and value > 0, what, value, "a positive number")


def check(holds: bool, what: str, found: object, expected: str) -> None:
    """ValueError "what: found …; expected …" where it does not hold."""
    if not holds:
        raise ValueError(f"{what}: found {found!r}; expected {expected}")
