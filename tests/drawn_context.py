"""Four films in two splits and in none, and a header that may say more of its training."""

from dataclasses import replace

import numpy as np

from bare_manifests import bare_manifest
from plainfilm.datasets.manifest import Manifest
from plainfilm.reading.bundle import BundleHeader
from tiny_bundle import tiny_bundle


def films() -> Manifest:
    labels = [[1, 0], [0, np.nan], [1, 1], [0, 0]]
    manifest = bare_manifest(labels, ["a", "a", "b", "c"], ["test", "test", "train", ""])
    first = replace(manifest.samples[0], sex="F", age=4.0, view="PA")
    return replace(manifest, samples=(first, *manifest.samples[1:]), dropped={"no film": 3})


def header(**details: str) -> BundleHeader:
    plain = tiny_bundle().header
    return replace(plain, provenance=replace(plain.provenance, details=details))
