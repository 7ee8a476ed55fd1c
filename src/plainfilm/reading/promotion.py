"""Promotion: what a bundle must bring before it may answer, and the sign-off of a named person.

A sign-off stands in the bundle's evaluation, under "sign_off", so that the network's hash stays as
it is. It names that hash, that of the measured explanations, and the faults that the evaluation
names: where one of the hashes changes, or a fault comes to it, it is void.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from plainfilm.errors import BundleError
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.strict_json import encode

KEY = "sign_off"
FAULTS = ("COLLAPSED", "LEAK", "SHORTCUT", "WARNING")  # how an evaluation's sentences on them begin
MAX_NAME = 100  # letters of a person's name
_HOW = "plainfilm bundles sign-off"
_SHA256 = re.compile(r"[0-9a-f]{64}")


def what_is_missing(bundle: Bundle) -> list[str]:
    """What a bundle lacks that it must bring before it may be promoted, in words; empty = nothing.

    It must hold an evaluation of its own network, and a sign-off that still holds. A bundle without
    golden outputs is not even loaded, and the refusal says so.
    """
    missing = []
    if not bundle.evaluation:
        missing.append("an evaluation (run plainfilm evaluate with --attach)")
    elif _measured_network(bundle.evaluation) != bundle.network_sha256:
        missing.append("an evaluation of its own network (run plainfilm evaluate with --attach)")
    if (lacking := _lacking_sign_off(bundle)) is not None:
        missing.append(lacking)
    return missing


def named_faults(bundle: Bundle) -> list[str]:
    """What the evaluation names: a leak, a shortcut, collapse, or files that tell the label."""
    found = (bundle.evaluation or {}).get("cautions")
    said = found if isinstance(found, list) else []
    return [words for words in said if isinstance(words, str) and words.startswith(FAULTS)]


def signed_off(bundle: Bundle, by: str, on: date, reports: Sequence[tuple[str, bytes]]) -> Bundle:
    """The bundle with the record that a person has looked at its explanations and stands for them.

    An earlier sign-off is replaced. The network and its hash stay, the bundle's id changes.

    Parameters
    ----------
    by
        The person's name.
    on
        The day.
    reports
        Name and bytes of each file that was looked at; only their hashes are kept.

    Raises
    ------
    BundleError
        There is no name or no report, or the bundle holds no evaluation of its own network.
    """
    name = " ".join(by.split())
    who = bundle.header.name
    if not name or not name.isprintable() or len(name) > MAX_NAME:
        expected = f"a person's name of 1 to {MAX_NAME} letters"
        raise BundleError(f"{who}: not signed off; expected {expected} (--by NAME)")
    if not reports:
        raise BundleError(f"{who}: not signed off; expected an explanation report (--report FILE)")
    evaluation = bundle.evaluation
    if not evaluation or _measured_network(evaluation) != bundle.network_sha256:
        advice = "Run plainfilm evaluate with --attach first"
        raise BundleError(f"{who}: not signed off; it holds no evaluation of its network. {advice}")
    record = {
        "by": name,
        "date": on.isoformat(),
        "network_sha256": bundle.network_sha256,
        "explanations_sha256": _explanations(evaluation),
        "faults": named_faults(bundle),
        "reports": [{"name": n, "sha256": _sha256(content)} for n, content in reports],
    }
    return bundle.with_evaluation({**evaluation, KEY: record}, bundle.card)


def read_reports(paths: Sequence[Path]) -> list[tuple[str, bytes]]:
    """Name and bytes of each file; BundleError for one that cannot be read, or holds no report."""
    try:
        reports = [(path.name, path.read_bytes()) for path in paths]
    except OSError as error:
        name = Path(str(error.filename)).name
        raise BundleError(f"{name}: no report that can be read ({error.strerror})") from error
    for name, content in reports:
        if not content or content[128:132] == b"DICM":
            found = "a DICOM film" if content else "an empty file"
            advice = "a report or picture of its explanations (plainfilm explain --out)"
            raise BundleError(f"{name}: {found}; expected {advice}")
    return reports


def _lacking_sign_off(bundle: Bundle) -> str | None:
    evaluation = bundle.evaluation or {}
    record = evaluation.get(KEY)
    if not isinstance(record, Mapping) or not _is_whole(record):
        return f"an explanation report signed off by a named person (run {_HOW})"
    if record.get("network_sha256") != bundle.network_sha256:
        return f"a sign-off of this network; the one it holds is of another (run {_HOW})"
    if record.get("explanations_sha256") != _explanations(evaluation):
        return f"a sign-off of these explanations; they were measured anew since (run {_HOW})"
    known = record.get("faults")
    unseen = [
        w for w in named_faults(bundle) if w not in (known if isinstance(known, list) else [])
    ]
    if unseen:
        found = "; ".join(words.rstrip(".") for words in unseen)
        return f"a sign-off that knows what its evaluation names: {found} (run {_HOW})"
    return None


def _is_whole(record: Mapping[str, object]) -> bool:
    """Whether a sign-off names a person, a day and the hash of at least one report."""
    by, on, reports = (record.get(key) for key in ("by", "date", "reports"))
    if not isinstance(by, str) or not by.strip() or not isinstance(reports, list):
        return False
    hashes = [each.get("sha256") for each in reports if isinstance(each, Mapping)]
    return _is_date(on) and 0 < len(reports) == len(hashes) and all(map(_is_sha256, hashes))


def _is_sha256(value: object) -> bool:
    return isinstance(value, str) and bool(_SHA256.fullmatch(value))


def _is_date(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value) is not None
    except ValueError:
        return False


def _measured_network(evaluation: Mapping[str, object]) -> object:
    measured = evaluation.get("bundle")
    return measured.get("network_sha256") if isinstance(measured, Mapping) else None


def _explanations(evaluation: Mapping[str, object]) -> str | None:
    """The hash of what was measured of the maps; None where nothing was."""
    found = evaluation.get("explanations")
    return _sha256(encode(found)) if isinstance(found, Mapping) else None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
