"""What the writers hand over."""

from collections import Counter

from plainfilm.deidentify.cleaned import Cleaned
from plainfilm.deidentify.dicom import MAY_HOLD_TEXT
from plainfilm.deidentify.raster import MAY_SHOW_TEXT


def test_equal_cautions_of_many_films_can_be_counted() -> None:
    films = [Cleaned(b"", "dcm", (MAY_HOLD_TEXT,))] * 2 + [Cleaned(b"", "png", (MAY_SHOW_TEXT,))]
    counts = Counter(caution for film in films for caution in film.cautions)
    assert counts == {MAY_HOLD_TEXT: 2, MAY_SHOW_TEXT: 1}
