"""A label file other programs read: image, findings joined by a bar, one column per finding."""

from pathlib import Path

import numpy as np

from plainfilm.datasets.files import read_table, table_bytes
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Labels, label_cells, read_labels
from plainfilm.errors import DatasetError
from plainfilm.whole_files import write_whole

NAME = "label list.csv"
BAR = "|"


def write_label_list(manifest: Manifest, path: Path) -> None:
    """Write the manifest's labels; a label that is not known is an empty cell.

    Columns: `image`, `findings` (names joined by a bar; empty = none shown), then each finding's
    name with 1, 0 or nothing, in the label set's order.
    """
    names = np.array(manifest.label_set.names)
    rows = (
        [sample.image, BAR.join(names[sample.labels == 1]), *label_cells(sample.labels)]
        for sample in manifest.samples
    )
    write_whole(path, table_bytes([["image", "findings", *names], *rows]))


def read_label_list(path: Path) -> tuple[tuple[str, ...], tuple[str, ...], Labels]:
    """Images, findings' names, and labels float32 (n, K) of a label list.

    Raises
    ------
    DatasetError
        Not a label list, or its two ways of telling the findings differ.
    """
    header, rows = read_table(path)
    names = tuple(header[2:])
    if header[:2] != ["image", "findings"] or not names:
        raise DatasetError(f"{path.name}: expected the columns image, findings and one per finding")
    try:
        labels = read_labels([row[2:] for row in rows], len(names))
    except ValueError as error:
        raise DatasetError(f"{path.name}: a label is no number ({error})") from error
    for row, shown in zip(rows, labels == 1, strict=True):
        if row[1] != BAR.join(np.array(names)[shown]):
            raise DatasetError(f"{path.name}: {row[0]}: findings and columns tell different things")
    return tuple(row[0] for row in rows), names, labels
