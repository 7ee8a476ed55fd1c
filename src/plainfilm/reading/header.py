"""What a reader must know of a bundle before it uses it: `BundleHeader`, and its bundle.json.

The records check themselves: a value outside its range is a ValueError where a program made it,
and a CorruptBundle where it came from a file.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from plainfilm.errors import BundleTooNew, CorruptBundle
from plainfilm.findings import LabelSet
from plainfilm.reading.header_parts import (
    SHA256_PATTERN,
    Calibration,
    FamiliarityCut,
    InputFit,
    Licences,
    MapScale,
    Population,
    Provenance,
    check,
)
from plainfilm.reading.seal import FIELD, OPEN, check_seal, seal
from plainfilm.reading.strict_json import decode, encode, parse

FORMAT = "plainfilm.bundle/1"
FORMAT_OF_FACTS = "plainfilm.bundle/2"
"""The newest: format 1 with `input.facts`. A bundle that is told no facts is written in format 1,
byte for byte as ever, and read by every plainfilm."""
MAX_FINDINGS = 1000

_FORMAT_PATTERN = re.compile(r"plainfilm\.bundle/[1-9][0-9]*")
_NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_VERSION_PATTERN = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,31}")


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
    population
        None where nobody has stated whose films it is for; then every answer says so.
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
    population: Population | None
    intended_use: str
    limits: tuple[str, ...]
    provenance: Provenance
    licences: Licences
    citation: str

    def __post_init__(self) -> None:
        check_name(self.name, self.version)
        check(_is_utc(self.created), "created", self.created, "such as 2025-01-31T12:00:00Z")
        few = len(self.label_set) <= MAX_FINDINGS
        check(few, "label_set", len(self.label_set), f"at most {MAX_FINDINGS} findings")
        names = self.label_set.names
        matching = sorted(self.thresholds) == sorted(names)
        check(matching, "thresholds", sorted(self.thresholds), f"one for each of {names}")
        for name, value in self.thresholds.items():
            check(0 <= value <= 1, f"thresholds.{name}", value, "a number in [0, 1]")
        shares = self.calibration.prevalence
        expected = names if self.calibration.calibrated else ()
        stated = sorted(shares) == sorted(expected)
        check(stated, "calibration.prevalence", sorted(shares), f"one for each of {expected}")
        check(bool(self.intended_use), "intended_use", self.intended_use, "a sentence")
        known = self.population is not None or not self.calibration.calibrated
        check(known, "population", None, "one, where the outputs are calibrated probabilities")

    @property
    def population_words(self) -> str:
        """Whose films the bundle is for, as a person would say it."""
        return self.population.words if self.population else "not stated"

    @property
    def learned_from(self) -> str:
        """The films the network learned from, as a person would say it."""
        source = self.provenance
        counted = "" if source.n_patients is None else f", {source.n_patients:,} patients"
        return f"{source.data_set}{counted}"


def check_name(name: str, version: str) -> None:
    """ValueError where a bundle cannot have this name and version."""
    named = bool(_NAME_PATTERN.fullmatch(name))
    check(named, "name", name, "letters a-z, digits, '.', '_', '-'; at most 64")
    check(bool(_VERSION_PATTERN.fullmatch(version)), "version", version, "such as 1.0.0")


def header_to_json(header: BundleHeader, files: Mapping[str, str]) -> bytes:
    """bundle.json for a header and the SHA-256 (hexadecimal) of every other file by name."""
    fields = asdict(header)
    if header.input.facts is None:
        del fields["input"]["facts"]
    name = FORMAT if header.input.facts is None else FORMAT_OF_FACTS
    return seal(encode({"format": name, **fields, "files": dict(files), FIELD: OPEN}))


def header_from_json(content: bytes) -> tuple[BundleHeader, dict[str, str]]:
    """The header in a bundle.json, and the SHA-256 of every other file by name.

    Raises
    ------
    BundleTooNew
        The format's number is higher than that of `FORMAT_OF_FACTS`.
    CorruptBundle
        It is not as it was sealed, or anything else does not hold; the message names the field.
    """
    place = "bundle.json"
    fields = parse(content, place)
    form = _format(fields.pop("format", None), place)
    check_seal(content, fields.pop(FIELD, None), place)
    _settle_facts(fields, form, place)
    named = fields.pop("files", None)
    header = decode(BundleHeader, fields, place)
    files = decode(dict[str, str], named, f"{place}.files")
    for name, digest in files.items():
        if not SHA256_PATTERN.fullmatch(digest):
            raise CorruptBundle(f"{place}.files: {name[:40]!r} needs 64 hexadecimal digits")
    return header, files


def _settle_facts(fields: dict[str, object], form: str, place: str) -> None:
    """Only format 2 has `input.facts`, and there it is no null."""
    stated = fields.get("input")
    if not isinstance(stated, dict):
        return
    if form == FORMAT and "facts" in stated:
        raise CorruptBundle(f"{place}.input: 'facts' is unknown in {FORMAT}; expected none")
    if form == FORMAT_OF_FACTS and stated.get("facts") is None:
        raise CorruptBundle(f"{place}.input.facts: missing; expected, as {FORMAT_OF_FACTS} has it")
    stated.setdefault("facts", None)


def _format(found: object, place: str) -> str:
    match = _FORMAT_PATTERN.fullmatch(found) if isinstance(found, str) else None
    if match is None:
        raise CorruptBundle(f"{place}.format: found {str(found)[:40]!r}; expected {FORMAT!r}")
    if found not in (FORMAT, FORMAT_OF_FACTS):
        raise BundleTooNew(
            f"{place}.format: found {str(found)[:40]!r}, newer than {FORMAT_OF_FACTS!r}, the "
            "newest that this plainfilm reads. Run: pip install --upgrade plainfilm"
        )
    return str(found)


def _is_utc(text: str) -> bool:
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") == text
