"""What a bundle says of one's own films: `OwnFilms`. Nothing is left out without a count."""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.errors import EvaluationError, ImageError
from plainfilm.evaluation.metrics import Floats
from plainfilm.evaluation.predict import Progress
from plainfilm.evaluation.read_sample import read_sample
from plainfilm.findings import Prediction
from plainfilm.images import read_radiograph
from plainfilm.radiograph import View
from plainfilm.reading import Reader
from plainfilm.reading.bundle import Population
from plainfilm.reading.gate import Circumstances, Told, check_population


@dataclass(frozen=True, eq=False)
class OwnFilms:
    """What a bundle says of n films, whatever its population.

    Parameters
    ----------
    samples
        The films that were read.
    known
        What is known of each beside its pixels.
    scores, probabilities
        float64 (n, K), of the bundle as it is.
    familiarity
        float64 (n,); NaN where the bundle does not measure it.
    labels
        float32 (n, K), of the bundle's findings; NaN = not known.
    left_out
        Why films were not used → how many.
    """

    samples: tuple[Sample, ...]
    known: tuple[Circumstances, ...]
    scores: Floats
    probabilities: Floats
    familiarity: Floats
    labels: NDArray[np.float32]
    left_out: dict[str, int]

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def patients(self) -> NDArray[np.str_]:
        """The patient of each film."""
        return np.array([sample.patient for sample in self.samples], dtype=np.str_)

    def inside(self, population: Population) -> "OwnFilms":
        """Those that are not known to be outside a population; the others are counted.

        Raises
        ------
        EvaluationError
            None is inside.
        """
        told = [check_population(population, Told(known)).refusal for known in self.known]
        rows = [row for row, refusal in enumerate(told) if refusal is None]
        n_outside = len(self) - len(rows)
        if not rows:
            first = next(refusal for refusal in told if refusal)
            raise EvaluationError(f"no film is of the population you state; the first: {first}")
        counted = {"outside the population you state": n_outside} if n_outside else {}
        return replace(
            self,
            samples=tuple(self.samples[row] for row in rows),
            known=tuple(self.known[row] for row in rows),
            scores=self.scores[rows],
            probabilities=self.probabilities[rows],
            familiarity=self.familiarity[rows],
            labels=self.labels[rows],
            left_out={**self.left_out, **counted},
        )


def read_films(reader: Reader, films: Manifest, progress: Progress | None = None) -> OwnFilms:
    """Read the original films of a manifest, those outside the bundle's population too.

    Raises
    ------
    EvaluationError
        None can be read.
    DatasetError
        Images are gone.
    """
    films.check_images()
    kept: list[tuple[Sample, Prediction]] = []
    left_out: Counter[str] = Counter()
    for sample in films.samples:
        found = _read(reader, films, sample)
        if isinstance(found, Prediction):
            kept.append((sample, found))
        else:
            left_out[found] += 1
        if progress is not None:
            progress(len(kept) + left_out.total(), len(films))
    if not kept:
        reasons = ", ".join(f"{n} {why}" for why, n in left_out.items())
        raise EvaluationError(f"none of the {len(films)} films can be used: {reasons}")
    return _table(reader, films, kept, dict(left_out))


def _read(reader: Reader, films: Manifest, sample: Sample) -> Prediction | str:
    """The prediction, or why there is none in words that name no film."""
    try:
        film = read_radiograph(films.root / sample.image)
    except ImageError:
        return "not readable"
    prediction = read_sample(reader, films, sample, film, override_population=True)
    return "no film to judge, as the gate says" if prediction.refused else prediction


def _table(
    reader: Reader,
    films: Manifest,
    kept: list[tuple[Sample, Prediction]],
    left_out: dict[str, int],
) -> OwnFilms:
    answers = [prediction for _, prediction in kept]
    names = films.label_set.names
    labels = np.full((len(kept), len(reader.bundle.header.label_set)), np.nan, np.float32)
    for column, finding in enumerate(reader.bundle.header.label_set.names):
        if finding in names:
            labels[:, column] = [sample.labels[names.index(finding)] for sample, _ in kept]
    unmeasured = [np.nan if a.familiarity is None else a.familiarity for a in answers]
    return OwnFilms(
        samples=tuple(sample for sample, _ in kept),
        known=tuple(
            Circumstances(a.age_years, None if a.view is None else View(a.view), a.body_part)
            for a in answers
        ),
        scores=np.array([[r.score for r in a.results] for a in answers]),
        probabilities=np.array([[r.probability for r in a.results] for a in answers]),
        familiarity=np.array(unmeasured),
        labels=labels,
        left_out=left_out,
    )
