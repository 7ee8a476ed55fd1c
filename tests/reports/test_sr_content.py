"""What a structured report says of a film: no more and no less than the other reports."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from pydicom.dataset import Dataset

from plainfilm.findings import Prediction
from plainfilm.reports import wording
from plainfilm.reports.as_json import prediction_json
from plainfilm.reports.content import Report
from plainfilm.reports.sr_content import content_tree
from plainfilm.reports.sr_film import source_film
from srs import FILM, code_of, codes, film_of, groups, items, name_of, numbers, texts

MakeReport = Callable[..., Report]


@pytest.fixture
def tree(make_report: MakeReport) -> Callable[..., Dataset]:
    """The tree of one prediction."""
    film = source_film(film_of(), "film.dcm")
    return lambda prediction, **others: content_tree(make_report(prediction, **others), film)


def test_s3_33_values_are_the_json_s(tree: Callable[..., Dataset], answered: Prediction) -> None:
    found, told = groups(tree(answered)), prediction_json(answered)
    for each in told["findings"]:
        of_one = numbers(found[each["finding"]])
        assert of_one == {"Probability": each["probability"], "Threshold": each["threshold"]}
        side = "Above the threshold" if each["present"] else "Below the threshold"
        assert codes(found[each["finding"]], "Side of the threshold") == [side]
    assert numbers(found["film"]) == {"Familiarity of the film": told["familiarity"]}
    assert len(found) == len(told["findings"]) + 1


def test_the_share_at_which_a_probability_holds_stands_beside_it(
    tree: Callable[..., Dataset], answered: Prediction
) -> None:
    shared = replace(answered, results=tuple(replace(r, prevalence=0.25) for r in answered.results))
    (share,) = {numbers(group).get("Share of films at which it holds")
                for name, group in groups(tree(shared)).items() if name != "film"}  # fmt: skip
    assert share == 0.25


def test_s3_33_a_score_is_never_called_a_probability(
    tree: Callable[..., Dataset], answered: Prediction
) -> None:
    scored = replace(
        answered,
        calibrated=False,
        results=tuple(replace(r, prevalence=0.25) for r in answered.results),
    )
    root = tree(scored)
    found = numbers(groups(root)["pneumonia"])
    assert set(found) == {"Model score, not a probability", "Threshold"}
    assert ("DCM", "122157") not in {code_of(i.ConceptNameCodeSequence[0]) for i in items(root)}
    assert "Pneumonia: model score 0.91, above the threshold." in texts(root, "Comment")[0]


def test_a_program_that_lists_findings_lists_only_what_is_above(
    tree: Callable[..., Dataset], answered: Prediction
) -> None:
    found = groups(tree(answered))
    above = {r.finding.name: r.present for r in answered.results}
    assert {name: bool(codes(found[name], "Finding")) for name in above} == above
    for result in answered.results:
        name = "Finding" if result.present else "Analysis Performed"
        assert len(codes(found[result.finding.name], name)) == 1


def test_what_was_looked_for_is_told_apart_from_what_was_not(
    tree: Callable[..., Dataset], answered: Prediction
) -> None:
    root = tree(answered)
    (evaluations,) = [item for item in items(root) if name_of(item) == "Qualitative Evaluations"]
    assert codes(evaluations, "Summary of Analyses") == ["Succeeded"]
    assert len(codes(evaluations, "Analysis Performed")) == len(answered.results)
    (looked_for,) = texts(root, "Looked for")
    assert looked_for.endswith("; nothing else.")
    assert all(result.finding.display in looked_for for result in answered.results)


@pytest.mark.parametrize(("familiarity", "outcome"), [(None, "Not Attempted"), (0.0, "Failed")])
def test_s3_33_a_refused_film_has_a_report_without_findings(
    tree: Callable[..., Dataset], refused: Prediction, familiarity: float | None, outcome: str
) -> None:
    """Whether it was refused by its header alone or after it was looked at."""
    root = tree(replace(refused, familiarity=familiarity))
    assert codes(root, "Summary of Analyses") == [outcome]
    assert codes(root, "Analysis Performed") == codes(root, "Finding") == []
    assert texts(root, "Refused") == [refused.refused]
    assert texts(root, "Summary") == [wording.summary(refused)]
    assert texts(root, "Looked for")[0].startswith("No answer is given for: ")
    assert set(groups(root)) == (set() if familiarity is None else {"film"})


def test_s3_33_it_says_that_it_assists_and_never_replaces(
    tree: Callable[..., Dataset], answered: Prediction, refused: Prediction
) -> None:
    for prediction in (answered, refused):
        root = tree(prediction)
        assert f"{wording.NOT_A_DEVICE} {wording.ASSISTS}" in texts(root, "Intended use")
        assert texts(root, "Made by software, not reviewed") == [wording.NOT_REVIEWED]


def test_s0_85_what_the_network_was_told_stands_beside_what_the_film_was_taken_for(
    tree: Callable[..., Dataset], answered: Prediction
) -> None:
    told = replace(answered, facts={"age": 60.0, "sex": None})

    assert any("The network was told: age 60, sex not known." in each for each in _all(tree(told)))
    assert not any("was told" in each for each in _all(tree(answered)))


def _all(root: Dataset) -> list[str]:
    return [item.TextValue for item in items(root) if "TextValue" in item]


def test_cautions_limits_and_what_was_measured_are_in_it(
    tree: Callable[..., Dataset], answered: Prediction, evaluation: dict[str, object],
    make_report: MakeReport,
) -> None:  # fmt: skip
    root, header = tree(answered, evaluation=evaluation), make_report(answered).header
    assert texts(root, "Caution") == list(answered.cautions)
    assert texts(root, "Limit") == list(header.limits)
    assert texts(root, "How thresholds were chosen") == [header.threshold_rule]
    assert texts(root, "Population") == [header.population_words]
    said = " ".join(texts(root, "Comment"))
    assert "AUROC measured (95 % interval): 0.975 (0.958 to 0.988), 312 films." in said
    assert wording.measured_on(evaluation) in said


def test_who_answered_and_from_which_image_stands_at_every_number(
    tree: Callable[..., Dataset], answered: Prediction
) -> None:
    root, bundle = tree(answered), answered.bundle
    for group in groups(root).values():
        assert texts(group, "Algorithm Name") == [f"plainfilm {bundle.name}"]
        assert texts(group, "Algorithm Version") == [bundle.version]
        assert bundle.sha256 in texts(group, "Algorithm Parameters")[0]
        (image,) = [item for item in items(group) if item.ValueType == "IMAGE"]
        assert image.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == FILM
    assert texts(root, "SHA-256 of the bundle") == [bundle.sha256]
    assert codes(root, "Modality") == ["Digital Radiography"]


@pytest.mark.parametrize(("part", "site"), [("chest", ["Chest"]), ("skull", []), (None, [])])
def test_the_body_part_is_coded_where_there_is_a_code(
    tree: Callable[..., Dataset], answered: Prediction, part: str | None, site: list[str]
) -> None:
    group = groups(tree(replace(answered, body_part=part)))["pneumonia"]
    assert codes(group, "Finding Site") == site


def test_a_finding_is_tracked_through_reports_of_the_same_film_and_bundle(
    tree: Callable[..., Dataset], answered: Prediction
) -> None:
    def tracked(prediction: Prediction) -> list[str]:
        return [str(item.UID) for item in items(tree(prediction)) if "UID" in item]

    assert tracked(answered) == tracked(replace(answered, calibrated=False))
    other = replace(answered, bundle=replace(answered.bundle, sha256="0" * 64))
    assert not set(tracked(answered)) & set(tracked(other))
