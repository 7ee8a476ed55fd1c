"""What a reader must know of a bundle before it uses it: `BundleHeader`, and its bundle.json.

The records check themselves: a value outside its range is a ValueError where a program made it,
and a CorruptBundle where it came from a file.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum

from plainfilm.errors import BundleTooNew, CorruptBundle
from plainfilm.findings import LabelSet
from plainfilm.radiograph import View
from plainfilm.reading.seal import FIELD, OPEN, check_seal, seal
from plainfilm.reading.strict_json import decode, encode, parse

FORMAT = "plainfilm.bundle/1"
MAX_FINDINGS = 1000
MAX_INPUT_SIZE = 4096

_FORMAT_PATTERN = re.compile(r"plainfilm\.bundle/[1-9][0-9]*")
_NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_VERSION_PATTERN = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,31}")
_SHA256_PATTERN = re.compile(r"[0-9a-f]{64}")


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
        _check(parts, "body_parts", self.body_parts, "at least one, in lower case")
        views = bool(self.views) and set(self.views) <= set(View)
        _check(views, "views", self.views, f"at least one of {', '.join(View)}")
        low, high = self.age_years or (0.0, 0.0)
        _check(0 <= low <= high <= 130, "age_years", self.age_years, "0 <= low <= high <= 130")
        _check(bool(self.words), "words", self.words, "a sentence")


@dataclass(frozen=True)
class InputFit:
    """The side of the network's square input in pixels, and how a film is brought to it."""

    size: int
    policy: FitPolicy

    def __post_init__(self) -> None:
        possible = 8 <= self.size <= MAX_INPUT_SIZE
        _check(possible, "size", self.size, f"8 to {MAX_INPUT_SIZE}")


@dataclass(frozen=True)
class MapScale:
    """Height and width of the maps, and the map value that heatmaps draw at full strength."""

    height: int
    width: int
    display_max: float

    def __post_init__(self) -> None:
        shape = 1 <= self.height <= MAX_INPUT_SIZE and 1 <= self.width <= MAX_INPUT_SIZE
        _check(shape, "height, width", (self.height, self.width), f"1 to {MAX_INPUT_SIZE}")
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
            _check(0 <= share <= 1, f"prevalence.{name}", share, "a number in [0, 1]")


@dataclass(frozen=True)
class FamiliarityCut:
    """Below which familiarity a reader cautions, below which it refuses; how it was chosen."""

    caution_below: float
    refuse_below: float
    method: str

    def __post_init__(self) -> None:
        ordered = 0 <= self.refuse_below <= self.caution_below <= 1
        found = (self.refuse_below, self.caution_below)
        _check(ordered, "refuse_below, caution_below", found, "0 <= refuse <= caution <= 1")


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
    init
        "scratch", or what the weights started from.
    details
        Anything else worth keeping, as text.
    """

    recipe: str
    recipe_toml: str
    data_set: str
    split_sha256: str
    n_patients: int
    patients_sha256: str
    seed: int
    code_version: str
    hardware: str
    seconds: float
    init: str
    details: dict[str, str]

    def __post_init__(self) -> None:
        for what, value in (
            ("split_sha256", self.split_sha256),
            ("patients_sha256", self.patients_sha256),
        ):
            _check(bool(_SHA256_PATTERN.fullmatch(value)), what, value, "64 hexadecimal digits")
        _check(self.n_patients >= 1, "n_patients", self.n_patients, "at least 1")
        _check(self.seed >= 0, "seed", self.seed, "at least 0")
        running = math.isfinite(self.seconds) and self.seconds >= 0
        _check(running, "seconds", self.seconds, "at least 0")


@dataclass(frozen=True)
class Licences:
    """Under which licences code, weights and training films stand."""

    code: str
    weights: str
    training_data: str


@dataclass(frozen=True)
class BundleHeader:
    """Everything a reader must know of a bundle; bundle.json without its hashes.

    Parameters
    ----------
    name, version
        Lower-case words joined by "-", and a version: together what people call the bundle.
    created
        ISO 8601 in UTC, "2025-01-31T12:00:00Z".
    label_set
        The findings, in the order of the graph's outputs.
    map
        None where the network has no maps.
    thresholds
        Finding name to probability in [0, 1]; one for each finding.
    threshold_rule
        How they were chosen, in plain words.
    familiarity
        None where the graph does not measure it.
    limits
        What the bundle cannot do, one plain sentence each.
    """

    name: str
    version: str
    created: str
    label_set: LabelSet
    input: InputFit
    map: MapScale | None
    thresholds: dict[str, float]
    threshold_rule: str
    calibration: Calibration
    familiarity: FamiliarityCut | None
    population: Population
    intended_use: str
    limits: tuple[str, ...]
    provenance: Provenance
    licences: Licences
    citation: str

    def __post_init__(self) -> None:
        check_name(self.name, self.version)
        _check(_is_utc(self.created), "created", self.created, "such as 2025-01-31T12:00:00Z")
        few = len(self.label_set) <= MAX_FINDINGS
        _check(few, "label_set", len(self.label_set), f"at most {MAX_FINDINGS} findings")
        names = self.label_set.names
        matching = sorted(self.thresholds) == sorted(names)
        _check(matching, "thresholds", sorted(self.thresholds), f"one for each of {names}")
        for name, value in self.thresholds.items():
            _check(0 <= value <= 1, f"thresholds.{name}", value, "a number in [0, 1]")
        shares = self.calibration.prevalence
        expected = names if self.calibration.calibrated else ()
        stated = sorted(shares) == sorted(expected)
        _check(stated, "calibration.prevalence", sorted(shares), f"one for each of {expected}")
        _check(bool(self.intended_use), "intended_use", self.intended_use, "a sentence")


def check_name(name: str, version: str) -> None:
    """ValueError where a bundle cannot have this name and version."""
    named = bool(_NAME_PATTERN.fullmatch(name))
    _check(named, "name", name, "letters a-z, digits, '.', '_', '-'; at most 64")
    _check(bool(_VERSION_PATTERN.fullmatch(version)), "version", version, "such as 1.0.0")


def header_to_json(header: BundleHeader, files: Mapping[str, str]) -> bytes:
    """bundle.json for a header and the SHA-256 (hexadecimal) of every other file by name."""
    return seal(encode({"format": FORMAT, **asdict(header), "files": dict(files), FIELD: OPEN}))


def header_from_json(content: bytes) -> tuple[BundleHeader, dict[str, str]]:
    """The header in a bundle.json, and the SHA-256 of every other file by name.

    Raises
    ------
    BundleTooNew
        The format's number is higher than that of `FORMAT`.
    CorruptBundle
        It is not as it was sealed, or anything else does not hold; the message names the field.
    """
    place = "bundle.json"
    fields = parse(content, place)
    _check_format(fields.pop("format", None), place)
    check_seal(content, fields.pop(FIELD, None), place)
    named = fields.pop("files", None)
    header = decode(BundleHeader, fields, place)
    files = decode(dict[str, str], named, f"{place}.files")
    for name, digest in files.items():
        if not _SHA256_PATTERN.fullmatch(digest):
            raise CorruptBundle(f"{place}.files: {name[:40]!r} needs 64 hexadecimal digits")
    return header, files


def _check_format(found: object, place: str) -> None:
    match = _FORMAT_PATTERN.fullmatch(found) if isinstance(found, str) else None
    if match is None:
        raise CorruptBundle(f"{place}.format: found {str(found)[:40]!r}; expected {FORMAT!r}")
    if found != FORMAT:
        raise BundleTooNew(
            f"{place}.format: found {str(found)[:40]!r}, newer than {FORMAT!r}, the newest that "
            "this plainfilm reads. Run: pip install --upgrade plainfilm"
        )


def _is_utc(text: str) -> bool:
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") == text


def _check_positive(what: str, value: float) -> None:
    _check(math.isfinite(value) and value > 0, what, value, "a positive number")


def _check(holds: bool, what: str, found: object, expected: str) -> None:
    if not holds:
        raise ValueError(f"{what}: found {found!r}; expected {expected}")
