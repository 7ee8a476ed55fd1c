"""What every report writer is given: `Report`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from plainfilm.findings import FindingResult, Prediction
from plainfilm.radiograph import Radiograph
from plainfilm.reading.header import BundleHeader


@dataclass(frozen=True)
class Curve:
    """How precision falls as recall grows, of one finding on measured films.

    Parameters
    ----------
    points
        (recall, precision), at least one, recall rising.
    share
        Of the films that have the finding: the precision of calling films at random.
    words
        What was measured, in a sentence.
    """

    points: tuple[tuple[float, float], ...]
    share: float
    words: str


@dataclass(frozen=True, eq=False)
class Report:
    """Films, what one bundle said of them, and what is known of that bundle.

    Parameters
    ----------
    predictions, radiographs
        In the same order, at least one of each; the radiographs may be thumbnails.
    header
        Of the bundle that made the predictions.
    written
        When, with its time zone; by default, now.
    evaluation
        The bundle's evaluation.json, parsed; None = nothing measured, and the report says so.
    failures
        What could not be read, one sentence each that begins with its name.
    notes
        Further sentences that belong beside the pictures.
    scale
        What the heat's colours stand for; empty = the bundle's fixed scale.
    is_added
        Whether the heat is added to the film in rainbow colours, as earlier works drew it.
    curve
        Shown below the films; None = none.
    source
        The file of the single film, as it was read; a DICOM report takes patient and study from
        it, other kinds nothing. None = not at hand.
    is_single
        Whether one film was asked for and not a list: JSON is then one object, not an array.
    """

    predictions: tuple[Prediction, ...]
    radiographs: tuple[Radiograph, ...]
    header: BundleHeader
    written: datetime = field(default_factory=lambda: datetime.now(UTC))
    evaluation: Mapping[str, object] | None = None
    failures: tuple[str, ...] = ()
    is_single: bool = False
    notes: tuple[str, ...] = ()
    scale: str = ""
    is_added: bool = False
    curve: Curve | None = None
    source: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        n_predictions, n_radiographs = len(self.predictions), len(self.radiographs)
        if n_predictions != n_radiographs or not n_predictions:
            found = f"{n_predictions} predictions and {n_radiographs} radiographs"
            raise ValueError(f"a report needs as many predictions as radiographs; found {found}")
        if self.is_single and n_predictions != 1:
            raise ValueError(f"a report of a single film has one; found {n_predictions} films")


def shown_results(prediction: Prediction) -> tuple[FindingResult, ...]:
    """The findings whose heat is shown: those above the threshold, else the nearest to it."""
    above = tuple(result for result in prediction.results if result.present)
    if above or not prediction.results:
        return above
    return (max(prediction.results, key=lambda result: result.probability / result.threshold),)
