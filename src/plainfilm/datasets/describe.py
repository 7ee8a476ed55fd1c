"""What is in a prepared data set, in words and numbers: `describe`."""

from collections import Counter

import numpy as np

from plainfilm.datasets.body_parts import body_part_table, body_parts
from plainfilm.datasets.manifest import Manifest, count_splits
from plainfilm.datasets.sample import Sample


def describe(manifest: Manifest) -> str:
    """Counts per split, finding and body part, what was dropped, and every caution, for reading.

    A finding's share is of all films; those whose label is not known are counted beside it.
    """
    counts = count_splits(manifest)
    wide = max(len(name) for name in ("patients", *manifest.label_set.names))
    lines = [
        f"{manifest.source}: {len(manifest)} images / {len(manifest.patients())} patients",
        *([f"release: {manifest.release}"] if manifest.release else []),
        f"split sha256: {manifest.split_sha256}",
        "",
        " " * wide + "".join(f"{split:>17}" for split in counts),
    ]
    for name in ("images", "patients", *manifest.label_set.names):
        lines.append(f"{name:<{wide}}" + "".join(_cell(part, name) for part in counts.values()))
    lines += ["", *_left_open(manifest)]
    lines += _breakdown("views", [sample.view for sample in manifest.samples])
    lines += _breakdown("sexes", [sample.sex for sample in manifest.samples])
    lines += _ages(manifest.samples)
    if len(set(body_parts(manifest))) > 1:
        lines += ["", body_part_table(manifest), ""]
    lines += [f"dropped: {n} ({reason})" for reason, n in sorted(manifest.dropped.items())]
    lines += [f"caution: {caution}" for caution in manifest.cautions]
    return "\n".join(lines)


def _cell(part: dict[str, int], name: str) -> str:
    shared = name not in ("images", "patients") and part["images"]
    share = f"{part[name] / part['images']:8.2%}" if shared else ""
    return f"{part[name]:>8d}{share:>9}"


def _left_open(manifest: Manifest) -> list[str]:
    """Labels that nobody knows, by finding, and films of no split; no line where there is none."""
    names, unknown = manifest.label_set.names, np.isnan(manifest.labels).sum(axis=0).tolist()
    each = ", ".join(f"{name} {n}" for name, n in zip(names, unknown, strict=True) if n)
    n_outside = sum(not sample.split for sample in manifest.samples)
    lines = [f"labels not known: {each}"] if each else []
    return [*lines, *([f"in no split: {n_outside} images"] if n_outside else [])]


def _breakdown(title: str, values: list[str | None]) -> list[str]:
    counts = Counter(value or "not known" for value in values)
    if set(counts) == {"not known"}:
        return [f"{title}: not known"]
    return [f"{title}: " + ", ".join(f"{value} {n}" for value, n in counts.most_common())]


def _ages(samples: tuple[Sample, ...]) -> list[str]:
    years = [sample.age for sample in samples if sample.age is not None]
    if not years:
        return ["ages: not known"]
    low, middle, high = np.percentile(years, (0, 50, 100))
    return [f"ages: {low:.3g} to {high:.3g} years, median {middle:.3g}, {len(years)} known"]
