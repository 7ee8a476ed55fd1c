"""A film of a data set read: what its file does not tell comes from the data set's table."""

from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.findings import Prediction
from plainfilm.radiograph import Radiograph, Sex, View
from plainfilm.reading import Reader


def read_sample(
    reader: Reader,
    films: Manifest,
    sample: Sample,
    film: Radiograph,
    *,
    override_population: bool = False,
) -> Prediction:
    """What the reader says of a sample's film; see `Reader.read`.

    Age, view, body part and sex are the film's own, and where its file is silent the sample's.
    """
    return reader.read(
        film,
        age_years=sample.age if film.age_years is None else None,
        view=View(sample.view) if film.view is None and sample.view else None,
        body_part=body_part_of(films, sample) if film.body_part is None else None,
        sex=_sex(sample) if film.sex is None else None,
        override_population=override_population,
    )


def body_part_of(films: Manifest, sample: Sample) -> str | None:
    """What a film shows, by its data set; None = not known."""
    return sample.body_part or films.body_part or None


def _sex(sample: Sample) -> Sex | None:
    return Sex(sample.sex) if sample.sex in tuple(Sex) else None
