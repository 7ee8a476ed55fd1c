"""bundle.json: what comes back, and what each wrong field says."""

import json
from dataclasses import replace

import pytest

from plainfilm.errors import BundleTooNew, CorruptBundle
from plainfilm.findings import Code, Finding, LabelSet
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.header import FORMAT, BundleHeader, header_from_json, header_to_json
from plainfilm.reading.header_parts import (
    Calibration,
    FamiliarityCut,
    FitPolicy,
    InputFit,
    MapScale,
    Population,
)
from plainfilm.reading.seal import seal

HASH = {"network.onnx": "0" * 64}


def changed(header: BundleHeader, place: str, value: object) -> bytes:
    """bundle.json with the value at a place ("input.size") replaced, or added."""
    fields = json.loads(header_to_json(header, HASH))
    *path, last = place.split(".")
    inner = fields
    for key in path:
        inner = inner[key]
    inner[last] = value
    return seal(json.dumps(fields).encode())


def test_a_header_comes_back_as_it_was(bundle: Bundle) -> None:
    full = replace(
        bundle.header,
        label_set=LabelSet(
            (Finding("mass", "Masse à gauche", Code("SCT", "1", "Mass")), Finding("hernia", "H")),
            exclusive=True,
        ),
        thresholds={"mass": 0.0, "hernia": 1.0},
        calibration=Calibration(True, "Platt", "some films", {"mass": 0.2, "hernia": 0.0}),
        population=Population(("chest", "knee"), ("LATERAL",), (1.0, 5.5), "some"),
        limits=(),
        input=InputFit(128, FitPolicy.PAD),
    )

    never = Calibration(False, "none", "never", {})
    for header in (full, replace(full, map=None, familiarity=None, calibration=never)):
        assert header_from_json(header_to_json(header, HASH)) == (header, HASH)


def test_the_written_header_is_the_documented_json(bundle: Bundle) -> None:
    fields = json.loads(header_to_json(bundle.header, HASH))

    assert next(iter(fields)) == "format"
    assert list(fields)[-2:] == ["files", "own_sha256"]
    assert fields["format"] == FORMAT == "plainfilm.bundle/1"
    assert fields["input"] == {"size": 32, "policy": "squash"}
    assert fields["label_set"]["findings"][0]["name"] == "pneumonia"


@pytest.mark.parametrize("number", [3, 10, 999999, 10**20 - 1])
def test_a_newer_format_is_told_apart_from_damage(bundle: Bundle, number: int) -> None:
    content = changed(bundle.header, "format", f"plainfilm.bundle/{number}")

    with pytest.raises(BundleTooNew, match=r"pip install --upgrade plainfilm"):
        header_from_json(content)


def test_a_newer_format_is_told_though_its_fields_are_unknown() -> None:
    with pytest.raises(BundleTooNew):
        header_from_json(b'{"format": "plainfilm.bundle/3", "anything": []}')


@pytest.mark.parametrize(
    "value", [None, 1, "", "plainfilm.bundle/0", "plainfilm.bundle/01", "onnx"]
)
def test_a_foreign_format_is_refused(bundle: Bundle, value: object) -> None:
    with pytest.raises(CorruptBundle, match=r"bundle.json.format: found .*; expected"):
        header_from_json(changed(bundle.header, "format", value))


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("name", "Has Blanks", "name: found 'Has Blanks'"),
        ("name", "a" * 65, "at most 64"),
        ("version", "", "version: found ''"),
        ("created", "yesterday", "such as 2025-01-31T12:00:00Z"),
        ("created", "2025-1-31T12:00:00Z", "created"),
        ("label_set.findings", [], "at least one finding"),
        ("label_set.exclusive", None, "expected true or false"),
        ("input.size", 7, "size: found 7; expected 8 to 4096"),
        ("input.policy", "stretch", "expected one of squash, pad, crop"),
        ("map.height", 0, "height, width: found (0, 16)"),
        ("map.display_max", 0, "display_max: found 0.0; expected a positive number"),
        ("thresholds.pneumonia", 1.5, "thresholds.pneumonia: found 1.5; expected a number in"),
        ("thresholds", {"pneumonia": 0.5}, "one for each of"),
        ("calibration.calibrated", "yes", "expected true or false"),
        ("calibration.prevalence", {"pneumonia": 0.5}, "calibration.prevalence"),
        ("calibration.prevalence.pneumonia", 1.5, "prevalence.pneumonia"),
        ("familiarity.refuse_below", 0.9, "0 <= refuse <= caution <= 1"),
        ("population.body_parts", [], "body_parts"),
        ("population.body_parts", ["Chest"], "in lower case"),
        ("population.views", ["FRONT"], "at least one of PA, AP"),
        ("population.age_years", [5, 1], "0 <= low <= high <= 130"),
        ("population.words", "", "a sentence"),
        ("intended_use", "", "a sentence"),
        ("limits", [1], "bundle.json.limits[0]: found 1"),
        ("provenance.split_sha256", "abc", "64 hexadecimal digits"),
        ("provenance.patients_sha256", "G" * 64, "patients_sha256"),
        ("provenance.n_patients", 0, "n_patients: found 0"),
        ("provenance.seed", -1, "seed: found -1"),
        ("provenance.seconds", -1, "seconds: found -1.0"),
        ("provenance.details", {"a": 1}, "bundle.json.provenance.details.a"),
        ("licences.code", None, "bundle.json.licences.code"),
        ("extra", 1, "'extra' is unknown"),
        ("files", None, "bundle.json.files: found null"),
        ("files", {"network.onnx": "0"}, "'network.onnx' needs 64 hexadecimal digits"),
    ],
)
def test_a_wrong_field_is_named(bundle: Bundle, place: str, value: object, message: str) -> None:
    with pytest.raises(CorruptBundle) as caught:
        header_from_json(changed(bundle.header, place, value))

    assert message in str(caught.value)
    assert str(caught.value).startswith("bundle.json")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("field", list(BundleHeader.__dataclass_fields__))
def test_a_missing_field_is_named(bundle: Bundle, field: str) -> None:
    fields = json.loads(header_to_json(bundle.header, HASH))
    del fields[field]

    with pytest.raises(CorruptBundle, match=f"{field}: missing"):
        header_from_json(seal(json.dumps(fields).encode()))


def test_a_program_gets_a_value_error_for_a_value_out_of_range() -> None:
    with pytest.raises(ValueError, match="display_max"):
        MapScale(1, 1, float("nan"))
    with pytest.raises(ValueError, match="refuse_below"):
        FamiliarityCut(float("nan"), 0.0, "")


def test_findings_are_bounded(bundle: Bundle) -> None:
    many = LabelSet(tuple(Finding(f"f{index}", "F") for index in range(1001)))

    with pytest.raises(ValueError, match="at most 1000 findings"):
        replace(bundle.header, label_set=many)
