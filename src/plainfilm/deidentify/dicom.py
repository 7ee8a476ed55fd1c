"""DICOM file → the same image without its patient: the Basic Profile of PS3.15, Annex E.

Any image, of any kind; not only those that `read_radiograph` takes. The pixels stay as they are,
byte for byte; text in them stays too.
"""

from collections.abc import Collection
from io import BytesIO

from pydicom import dcmwrite
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import BaseTag
from pydicom.uid import UID

from plainfilm.deidentify.cleaned import LOOK, Cleaned
from plainfilm.deidentify.dummies import dummy
from plainfilm.deidentify.new_uids import NewUids
from plainfilm.deidentify.profile import CODES, Action, Keep, action_for
from plainfilm.errors import UnreadableImage
from plainfilm.images import dicom_fields as fields
from plainfilm.images.dicom_file import parse_dicom
from plainfilm.images.guard import refusing

_BASIC = ("113100", "Basic Application Confidentiality Profile")
METHOD = "plainfilm: DICOM PS3.15 Basic Profile"
_PATIENT_ID = 0x00100020
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_LAST_GROUP_BEFORE_DATA = 0x0007
_OVERLAYS = range(0x6000, 0x6100, 2)

MAY_HOLD_TEXT = f"The header does not say that no text is burned into the pixels: {LOOK}."
SAYS_TEXT = f"The header says that text is burned into the pixels, and it still is: {LOOK}."
SAYS_NO_TEXT = "That no text is burned into the pixels is the header's word; nobody has looked."
OVERLAY_IN_PIXELS = f"An overlay may lie in unused bits of the pixels, which stay: {LOOK}."


def deidentified_dicom(
    content: bytes, name: str, uids: NewUids, keep: Collection[Keep] = ()
) -> Cleaned:
    """The image in a DICOM file, with each attribute treated as the Basic Profile says.

    Parameters
    ----------
    content
        The file. Deflated, it comes back inflated; else the transfer syntax is the same.
    name
        What messages call the file.
    uids
        Where new UIDs come from; the same for all files that belong together.
    keep
        The profile's options: what is kept beside what the profile keeps.

    Raises
    ------
    UnreadableImage
        The file is damaged, or holds no image.

    References
    ----------
    DICOM PS3.15, E.1.1, E.2 and table E.1-1; PS3.3, C.12.1.1 and PS3.16, CID 7050 for the marks.
    """
    dataset, syntax = parse_dicom(content, name)
    if not any(keyword in dataset for keyword in _PIXELS):
        raise UnreadableImage(f"{name}: a DICOM object without pixels; expected an image.")
    cautions = _cautions(dataset)
    with refusing(name, "its DICOM header is damaged and cannot be followed"):
        for tag in [tag for tag in dataset.keys() if tag.group <= _LAST_GROUP_BEFORE_DATA]:  # noqa: SIM118
            del dataset[tag]
        deidentify_dataset(dataset, uids, keep)
        _mark(dataset, keep)
        return Cleaned(_written(dataset, syntax), "dcm", cautions)


def deidentify_dataset(dataset: Dataset, uids: NewUids, keep: Collection[Keep] = ()) -> None:
    """Treat each attribute of `dataset`, and of the items in it, as the table says, in place.

    What the standard's dictionary does not know is removed, as private attributes are. The dummy
    for a patient's id is another one for each patient, so that a data set can be split by them.
    """
    for tag in list(dataset.keys()):
        action = action_for(tag, keep) if tag.element and _is_known(tag) else Action.REMOVE
        if action is Action.REMOVE:
            del dataset[tag]
        elif action is Action.EMPTY:
            dataset[tag] = DataElement(tag, _vr(dataset, tag), None)
        elif action is Action.NEW_UID or (action and _vr(dataset, tag) == "UI"):
            dataset[tag] = DataElement(tag, "UI", _replaced(dataset[tag].value, uids))
        elif tag == _PATIENT_ID:
            new = uids.of_patient(str(dataset[tag].value or ""))
            dataset[tag] = DataElement(tag, "LO", new)
        elif _vr(dataset, tag) == "SQ":
            for item in dataset[tag].value:
                _deidentify_item(item, uids, action, keep)
        elif action is Action.DUMMY:
            vr = _vr(dataset, tag)
            dataset[tag] = DataElement(tag, vr, dummy(vr))


def _deidentify_item(
    item: Dataset, uids: NewUids, action: Action | None, keep: Collection[Keep]
) -> None:
    deidentify_dataset(item, uids, keep)
    for tag in list(item.keys()) if action is Action.DUMMY else []:
        vr = _vr(item, tag)
        if vr == "SQ":
            for inner in item[tag].value:
                _deidentify_item(inner, uids, action, keep)
        elif vr != "UI":  # classes of objects, and UIDs that are new already
            item[tag] = DataElement(tag, vr, dummy(vr))


def _replaced(value: object, uids: NewUids) -> list[str]:
    values = [value] if isinstance(value, str) or value is None else list(value)  # type: ignore[call-overload]
    return [uids.of(str(uid or "")) for uid in values]


def _is_known(tag: BaseTag) -> bool:
    if action_for(tag) is not None:
        return True
    try:
        return bool(dictionary_VR(tag))
    except KeyError:
        return False


def _vr(dataset: Dataset, tag: BaseTag) -> str:
    """The kind of an attribute's value by the standard, else by the file."""
    try:
        return dictionary_VR(tag)[:2]
    except KeyError:
        return str(dataset.get_item(tag).VR or "UN")


def _mark(dataset: Dataset, keep: Collection[Keep]) -> None:
    """Write down what was done, where the standard wants it."""
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = METHOD
    done = [_BASIC, *(CODES[option] for option in Keep if option in keep)]
    dataset.DeidentificationMethodCodeSequence = [_code(*each) for each in done]
    dates = "UNMODIFIED" if Keep.DATES in keep else "REMOVED"
    dataset.LongitudinalTemporalInformationModified = dates


def _code(value: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code


def _written(dataset: Dataset, syntax: str) -> bytes:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(syntax)
    dataset.file_meta = meta  # of the old one nothing: it may name who sent the film
    dataset.preamble = bytes(128)
    file = BytesIO()
    dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()


def _cautions(dataset: Dataset) -> tuple[str, ...]:
    said = fields.code(dataset, "BurnedInAnnotation")
    burned = {"NO": SAYS_NO_TEXT, "YES": SAYS_TEXT}.get(said or "", MAY_HOLD_TEXT)
    embedded = any(
        (group, 0x0010) in dataset and (group, 0x3000) not in dataset for group in _OVERLAYS
    )
    return (burned, OVERLAY_IN_PIXELS) if embedded else (burned,)
