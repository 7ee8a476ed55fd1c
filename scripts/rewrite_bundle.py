"""Write a bundle again as this version writes bundles: bundle.json sealed, the card made anew.

    python scripts/rewrite_bundle.py src/plainfilm/bundles/*.bundle

Network, golden outputs and evaluation stay as they are, byte for byte, and what bundle.json says of
them too; so its id changes and its `network_sha256` does not. Also reads bundles that were written
before bundle.json had a seal.
"""

import json
import sys
from pathlib import Path

from plainfilm.reading.bundle import LIMITS, MAX_TOTAL, Bundle
from plainfilm.reading.container import read_folder, read_zip_file
from plainfilm.reading.seal import FIELD, OPEN, seal
from plainfilm.reading.strict_json import encode
from plainfilm.reading.verify import verify
from plainfilm.training.card import card

KEPT = ("network.onnx", "golden.npz", "evaluation.json")


def main(paths: list[str]) -> None:
    for path in map(Path, paths):
        folder = path.is_dir()
        files = read_folder(path, LIMITS) if folder else read_zip_file(path, LIMITS, MAX_TOTAL)
        bundle = rewritten(files)
        bundle.save(path, overwrite=True)
        print(f"{path.name}: {bundle.id.sha256}")


def rewritten(files: dict[str, bytes]) -> Bundle:
    """The bundle with these files, sealed, with the card of this version."""
    header = {**json.loads(files["bundle.json"]), FIELD: OPEN}
    old = Bundle.from_files({**files, "bundle.json": seal(encode(header))})
    text = card(old.header, old.evaluation)
    new = Bundle(old.header, old.network, old.golden, old.evaluation, text)
    changed = [name for name in KEPT if files.get(name) != new.files.get(name)]
    if changed:
        raise SystemExit(f"{old.header.name}: {changed[0]} would not stay as it is")
    verify(new)
    return new


if __name__ == "__main__":
    main(sys.argv[1:])
