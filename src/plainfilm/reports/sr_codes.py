"""Coded terms of a structured report: DICOM's and SNOMED's where one is right, else our own.

A term that nobody has published, or whose number cannot be right, is written in a private scheme
with its plain words, as DICOM allows (PS3.3 section 8).
"""

from plainfilm.findings import Code, Finding
from plainfilm.reports.wording import printable

OWN_SCHEME = "99PLAINFILM"
MAX_MEANING = 64  # letters of Code Meaning, VR LO


def _dcm(value: str, meaning: str) -> Code:
    return Code("DCM", value, meaning)


def own(value: str, meaning: str) -> Code:
    """A term of our own: `value` is its key, `meaning` what a person reads of it."""
    return Code(OWN_SCHEME, value, meaning)


REPORT = _dcm("126000", "Imaging Measurement Report")
LANGUAGE = _dcm("121049", "Language of Content Item and Descendants")
ENGLISH = Code("RFC5646", "en", "English")
OBSERVER_TYPE = _dcm("121005", "Observer Type")
DEVICE = _dcm("121007", "Device")
DEVICE_UID = _dcm("121012", "Device Observer UID")
DEVICE_NAME = _dcm("121013", "Device Observer Name")
DEVICE_MANUFACTURER = _dcm("121014", "Device Observer Manufacturer")
DEVICE_MODEL = _dcm("121015", "Device Observer Model Name")
DEVICE_SERIAL = _dcm("121016", "Device Observer Serial Number")
PROCEDURE_REPORTED = _dcm("121058", "Procedure reported")
# Of CID 100; its one radiograph (LOINC 43468-8) is newer than what validators have of that list.
IMAGING = Code("SCT", "363679005", "Imaging procedure")
IMAGE_LIBRARY = _dcm("111028", "Image Library")
IMAGE_LIBRARY_GROUP = _dcm("126200", "Image Library Group")
MODALITY = _dcm("121139", "Modality")
MEASUREMENTS = _dcm("126010", "Imaging Measurements")
GROUP = _dcm("125007", "Measurement Group")
TRACKING_IDENTIFIER = _dcm("112039", "Tracking Identifier")
TRACKING_UID = _dcm("112040", "Tracking Unique Identifier")
FINDING = _dcm("121071", "Finding")
FINDING_SITE = Code("SCT", "363698007", "Finding Site")
SOURCE = Code("SCT", "260753009", "Source")
PROBABILITY = _dcm("122157", "Probability")
RATIO = Code("UCUM", "{ratio}", "ratio")
ALGORITHM_NAME = _dcm("111001", "Algorithm Name")
ALGORITHM_PARAMETERS = _dcm("111002", "Algorithm Parameters")
ALGORITHM_VERSION = _dcm("111003", "Algorithm Version")
COMMENT = _dcm("121106", "Comment")
SUMMARY = _dcm("121111", "Summary")
EVALUATIONS = Code("UMLS", "C0034375", "Qualitative Evaluations")
ANALYSES = _dcm("111065", "Summary of Analyses")
ANALYSIS_PERFORMED = _dcm("111004", "Analysis Performed")
SUCCEEDED = _dcm("111222", "Succeeded")
FAILED = _dcm("111224", "Failed")
NOT_ATTEMPTED = _dcm("111225", "Not Attempted")

MODALITIES = {
    "CR": _dcm("CR", "Computed Radiography"),
    "DX": _dcm("DX", "Digital Radiography"),
    "RG": _dcm("RG", "Radiographic imaging"),
}

SITES = {
    "chest": Code("SCT", "816094009", "Chest"),
    "elbow": Code("SCT", "16953009", "Elbow joint"),
    "finger": Code("SCT", "7569003", "Finger"),
    "forearm": Code("SCT", "14975008", "Forearm"),
    "hand": Code("SCT", "85562004", "Hand"),
    "humerus": Code("SCT", "85050009", "Humerus"),
    "knee": Code("SCT", "72696002", "Knee"),
    "shoulder": Code("SCT", "16982005", "Shoulder"),
    "wrist": Code("SCT", "74670003", "Wrist joint"),
}
"""Body parts as films name them, of DICOM PS3.16 CID 4031."""

MODEL_SCORE = own("model-score", "Model score, not a probability")
THRESHOLD = own("threshold", "Threshold")
PREVALENCE = own("prevalence", "Share of films at which it holds")
FAMILIARITY = own("familiarity", "Familiarity of the film")
SIDE = own("side", "Side of the threshold")
ABOVE = own("above", "Above the threshold")
BELOW = own("below", "Below the threshold")
INTENDED_USE = own("intended-use", "Intended use")
NOT_REVIEWED = own("not-reviewed", "Made by software, not reviewed")
CAUTION = own("caution", "Caution")
REFUSED = own("refused", "Refused")
LOOKED_FOR = own("looked-for", "Looked for")
READ_AS = own("read-as", "Read as")
POPULATION = own("population", "Population")
CALIBRATION = own("calibration", "Calibration")
THRESHOLD_RULE = own("threshold-rule", "How thresholds were chosen")
LIMIT = own("limit", "Limit")
BUNDLE_SHA256 = own("bundle-sha256", "SHA-256 of the bundle")
FILM_SHA256 = own("film-sha256", "SHA-256 of the film's file")

# Verhoeff's dihedral group D5: products, and a digit's permutation by its place from the right.
_PRODUCT = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_PERMUTED = (
    "0123456789", "1576283094", "5803796142", "8916043527",
    "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip
_SNOMED = "SCT"
_MAX_SCHEME = 16  # letters, VR SH


def code_of(finding: Finding) -> Code:
    """The finding's published code; one of our own where it has none or one that cannot be right.

    A SNOMED number cannot be right where its check digit is wrong.
    """
    code = finding.code
    if code is None or not _is_possible(code):
        return own(finding.name, finding.display)
    return code


def has_check_digit(identifier: str) -> bool:
    """Whether a SNOMED CT identifier's last digit fits the others, which finds typing errors.

    References
    ----------
    SNOMED International, Release File Specification, "Check-digit"; Verhoeff 1969, Error Detecting
    Decimal Codes.
    """
    if not identifier.isascii() or not identifier.isdecimal() or not 6 <= len(identifier) <= 18:
        return False
    check = 0
    for place, digit in enumerate(reversed(identifier)):
        check = int(_PRODUCT[check][int(_PERMUTED[place % 8][int(digit)])])
    return check == 0


def _is_possible(code: Code) -> bool:
    if code.scheme == _SNOMED and not has_check_digit(code.value):
        return False
    texts = (code.scheme, code.value, code.meaning)
    is_plain = all(text and text == printable(text) and "\\" not in text for text in texts)
    return is_plain and len(code.scheme) <= _MAX_SCHEME and len(code.meaning) <= MAX_MEANING
