"""DICOM files without their patients."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicoms import DX_FOR_PRESENTATION, dicom_file, header
from phantoms import phantom
from plainfilm.deidentify.dicom import (
    MAY_HOLD_TEXT,
    OVERLAY_IN_PIXELS,
    SAYS_NO_TEXT,
    SAYS_TEXT,
    deidentified_dicom,
    deidentify_dataset,
)
from plainfilm.deidentify.new_uids import NewUids
from plainfilm.deidentify.profile import Keep, action_for, table
from plainfilm.errors import UnreadableImage
from plainfilm.images import read_radiograph_bytes

UIDS = NewUids(b"a secret of sixteen bytes or more")
CANARY = "MILLER"
WORDS = (phantom(size=(40, 30)) * 4095).astype(np.uint16)
# What each code of the table leaves.
LEFT = {"X": "nothing", "Z": "empty", "D": "dummy", "U": "uid", "X/Z": "empty", "X/D": "dummy",
        "Z/D": "dummy", "X/Z/D": "dummy", "X/Z/U*": "inner"}  # fmt: skip
PLANTED = {"DA": "19480713", "TM": "071301", "DT": "19480713071301", "AS": "073Y", "DS": "713",
           "IS": "713", "UI": "1.2.713", "US": 713, "SS": 713, "UL": 713, "SL": 713, "FL": 713.0,
           "FD": 713.0, "OB": b"MILLER", "OW": b"MILLER", "UN": b"MILLER"}  # fmt: skip


def planted(digits: str, name: str) -> DataElement:
    """An attribute that tells who the patient is."""
    tag = Tag(int(digits.replace("x", "0"), 16))
    try:
        vr = dictionary_VR(tag)[:2]
    except KeyError:
        vr = "SQ" if name.endswith("Sequence") else "LO"
    if vr != "SQ":
        return DataElement(tag, vr, PLANTED.get(vr, CANARY))
    item = Dataset()
    item.CodeMeaning = "Chest"
    item.InstitutionName = CANARY
    item.ReferencedSOPInstanceUID = "1.2.713"
    return DataElement(tag, "SQ", [item])


@pytest.mark.parametrize(("digits", "name", "action"), table(), ids=lambda value: str(value))
def test_s3_34_each_attribute_of_table_e_1_1_gets_its_action(
    digits: str, name: str, action: str
) -> None:
    outer, item = Dataset(), Dataset()
    outer.add(planted(digits, name))
    item.add(planted(digits, name))
    outer.AnatomicRegionSequence = [item]  # which the table does not hold
    tag = outer[Tag(int(digits.replace("x", "0"), 16))].tag
    deidentify_dataset(outer, UIDS)
    for dataset in (outer, outer.AnatomicRegionSequence[0]):
        assert CANARY not in str(dataset)
        assert "713" not in str(dataset).replace(str(UIDS.of("1.2.713")), "")
        # the one dummy that is a UID, in a format that allows no other
        wanted = "uid" if name == "Annotation Group UID" else LEFT[action]
        assert what_is_left(dataset, tag) == wanted


def what_is_left(dataset: Dataset, tag: Any) -> str:
    if tag not in dataset:
        return "nothing"
    element = dataset[tag]
    if element.is_empty:
        return "empty"
    if element.VR == "UI":
        return "uid" if element.value == UIDS.of("1.2.713") else "kept"
    if element.VR == "SQ":
        (item,) = element.value
        if item.ReferencedSOPInstanceUID != UIDS.of("1.2.713"):
            return "kept"
        return "dummy" if item.get("CodeMeaning") == "ANONYMIZED" else "inner"
    return "dummy"


def film(content: bytes, uids: NewUids = UIDS) -> Dataset:
    return pydicom.dcmread(BytesIO(deidentified_dicom(content, "film 1", uids).content))


def test_pixels_and_what_displays_them_stay() -> None:
    for syntax in (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian):
        content = dicom_file(
            WORDS, syntax=syntax, BitsStored=12, PatientName=CANARY, ViewPosition="PA",
            BodyPartExamined="CHEST", WindowCenter=2000, WindowWidth=3000,
            ImagerPixelSpacing=[0.2, 0.2],
        )  # fmt: skip
        new = film(content)
        assert new.PixelData == pydicom.dcmread(BytesIO(content)).PixelData
        assert new.file_meta.TransferSyntaxUID == syntax
        before = read_radiograph_bytes(content, "before")
        after = read_radiograph_bytes(deidentified_dicom(content, "after", UIDS).content, "after")
        np.testing.assert_array_equal(before.pixels, after.pixels)
        assert (before.view, before.body_part, before.spacing_mm) == (
            after.view, after.body_part, after.spacing_mm,
        )  # fmt: skip


def test_compressed_frames_stay(shared_data: Path) -> None:
    """S3-34."""
    paths = sorted((shared_data / "dicom-samples").rglob("*.dcm"))
    assert len(paths) > 20
    for path in paths:
        before, after = pydicom.dcmread(path), film(path.read_bytes())
        assert before.PixelData == after.PixelData or "deflated" in path.name
        assert not [element for element in after.iterall() if element.tag.is_private]
        assert after.PatientID != before.get("PatientID")
        assert str(before.SOPInstanceUID) not in str(after)


def test_private_and_unknown_attributes_go_at_every_depth() -> None:
    inner = Dataset()
    inner.private_block(0x0011, "MAKER", create=True).add_new(1, "LO", CANARY)
    inner.CodeMeaning = "Chest"
    middle = Dataset()
    middle.AnatomicRegionModifierSequence = [inner]
    dataset = Dataset()
    dataset.AnatomicRegionSequence = [middle]
    dataset.private_block(0x0029, "MAKER", create=True).add_new(2, "SQ", [inner])
    dataset.add(DataElement(0x00187FFE, "LO", CANARY))
    dataset.add(DataElement(0x00180000, "UL", 44))
    deidentify_dataset(dataset, UIDS)
    assert [element.tag for element in dataset] == [Tag("AnatomicRegionSequence")]
    assert str(dataset).count("Chest") == 1
    assert CANARY not in str(dataset)
    assert "MAKER" not in str(dataset)


def test_curves_and_overlays_go_in_every_group() -> None:
    dataset = Dataset()
    for group in range(0x00, 0x1F, 2):
        dataset.add(DataElement(0x50003000 + (group << 16), "OW", b"MILLER"))
        dataset.add(DataElement(0x60003000 + (group << 16), "OW", b"MILLER"))
        dataset.add(DataElement(0x60004000 + (group << 16), "LT", CANARY))
    deidentify_dataset(dataset, UIDS)
    assert len(dataset) == 0


def test_uids_agree_within_a_set_and_with_what_they_refer_to() -> None:
    one = film(dicom_file(WORDS, StudyInstanceUID="1.2.7", SOPInstanceUID="1.2.8"))
    reference = header(ReferencedSOPClassUID=DX_FOR_PRESENTATION, ReferencedSOPInstanceUID="1.2.8")
    fields = {"StudyInstanceUID": "1.2.7", "IrradiationEventUID": ["1.2.8", "1.2.10"]}
    referring = DataElement("SourceImageSequence", "SQ", [reference])
    other = film(dicom_file(WORDS, SOPInstanceUID="1.2.9", SourceImageSequence=referring, **fields))
    assert one.StudyInstanceUID == other.StudyInstanceUID
    assert one.SOPInstanceUID == one.file_meta.MediaStorageSOPInstanceUID != other.SOPInstanceUID
    (item,) = other.SourceImageSequence
    assert item.ReferencedSOPInstanceUID == one.SOPInstanceUID
    assert item.ReferencedSOPClassUID == DX_FOR_PRESENTATION
    assert list(other.IrradiationEventUID) == [UIDS.of("1.2.8"), UIDS.of("1.2.10")]


def test_patients_stay_apart() -> None:
    ids = [film(dicom_file(WORDS, PatientID=name)).PatientID for name in ("A", "B", "A")]
    assert ids[0] == ids[2] != ids[1]


def test_what_was_done_is_written_where_the_standard_wants_it() -> None:
    new = film(dicom_file(WORDS, DeidentificationMethod=CANARY))
    assert new.PatientIdentityRemoved == "YES"
    assert new.DeidentificationMethod == "plainfilm: DICOM PS3.15 Basic Profile"
    (code,) = new.DeidentificationMethodCodeSequence
    assert (code.CodeValue, code.CodingSchemeDesignator) == ("113100", "DCM")
    assert new.LongitudinalTemporalInformationModified == "REMOVED"


def test_nothing_of_preamble_and_old_file_meta_stays() -> None:
    content = dicom_file(WORDS)
    dataset = pydicom.dcmread(BytesIO(content))
    dataset.preamble = b"MILLER".ljust(128, b"!")
    dataset.file_meta.SourceApplicationEntityTitle = CANARY
    dataset.file_meta.PrivateInformationCreatorUID = "1.2.713"
    dataset.file_meta.PrivateInformation = b"MILLER"
    file = BytesIO()
    dataset.save_as(file)
    new = deidentified_dicom(file.getvalue(), "film 1", UIDS).content
    assert new[:132] == bytes(128) + b"DICM"
    assert b"MILLER" not in new
    assert b"1.2.713" not in new


@pytest.mark.parametrize(
    ("said", "caution"),
    [(None, MAY_HOLD_TEXT), ("YES", SAYS_TEXT), ("NO", SAYS_NO_TEXT), ("perhaps", MAY_HOLD_TEXT)],
)
def test_text_in_the_pixels_is_always_cautioned_about(said: str | None, caution: str) -> None:
    """S3-34."""
    content = dicom_file(WORDS, BurnedInAnnotation=said)
    assert deidentified_dicom(content, "film 1", UIDS).cautions == (caution,)


def test_an_overlay_in_the_pixels_is_told() -> None:
    content = dicom_file(WORDS, **{"OverlayRows": DataElement(0x60000010, "US", 40)})
    assert OVERLAY_IN_PIXELS in deidentified_dicom(content, "film 1", UIDS).cautions


def test_what_holds_no_pixels_or_breaks_off_is_refused_without_a_patient() -> None:
    content = dicom_file(WORDS, PatientName=CANARY)
    dataset = pydicom.dcmread(BytesIO(content))
    del dataset.PixelData
    file = BytesIO()
    dataset.save_as(file)
    for broken in (file.getvalue(), content[:-500], content[:200]):
        with pytest.raises(UnreadableImage, match=r"^film 1: ") as refusal:
            deidentified_dicom(broken, "film 1", UIDS)
        assert CANARY not in str(refusal.value)


def test_what_an_option_keeps_stays_at_every_depth_and_is_written_down() -> None:
    inner = Dataset()
    inner.StudyDate, inner.PatientName = "19480713", CANARY
    old = dicom_file(
        WORDS, StudyDate="19480713", PatientBirthDate="19070101", PatientAge="041Y",
        StationName="ROOM7", PatientName=CANARY, RequestAttributesSequence=[inner],
    )  # fmt: skip
    old_uid = pydicom.dcmread(BytesIO(old)).SOPInstanceUID

    def kept(*options: Keep) -> Dataset:
        return pydicom.dcmread(BytesIO(deidentified_dicom(old, "film 1", UIDS, options).content))

    dated = kept(Keep.DATES)
    assert dated.StudyDate == "19480713"
    assert not dated.PatientBirthDate
    assert "PatientAge" not in dated
    assert dated.SOPInstanceUID == UIDS.of(old_uid)
    assert dated.LongitudinalTemporalInformationModified == "UNMODIFIED"
    codes = [code.CodeValue for code in dated.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113106"]
    every = kept(*Keep)
    assert (every.PatientAge, every.StationName, every.SOPInstanceUID) == (
        "041Y", "ROOM7", old_uid,
    )  # fmt: skip
    assert len(every.DeidentificationMethodCodeSequence) == 6
    for new in (dated, every):
        assert CANARY not in str(new)
        assert "19070101" not in str(new)


def test_s3_34_with_every_option_no_other_attribute_is_kept() -> None:
    every, n_kept = frozenset(Keep), 0
    for digits, name, _ in table():
        dataset = Dataset()
        dataset.add(planted(digits, name))
        (element,) = dataset
        if action_for(element.tag, every) is None:
            n_kept += 1
            continue
        deidentify_dataset(dataset, UIDS, every)
        left = str(dataset).replace(UIDS.of("1.2.713"), "").replace("1.2.713", "")
        assert CANARY not in left
        assert "713" not in left
    assert 250 < n_kept < 300
