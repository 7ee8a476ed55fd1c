"""What was asked and answered, written into the audit log where there is one, before it is told."""

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from plainfilm.errors import AuditError
from plainfilm.findings import BundleId
from plainfilm.serve.audit_log import AuditLog, Entry
from plainfilm.serve.auth import CALLER
from plainfilm.serve.house import House
from plainfilm.serve.problems import unavailable
from plainfilm.serve.stage import LoadedVersion

log = logging.getLogger(__name__)

INFERRED = "inferred"
"""The outcome of a radiograph that came as a tensor: the graph's answer, without a gate."""


@dataclass(frozen=True)
class Told:
    """What was asked about, whose SHA-256 is written down, and what came of it; as in `Entry`."""

    content: bytes
    outcome: str
    scores: Mapping[str, float] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)


async def record(house: House, version: LoadedVersion, told: Told) -> None:
    """Write a line of the version, for the caller of this request.

    Raises
    ------
    Problem
        503: the line cannot be written; the film must not be answered.
    """
    if house.audit is None:
        return
    try:
        await asyncio.to_thread(_append, house.audit, version.reader.bundle.id, told)
    except AuditError as error:
        log.error("audit", extra={"fields": {"reason": str(error)}})
        raise unavailable("audit", "the audit log cannot be written; ask again later") from error


def _append(audit: AuditLog, bundle: BundleId, told: Told) -> None:
    found = hashlib.sha256(told.content).hexdigest()  # half a second of the largest file
    caller = CALLER.get()
    audit.append(
        Entry(
            caller,
            bundle.name,
            bundle.version,
            bundle.sha256,
            found,
            told.outcome,
            told.scores,
            told.thresholds,
        )
    )
