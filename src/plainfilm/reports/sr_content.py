"""What a structured report says: a prediction as the tree of DICOM's Measurement Report.

References
----------
DICOM PS3.16, TID 1500 (Measurement Report), TID 1501 (Measurement Group), TID 1600 (Image Library),
TID 4019 (Algorithm Identification). IHE Radiology, AI Results (AIR).
"""

from pydicom.dataset import Dataset

from plainfilm import __version__
from plainfilm.findings import BundleId, Code, FindingResult, Prediction
from plainfilm.reports import sr_codes as codes
from plainfilm.reports import wording
from plainfilm.reports.content import Report
from plainfilm.reports.sr_film import SourceFilm
from plainfilm.reports.sr_items import (
    code_item,
    container,
    image_item,
    number_item,
    text_item,
    uid_item,
    uid_of,
)

MAKER = "plainfilm"

_TEMPLATE = "1500"


def content_tree(report: Report, film: SourceFilm) -> Dataset:
    """The root of the tree, in English, of a report of one film.

    A refused film has no finding in it, but the reason; a number is called a probability only
    where it is one.
    """
    prediction = report.predictions[0]
    measured = _measurements(report, film)
    children = [
        code_item(codes.LANGUAGE, codes.ENGLISH, "HAS CONCEPT MOD"),
        *_observer(prediction.bundle),
        code_item(codes.PROCEDURE_REPORTED, codes.IMAGING, "HAS CONCEPT MOD"),
        _image_library(film),
        *([container(codes.MEASUREMENTS, measured, "CONTAINS")] if measured else []),
        container(codes.EVALUATIONS, _evaluations(report, film), "CONTAINS"),
    ]
    root = container(codes.REPORT, children, None)
    template = Dataset()
    template.MappingResource = "DCMR"
    template.TemplateIdentifier = _TEMPLATE
    root.ContentTemplateSequence = [template]
    return root


def _observer(bundle: BundleId) -> list[Dataset]:
    texts = {
        codes.DEVICE_NAME: f"{bundle.name} {bundle.version}",
        codes.DEVICE_MANUFACTURER: MAKER,
        codes.DEVICE_MODEL: bundle.name,
        codes.DEVICE_SERIAL: bundle.sha256,
    }
    return [
        code_item(codes.OBSERVER_TYPE, codes.DEVICE, "HAS OBS CONTEXT"),
        uid_item(codes.DEVICE_UID, uid_of(f"device {bundle.sha256}"), "HAS OBS CONTEXT"),
        *(text_item(name, words, "HAS OBS CONTEXT") for name, words in texts.items()),
    ]


def _image_library(film: SourceFilm) -> Dataset:
    modality = codes.MODALITIES.get(film.modality)
    facts = [] if modality is None else [code_item(codes.MODALITY, modality, "HAS ACQ CONTEXT")]
    image = image_item(codes.SOURCE, film.reference, facts)
    group = container(codes.IMAGE_LIBRARY_GROUP, [image], "CONTAINS")
    return container(codes.IMAGE_LIBRARY, [group], "CONTAINS")


def _measurements(report: Report, film: SourceFilm) -> list[Dataset]:
    prediction = report.predictions[0]
    groups = [_finding(report, film, result) for result in prediction.results]
    if prediction.familiarity is not None:
        whole = [
            *_tracking(film, prediction.bundle, "film"),
            *_algorithm(prediction.bundle),
            image_item(codes.SOURCE, film.reference),
            number_item(codes.FAMILIARITY, prediction.familiarity, codes.RATIO),
            text_item(codes.COMMENT, wording.familiarity(prediction)),
        ]
        groups.append(container(codes.GROUP, whole, "CONTAINS"))
    return groups


def _finding(report: Report, film: SourceFilm, result: FindingResult) -> Dataset:
    prediction = report.predictions[0]
    name = codes.PROBABILITY if prediction.calibrated else codes.MODEL_SCORE
    numbers = {name: result.probability, codes.THRESHOLD: result.threshold}
    if prediction.calibrated and result.prevalence is not None:
        numbers[codes.PREVALENCE] = result.prevalence
    site = codes.SITES.get(prediction.body_part or "")
    children = [
        *_tracking(film, prediction.bundle, result.finding.name),
        # A program that lists the findings of a report must not list what lies below.
        code_item(
            codes.FINDING if result.present else codes.ANALYSIS_PERFORMED,
            codes.code_of(result.finding),
        ),
        *([] if site is None else [code_item(codes.FINDING_SITE, site, "HAS CONCEPT MOD")]),
        *_algorithm(prediction.bundle),
        image_item(codes.SOURCE, film.reference),
        *(number_item(what, value, codes.RATIO) for what, value in numbers.items()),
        code_item(codes.SIDE, codes.ABOVE if result.present else codes.BELOW),
        text_item(codes.COMMENT, _in_words(report, result)),
    ]
    return container(codes.GROUP, children, "CONTAINS")


def _in_words(report: Report, result: FindingResult) -> str:
    prediction = report.predictions[0]
    calibrated = prediction.calibrated
    value = wording.number(result.probability, calibrated)
    measured = wording.measured_for(prediction, report.evaluation, result.finding.name)
    return (
        f"{result.finding.display}: {wording.kind_of_number(calibrated)} {value}, "
        f"{wording.reading(result, calibrated)}. AUROC measured (95 % interval): {measured}."
    )


def _tracking(film: SourceFilm, bundle: BundleId, what: str) -> list[Dataset]:
    """The same for the same film, bundle and finding, in whichever report."""
    uid = uid_of(f"tracking {film.sha256} {bundle.sha256} {what}")
    return [
        text_item(codes.TRACKING_IDENTIFIER, what, "HAS OBS CONTEXT"),
        uid_item(codes.TRACKING_UID, uid, "HAS OBS CONTEXT"),
    ]


def _algorithm(bundle: BundleId) -> list[Dataset]:
    parameters = f"bundle SHA-256 {bundle.sha256}; {MAKER} {__version__}"
    return [
        text_item(codes.ALGORITHM_NAME, f"{MAKER} {bundle.name}", "HAS CONCEPT MOD"),
        text_item(codes.ALGORITHM_VERSION, bundle.version, "HAS CONCEPT MOD"),
        text_item(codes.ALGORITHM_PARAMETERS, parameters, "HAS CONCEPT MOD"),
    ]


def _evaluations(report: Report, film: SourceFilm) -> list[Dataset]:
    prediction = report.predictions[0]
    attempted = [result.finding for result in prediction.results]
    return [
        code_item(codes.ANALYSES, _outcome(prediction)),
        *(code_item(codes.ANALYSIS_PERFORMED, codes.code_of(each)) for each in attempted),
        *(text_item(name, words) for name, words in _statements(report, film) if words),
    ]


def _outcome(prediction: Prediction) -> Code:
    """Whether an answer came of it; where it was refused before, the network never read it."""
    if prediction.refused is None:
        return codes.SUCCEEDED
    return codes.NOT_ATTEMPTED if prediction.familiarity is None else codes.FAILED


def _statements(report: Report, film: SourceFilm) -> list[tuple[Code, str]]:
    prediction = report.predictions[0]
    header, calibration = report.header, report.header.calibration
    names = ", ".join(finding.display for finding in header.label_set.findings)
    refused = prediction.refused is not None
    how = f"{calibration.method}; {calibration.source}"
    return [
        (codes.INTENDED_USE, f"{wording.NOT_A_DEVICE} {wording.ASSISTS}"),
        (codes.NOT_REVIEWED, wording.NOT_REVIEWED),
        (codes.SUMMARY, wording.summary(prediction)),
        *((codes.CAUTION, caution) for caution in prediction.cautions),
        (codes.REFUSED, prediction.refused or ""),
        (codes.LOOKED_FOR, f"No answer is given for: {names}." if refused
         else f"Looked for: {names}; nothing else."),
        (codes.READ_AS, f"{wording.read_as(prediction)} {wording.told(prediction)}".strip()),
        (codes.INTENDED_USE, header.intended_use),
        (codes.POPULATION, header.population_words),
        (codes.CALIBRATION, how if calibration.calibrated else wording.NOT_CALIBRATED),
        (codes.THRESHOLD_RULE, header.threshold_rule),
        *((codes.LIMIT, limit) for limit in header.limits),
        (codes.COMMENT, wording.measured_on(report.evaluation)),
        (codes.BUNDLE_SHA256, prediction.bundle.sha256),
        (codes.FILM_SHA256, film.sha256),
    ]  # fmt: skip
