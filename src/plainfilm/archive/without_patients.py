"""`without_patients`: the rows of a table that is given away."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from plainfilm.archive.scoring import Row
from plainfilm.deidentify.mapping import MapFile

BODY_PARTS = frozenset({
    *("abdomen", "ankle", "arm", "chest", "clavicle", "elbow", "extremity", "femur", "finger"),
    *("foot", "forearm", "hand", "head", "hip", "humerus", "jaw", "joint", "knee", "leg", "neck"),
    *("orbit", "patella", "pelvis", "rib", "sacrum", "scapula", "shoulder", "skull", "spine"),
    *("sternum", "thumb", "tibia", "toe", "wrist"),
    *("cervical spine", "thoracic spine", "lumbar spine", "whole spine"),
})  # fmt: skip
"""What a table that is given away calls by its name (terms of PS3.16, Annex L). The header's word
for a body part is free text, so that anything else is "other"."""

_AGE = re.compile(r"\bage( of)? \(?\d[\d.]*( years)?\)?")
_AGE_SAID = re.compile(r"(\bage, the caller says) \d[\d.]*")
_PART = re.compile(r"\bbody part ([^,;|]+), ")


def without_patients(rows: Iterable[Row], map_path: Path | None = None) -> Iterator[Row]:
    """The same rows without path, hash and age of a film, which may tell whose it is.

    Films are called film-0001 and so on, in the order of the rows, also in `reason`. Ages go from
    the words of `reason` and `cautions`, too, and body parts other than `BODY_PARTS`. These are
    identifiers, or texts, that the Basic Profile of PS3.15, Annex E, takes out of the film itself.

    Parameters
    ----------
    map_path
        Where to write which file became which, for its owner's eyes alone; None = nowhere. What
        stands there is replaced.
    """
    with MapFile(map_path) as mapping:
        for number, row in enumerate(rows, start=1):
            path, name = Path(str(row["path"])), f"film-{number:04}"
            mapping.add(path, name)
            part, reason, cautions = (row.get(k) for k in ("body_part", "reason", "cautions"))
            yield {
                **row,
                "path": name,
                "sha256": None,
                "age_years": None,
                "body_part": part and _known(str(part)),
                "reason": reason and _without(str(reason), path, name),
                "cautions": cautions and _without(str(cautions), path, name),
            }


def _without(words: str, path: Path, name: str) -> str:
    for told in (f"{path}: ", f"{path.name}: "):
        if words.startswith(told):
            words = f"{name}: {words.removeprefix(told)}"
            break
    words = _AGE_SAID.sub(r"\1 another", _AGE.sub("age", words))
    return _PART.sub(lambda found: f"body part {_known(found[1])}, ", words)


def _known(part: str) -> str:
    return part if part in BODY_PARTS else "other"
