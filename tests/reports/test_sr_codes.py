"""The codes of a structured report are right, or our own."""

import pytest
from pydicom.sr._concepts_dict import concepts

from plainfilm.datasets import chestxray14_labels, kermany
from plainfilm.findings import Code, Finding
from plainfilm.reading.shelf import open_bundle
from plainfilm.reports import sr_codes

CONSTANTS = [value for value in vars(sr_codes).values() if isinstance(value, Code)]
EMITTED = [*CONSTANTS, *sr_codes.SITES.values(), *sr_codes.MODALITIES.values()]
LABEL_SETS = {
    "chestxray14": chestxray14_labels.LABEL_SET,
    "kermany": kermany.LABEL_SET,
    **{
        name: open_bundle(name).header.label_set
        for name in ("pneumonia-paediatric", "chest14-demo")
    },
}


@pytest.mark.parametrize(
    ("identifier", "is_right"),
    # The last five stand in public tables of these findings.
    [("46621007", True), ("816094009", True), ("95436003", False), ("78381009", False),
     ("60567007", False), ("129614006", False), ("73122008", False), ("", False),
     ("4662100A", False), ("46621", False), ("٤٦٦٢١٠٠٧", False), ("0" * 19, False)],
)  # fmt: skip
def test_s3_33_a_check_digit_finds_a_mistyped_code(identifier: str, is_right: bool) -> None:
    assert sr_codes.has_check_digit(identifier) == is_right


@pytest.mark.parametrize("place", range(8))
def test_every_single_wrong_digit_is_found(place: int) -> None:
    right = "46621007"
    others = set("0123456789") - {right[place]}
    wrong = [right[:place] + digit + right[place + 1 :] for digit in others]
    assert not any(sr_codes.has_check_digit(each) for each in wrong)


def test_s3_33_every_snomed_code_that_is_written_has_its_check_digit() -> None:
    findings = [each for labels in LABEL_SETS.values() for each in labels.findings]
    written = [*EMITTED, *(sr_codes.code_of(finding) for finding in findings)]
    snomed = [code.value for code in written if code.scheme == "SCT"]
    assert len(snomed) > 30
    assert [value for value in snomed if not sr_codes.has_check_digit(value)] == []


@pytest.mark.parametrize("code", EMITTED, ids=lambda code: f"{code.scheme} {code.value}")
def test_each_standard_term_means_what_dicom_says(code: Code) -> None:
    if code.scheme in (sr_codes.OWN_SCHEME, "RFC5646"):
        return
    known = [
        meaning[0]
        for each in concepts[code.scheme].values()
        for value, meaning in each.items()
        if value == code.value
    ]
    if code == sr_codes.EVALUATIONS:
        assert known == []  # in the standard's TID 1500, not in the dictionary
    elif code.value == "260753009":
        assert known == ["Source (attribute)"]  # TID 1501 writes it without the bracket
    else:
        assert code.meaning in known


@pytest.mark.parametrize("name", LABEL_SETS)
def test_each_finding_has_a_code_of_its_own(name: str) -> None:
    findings = LABEL_SETS[name].findings
    codes = [sr_codes.code_of(finding) for finding in findings]
    assert len({(code.scheme, code.value) for code in codes}) == len(findings)
    unknown = [finding for finding in findings if finding.code is None]
    for finding in unknown:
        expected = Code("99PLAINFILM", finding.name, finding.display)
        assert sr_codes.code_of(finding) == expected


@pytest.mark.parametrize(
    "code",
    [Code("SCT", "95436003", "Pulmonary consolidation"), Code("RADLEX-AND-OTHERS", "RID1", "x"),
     Code("RADLEX", "", "x"), Code("RADLEX", "RID1", "x" * 65), Code("RADLEX", "RID1\\2", "x"),
     Code("RADLEX", "RID1", "a\nb")],
)  # fmt: skip
def test_a_code_that_cannot_be_right_is_not_written(code: Code) -> None:
    """As a bundle from elsewhere may bring it; the words a person reads stay."""
    finding = Finding("consolidation", "Consolidation", code)
    assert sr_codes.code_of(finding) == Code("99PLAINFILM", "consolidation", "Consolidation")


def test_a_code_of_another_vocabulary_is_kept() -> None:
    code = Code("RADLEX", "RID5350", "pneumonia")
    assert sr_codes.code_of(Finding("pneumonia", "Pneumonia", code)) is code
