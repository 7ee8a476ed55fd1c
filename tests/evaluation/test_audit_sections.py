from typing import Any

from plainfilm.evaluation.audit_sections import audit_sections, shortcut_sentences
from plainfilm.evaluation.localization import OVERLAPS

HITS = {f"{t:g}": [t, 0.0, 1.0] for t in OVERLAPS}
SCORES = {"pointing": [0.4, 0.2, 0.6], "energy": [0.3, None, None], "iou_at": HITS, "iobb_at": HITS}
BOX: dict[str, Any] = {
    "display": "Mass",
    "n_boxes": 4,
    "too_few": True,
    "map": SCORES,
    "usual_place": SCORES | {"pointing": [None, None, None]},
    "centre_pointing": [0.1, 0.0, 0.2],
    "words": "Mass: too few.",
}
EVALUATION: dict[str, Any] = {
    "audits": {"mass": {"words": ["SHORTCUT, Mass: x."]}, "hernia": {}},
    "degradation": {
        "n_films": 7,
        "findings": {
            "mass": {
                "display": "Mass",
                "n_present": 3,
                "too_few": True,
                "auroc": [0.75, 0.5, 0.9],
                "degraded": {"JPEG 20": [0.625, 0, 1], "photograph": [None, None, None]},
                "words": "Mass: falls.",
            }
        },
    },
    "explanations": {
        "n_films": 9,
        "n_refused": 1,
        "random_head": [0.3, 0.2, 0.4],
        "words": ["Flat."],
        "n_boxes_elsewhere": 5,
        "n_boxes_refused": 6,
        "boxes": {"findings": {"mass": BOX}, "all": BOX | {"display": "All boxes"}},
    },
}


def test_what_was_measured_stands_in_its_cells() -> None:
    poor, maps, boxes = audit_sections(EVALUATION)
    assert poor.head == ("Finding", "Present", "As it is", "JPEG 20", "photograph")
    assert poor.rows == (("Mass", "3", "0.750 [0.500, 0.900]", "0.625 [0.000, 1.000]", "–"),)
    assert poor.few == (True,)
    assert "7 films" in poor.sentences[0]
    assert poor.sentences[1] == "Mass: falls."
    assert maps.sentences[1:] == ("Flat.",)
    assert [row[1] for row in maps.rows] == ["0.300 [0.200, 0.400]", "–", "–", "–"]
    assert boxes.rows[0][:6] == (
        "Mass", "4", "0.400 [0.200, 0.600]", "–", "0.100 [0.000, 0.200]", "0.300 [–, –]",
    )  # fmt: skip
    assert boxes.rows[0][6].startswith("0.100 [")
    assert "; usual place 0.100 [" in boxes.rows[0][6]
    assert boxes.rows[1][0] == "All boxes"
    assert all(len(row) == len(boxes.head) for row in boxes.rows)


def test_what_was_not_measured_has_no_section() -> None:
    assert audit_sections({}) == ()
    assert audit_sections({"degradation": {}, "explanations": {"words": []}}) == ()
    assert shortcut_sentences({}) == []


def test_shortcuts_are_told_finding_by_finding() -> None:
    assert shortcut_sentences(EVALUATION) == ["SHORTCUT, Mass: x."]


def test_what_files_and_records_tell_stands_beside_the_bundle_s_own_auroc() -> None:
    """S2-53: and a finding of which too little is known is marked."""
    alone = {"file size": 0.91, "age": 0.6}
    told = {"display": "Mass", "files": [0.9, 0.8, 0.95], "record": None, "alone": alone}
    few = {"display": "Hernia", "files": None, "record": None, "alone": {}, "words": ["Few."]}
    (section,) = audit_sections(
        {
            "findings": {"mass": {"auroc": [0.88, 0.8, 0.9]}},
            "facts_alone": {"mass": {**told, "words": ["WARNING, Mass: x."]}, "hernia": few},
        }
    )
    assert section.rows == (
        ("Mass", "0.880 [0.800, 0.900]", "0.900 [0.800, 0.950]", "–", "file size 0.910"),
        ("Hernia", "–", "–", "–", "–"),
    )
    assert section.few == (False, True)
    assert section.sentences[1:] == ("WARNING, Mass: x.", "Few.")


def test_what_the_tone_does_stands_in_its_cells() -> None:
    area = [0.75, 0.5, 0.9]
    keys = {"whole": area, "alike": [0.5, 0.4, 0.6], "fall": [0.25, 0.1, 0.3], "alone": area}
    told = {"display": "Mass", "n_present": 30, "too_few": False, **keys, "forest": [None] * 3}
    findings = {"mass": {**told, "words": "SHORTCUT, Mass: y."}}
    (section,) = audit_sections({"tones": {"n_films": 60, "n_stand_ins": 4, "findings": findings}})
    assert section.title == "Does the tone decide?"
    assert section.rows == (
        (
            "Mass", "30", "0.750 [0.500, 0.900]", "0.500 [0.400, 0.600]", "0.250 [0.100, 0.300]",
            "0.750 [0.500, 0.900]", "–",
        ),
    )  # fmt: skip
    assert section.sentences[1:] == ("SHORTCUT, Mass: y.",)
