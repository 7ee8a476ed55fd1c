"""What is settled before test films are read: thresholds chosen elsewhere, the read counted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.reads import count_read
from plainfilm.errors import EvaluationError
from plainfilm.evaluation.points import choose_points
from plainfilm.evaluation.predict import CHOSEN_ON
from plainfilm.evaluation.table import About, Predictions

TESTED_ON = "test"


def settled(
    about: About, prepared: Path, manifest: Manifest, validation: Callable[[], Predictions]
) -> About:
    """The same, with operating points and the count of reads; as it was if not of a test split.

    Parameters
    ----------
    about
        Who will answer, for which films.
    prepared
        The folder of the manifest; the read is recorded there, see `datasets.reads`.
    validation
        Reads the validation films; called only where there are some.
    """
    if about.split != TESTED_ON:
        return about
    points: dict[str, tuple[float | None, ...]] = {}
    words = f"{manifest.source} has no validation films, so no point was chosen"
    if CHOSEN_ON in manifest.split_names:
        try:
            table = validation()
        except EvaluationError as error:
            words = f"no point was chosen on validation films: {error}"
        else:
            points = choose_points(table)
            words = f"the {len(table):,} validation films of {manifest.source}"
    who = f"{about.bundle} {about.version}"
    n_reads = count_read(prepared, manifest.split_sha256, who, datetime.now(UTC))
    return replace(about, points=points, points_from=words, test_reads=n_reads)
