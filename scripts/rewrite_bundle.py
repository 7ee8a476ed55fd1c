"""Write a bundle again as this version writes bundles: bundle.json sealed, the card made anew.

    python scripts/rewrite_bundle.py src/plainfilm/bundles/*.bundle
    python scripts/rewrite_bundle.py pneumonia-paediatric.bundle --films prepared/kermany

Network, golden outputs and evaluation stay as they are, byte for byte, and what bundle.json says of
them too; so its id changes and its `network_sha256` does not. Also reads bundles that were written
before bundle.json had a seal. `--films` adds the looks of the films that it learned from: the
prepared folder must hold those very films, split and fitted as they were then.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from plainfilm.datasets.cache import Cache
from plainfilm.datasets.lookalikes import film_looks
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.seen import KEY, film_digests
from plainfilm.reading.bundle import LIMITS, MAX_TOTAL, Bundle
from plainfilm.reading.container import read_folder, read_zip_file
from plainfilm.reading.seal import FIELD, OPEN, seal
from plainfilm.reading.strict_json import encode
from plainfilm.reading.verify import verify
from plainfilm.training.card import card

KEPT = ("network.onnx", "golden.npz", "evaluation.json")


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("bundles", nargs="+", type=Path)
    parser.add_argument("--films", type=Path, metavar="PREPARED", help="what they learned from")
    asked = parser.parse_args(words)
    for path in asked.bundles:
        folder = path.is_dir()
        files = read_folder(path, LIMITS) if folder else read_zip_file(path, LIMITS, MAX_TOTAL)
        bundle = rewritten(files, asked.films)
        bundle.save(path, overwrite=True)
        print(f"{path.name}: {bundle.id.sha256}")


def rewritten(files: dict[str, bytes], films: Path | None = None) -> Bundle:
    """The bundle with these files, sealed, with the card of this version, and with looks."""
    fields = {**json.loads(files["bundle.json"]), FIELD: OPEN}
    old = Bundle.from_files({**files, "bundle.json": seal(encode(fields))})
    header = old.header
    if films is not None:
        told = {**header.provenance.details, **looks_of_learned(old, films)}
        header = replace(header, provenance=replace(header.provenance, details=told))
    new = Bundle(header, old.network, old.golden, old.evaluation, card(header, old.evaluation))
    changed = [name for name in KEPT if files.get(name) != new.files.get(name)]
    if changed:
        raise SystemExit(f"{header.name}: {changed[0]} would not stay as it is")
    verify(new)
    return new


def looks_of_learned(bundle: Bundle, prepared: Path) -> dict[str, str]:
    """What an export from this folder would tell of the films' looks; it must be of these films."""
    manifest, cache = Manifest.load(prepared), Cache.open(prepared)
    cache.check_fits(manifest)
    header, source = bundle.header, bundle.header.provenance
    for what, found, expected in (
        ("data set", manifest.source, source.data_set),
        ("split", manifest.split_sha256, source.split_sha256),
        ("size", cache.size, header.input.size),
        ("fit", cache.policy, header.input.policy.value),
        ("films' bytes", film_digests(manifest).get(KEY), source.details.get(KEY)),
    ):
        if found is None or found != expected:
            shown = "others" if what == "films' bytes" else found
            raise SystemExit(
                f"{header.name}: {prepared.name} is not what it learned from ({what}: found "
                f"{shown}). Prepare the films as they were then"
            )
    return film_looks(manifest, cache.pixels)


if __name__ == "__main__":
    main()
