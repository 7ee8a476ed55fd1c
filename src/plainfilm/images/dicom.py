"""DICOM file → Radiograph: computed and digital radiography (CR, DX) and digitised film (RG).

What is no plain film is refused before its pixels are decoded.
"""

from pydicom.dataset import Dataset

from plainfilm.errors import NotARadiograph, UnreadableImage
from plainfilm.images import dicom_fields as fields
from plainfilm.images import dicom_film as film
from plainfilm.images.dicom_display import read_display
from plainfilm.images.dicom_file import parse_dicom
from plainfilm.images.dicom_pixels import PixelLayout, stored_values
from plainfilm.images.display import StoredBits, displayed
from plainfilm.images.guard import check_size, silence
from plainfilm.radiograph import Radiograph

MODALITIES = ("CR", "DX", "RG")
"""Computed radiography, digital radiography, radiographic film that was scanned."""

_COLOURS = ("RGB", "YBR", "PALETTE", "HSV", "ARGB", "CMYK", "XYB")

_OTHER_MODALITIES = {
    "CT": "a CT image",
    "MR": "an MR image",
    "US": "an ultrasound image",
    "MG": "a mammogram",
    "NM": "a nuclear medicine image",
    "PT": "a PET image",
    "XA": "an angiogram",
    "RF": "a fluoroscopy image",
    "PX": "a dental panorama",
    "IO": "a dental film",
    "SR": "a report",
    "PR": "a presentation state",
    "SEG": "a segmentation",
    "DOC": "a document",
    "ECG": "an ECG",
    "XC": "a photograph",
    "ES": "an endoscopy image",
}


def read_dicom(content: bytes, name: str) -> Radiograph:
    """The film in a DICOM file, as it would be displayed.

    Parameters
    ----------
    content
        The file.
    name
        What messages, reports and logs call the film.

    Raises
    ------
    NotARadiograph
        The modality is none of `MODALITIES`, or there are several frames, or colours.
    UnreadableImage
        The file is damaged, breaks off, holds no pixels, or lacks what display needs.
    """
    with silence():  # once, and not at each field
        return _read_dicom(content, name)


def _read_dicom(content: bytes, name: str) -> Radiograph:
    dataset, syntax = parse_dicom(content, name)
    _check_kind(dataset, name)
    layout = _layout(dataset, name)
    display, display_cautions = read_display(dataset, layout.stored, name)
    pixels = displayed(stored_values(dataset, layout, syntax, name), layout.stored, display)
    view, view_cautions = film.view(dataset)
    age_years, age_cautions = film.age_years(dataset)
    body_part = film.body_part(dataset)
    return Radiograph(
        pixels=pixels,
        name=name,
        view=view,
        body_part=body_part,
        spacing_mm=film.spacing_mm(dataset),
        age_years=age_years,
        laterality=film.laterality(dataset),
        sex=film.sex(dataset),
        cautions=_raw_image(dataset)
        + display_cautions
        + view_cautions
        + age_cautions
        + film.orientation(dataset, view, body_part),
    )


def _check_kind(dataset: Dataset, name: str) -> None:
    modality = fields.code(dataset, "Modality")
    if modality is None and "PixelData" not in dataset:
        raise UnreadableImage(f"{name}: a DICOM file without an image, or with its end cut off.")
    if modality not in MODALITIES:
        what = _OTHER_MODALITIES.get(modality or "", "no radiograph")
        found = "missing" if modality is None else repr(modality)
        raise NotARadiograph(f"{name}: {what} (Modality is {found}; expected CR, DX or RG).")
    n_frames = fields.integer(dataset, "NumberOfFrames")
    if n_frames is not None and n_frames > 1:
        raise NotARadiograph(f"{name}: {n_frames} frames; expected a single film.")
    photometric = fields.code(dataset, "PhotometricInterpretation")
    if photometric is None:
        raise UnreadableImage(
            f"{name}: it has no Photometric Interpretation, so which end is white is not known; "
            "expected MONOCHROME1 or MONOCHROME2."
        )
    n_samples = fields.integer(dataset, "SamplesPerPixel")
    if photometric.startswith(_COLOURS) or n_samples not in (None, 1):
        raise NotARadiograph(
            f"{name}: a colour image (Photometric Interpretation is {photometric!r}, "
            f"{n_samples} samples per pixel); expected one grey value per pixel."
        )
    if photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise UnreadableImage(
            f"{name}: Photometric Interpretation is {photometric!r}; "
            "expected MONOCHROME1 or MONOCHROME2."
        )


def _layout(dataset: Dataset, name: str) -> PixelLayout:
    height, width = (_required(dataset, keyword, name) for keyword in ("Rows", "Columns"))
    check_size(name, height, width)
    allocated = _required(dataset, "BitsAllocated", name)
    bits = fields.integer(dataset, "BitsStored")
    bits = allocated if bits is None else bits
    high_bit = fields.integer(dataset, "HighBit")
    high_bit = bits - 1 if high_bit is None else high_bit
    sign = fields.integer(dataset, "PixelRepresentation") or 0
    fits = 1 <= bits <= high_bit + 1 <= allocated and sign in (0, 1)
    if allocated not in (8, 16) or not fits:
        raise UnreadableImage(
            f"{name}: {bits} bits stored below high bit {high_bit} of {allocated} allocated, Pixel "
            f"Representation {sign}; expected 1 to 16 that fit in 8 or 16, and 0 or 1."
        )
    if not fields.raw(dataset, "PixelData"):
        raise UnreadableImage(f"{name}: it holds no pixels, or its end is cut off.")
    return PixelLayout(height, width, allocated, high_bit, StoredBits(bits, signed=sign == 1))


def _required(dataset: Dataset, keyword: str, name: str) -> int:
    found = fields.integer(dataset, keyword)
    if found is None:
        raise UnreadableImage(
            f"{name}: its header has no usable {keyword}, or breaks off before it."
        )
    return found


def _raw_image(dataset: Dataset) -> tuple[str, ...]:
    if fields.code(dataset, "PresentationIntentType") != "FOR PROCESSING":
        return ()
    return (
        "The film is stored for processing, not for presentation: contrast and polarity may differ "
        "from what a radiologist sees.",
    )
