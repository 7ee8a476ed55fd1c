"""A DICOM file becomes a radiograph, or is refused with the right words, before its pixels."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dicoms import dicom_file
from plainfilm.errors import ImageError, NotARadiograph, UnreadableImage
from plainfilm.images import read_radiograph_bytes
from plainfilm.images.dicom import MODALITIES
from plainfilm.radiograph import Laterality, View

Refusal = Callable[[bytes], ImageError]
Film = NDArray[np.uint16]


def test_a_whole_header_makes_a_whole_radiograph(film12: Film) -> None:
    content = dicom_file(
        film12,
        BitsStored=12,
        WindowCenter=2048,
        WindowWidth=4096,
        ViewPosition="AP",
        BodyPartExamined="KNEE",
        ImageLaterality="R",
        PatientAge="042Y",
        PixelSpacing=[0.15, 0.14],
        PatientName="Doe^Jane",
        PatientID="12345",
    )
    film = read_radiograph_bytes(content, "film 1")
    np.testing.assert_allclose(film.pixels, film12 / 4095, atol=1e-6)
    assert (film.name, film.view, film.body_part) == ("film 1", View.AP, "knee")
    assert (film.laterality, film.age_years) == (Laterality.RIGHT, 42)
    assert film.spacing_mm == (0.15, 0.14)
    assert film.cautions == ()


def test_a_bare_header_makes_a_radiograph_that_knows_nothing(film12: Film) -> None:
    content = dicom_file(film12, SamplesPerPixel=None, HighBit=None, PixelRepresentation=None)
    film = read_radiograph_bytes(content, "film")
    assert (film.view, film.body_part, film.laterality) == (None, None, None)
    assert (film.age_years, film.spacing_mm) == (None, None)


def test_bits_stored_are_all_bits_where_they_are_missing(film12: Film) -> None:
    whole = read_radiograph_bytes(dicom_file(film12), "film")
    bare = read_radiograph_bytes(dicom_file(film12, BitsStored=None), "film")
    np.testing.assert_array_equal(whole.pixels, bare.pixels)


@given(
    bits=st.integers(9, 16),
    signed=st.booleans(),
    photometric=st.sampled_from(["MONOCHROME1", "MONOCHROME2"]),
    spare=st.integers(0, 7),
)
def test_the_same_film_in_any_layout_is_the_same(
    bits: int, signed: bool, photometric: str, spare: int
) -> None:
    values = np.linspace(0, (1 << bits) - 1, 60).astype(np.int64).reshape(6, 10)
    high_bit = min(15, bits - 1 + spare)
    stored = values if photometric == "MONOCHROME2" else values[::-1, ::-1].max() - values
    stored = stored - (1 << (bits - 1)) if signed else stored
    words = ((stored & ((1 << bits) - 1)) << (high_bit + 1 - bits)).astype(np.uint16)
    content = dicom_file(
        words,
        BitsStored=bits,
        HighBit=high_bit,
        PixelRepresentation=int(signed),
        PhotometricInterpretation=photometric,
    )
    film = read_radiograph_bytes(content, "film")
    np.testing.assert_allclose(film.pixels, values / ((1 << bits) - 1), atol=1e-6)


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_plain_film_s_modalities_are_read(film12: Film, modality: str) -> None:
    assert read_radiograph_bytes(dicom_file(film12, Modality=modality), "film")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"Modality": "CT"}, "a CT image (Modality is 'CT'; expected CR, DX or RG)"),
        ({"Modality": "US"}, "an ultrasound image"),
        ({"Modality": "MG"}, "a mammogram"),
        ({"Modality": "RF"}, "a fluoroscopy image"),
        ({"Modality": "SR"}, "a report"),
        ({"Modality": "OT"}, "no radiograph (Modality is 'OT'"),
        ({"Modality": None}, "no radiograph (Modality is missing"),
        ({"Modality": "Doe^Jane"}, "no radiograph (Modality is '?'"),
        ({"NumberOfFrames": 30}, "30 frames; expected a single film"),
        ({"PhotometricInterpretation": "RGB"}, "a colour image"),
        ({"PhotometricInterpretation": "YBR_FULL_422"}, "a colour image"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "a colour image"),
        ({"SamplesPerPixel": 3}, "a colour image"),
    ],
)
def test_what_is_no_plain_film_is_refused(
    film12: Film, refusal: Refusal, fields: dict[str, Any], words: str
) -> None:
    error = refusal(dicom_file(film12, **fields))
    assert isinstance(error, NotARadiograph)
    assert words in str(error)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"PhotometricInterpretation": None}, "it has no Photometric Interpretation"),
        ({"PhotometricInterpretation": "GREY"}, "Photometric Interpretation is 'GREY'"),
        ({"Rows": None}, "its header has no usable Rows"),
        ({"Columns": 0}, "says it is 0 x 48 pixels"),
        ({"Rows": 60000, "Columns": 60000}, "says it is 60000 x 60000 pixels"),
        ({"BitsAllocated": None}, "its header has no usable BitsAllocated"),
        ({"BitsAllocated": 32, "BitsStored": 32}, "32 bits stored below high bit 31 of 32"),
        ({"BitsStored": 17}, "17 bits stored below high bit 16 of 16"),
        ({"BitsStored": 12, "HighBit": 5}, "12 bits stored below high bit 5"),
        ({"BitsStored": 0, "HighBit": 0}, "0 bits stored"),
        ({"PixelRepresentation": 2}, "Pixel Representation 2"),
    ],
)
def test_what_display_needs_and_is_not_there_is_refused(
    film12: Film, refusal: Refusal, fields: dict[str, Any], words: str
) -> None:
    error = refusal(dicom_file(film12, **fields))
    assert isinstance(error, UnreadableImage)
    assert words in str(error)


def test_a_film_without_pixels_is_refused(refusal: Refusal) -> None:
    content = dicom_file(np.zeros((0, 0), np.uint16), Rows=4, Columns=4)
    assert "it holds no pixels" in str(refusal(content))


def test_a_file_that_is_no_image_is_refused(film12: Film, refusal: Refusal) -> None:
    content = dicom_file(film12, Modality=None)
    no_pixels = content[: content.index(b"\xe0\x7f\x10\x00")]
    assert "a DICOM file without an image" in str(refusal(no_pixels))


def test_a_single_frame_may_say_so(film12: Film) -> None:
    assert read_radiograph_bytes(dicom_file(film12, NumberOfFrames=1), "film")


def test_a_film_stored_for_processing_gets_a_caution(film12: Film) -> None:
    content = dicom_file(
        film12, PresentationIntentType="FOR PROCESSING", WindowCenter=9, WindowWidth=9
    )
    (caution,) = read_radiograph_bytes(content, "film").cautions
    assert caution.startswith("The film is stored for processing, not for presentation")


def test_no_refusal_names_the_patient(film12: Film, refusal: Refusal) -> None:
    patient = {"PatientName": "Doe^Jane", "PatientID": "4711", "PatientBirthDate": "19700102"}
    content = dicom_file(film12, **patient)
    for length in range(0, len(content), 61):
        message = str(refusal(content[:length]))
        assert not any(value in message for value in ("Doe", "Jane", "4711", "1970"))
