from typing import Any

from plainfilm.evaluation.measure import measure
from plainfilm.evaluation.papers import paper_results
from plainfilm.evaluation.report_papers import paper_cells, papers_part


def test_s0_68_every_printed_number_stands_beside_its_films_and_none_is_ranked(
    make_table: Any,
) -> None:
    numbers: Any = {**measure(make_table(n=60), 5), "data_set": "chestxray14"}
    page = papers_part(numbers)
    assert "Split / test set" in page
    assert "so the lines are not ranked" in page
    assert "60 test films here" in page
    value, low, high = numbers["mean"]["auroc"]
    assert f"mean of 2 {value:.3f} [{low:.3f}, {high:.3f}]" in page
    assert "420 films, each labelled by four radiologists" in page
    chests = [result for result in paper_results() if result.data_set == "chestxray14"]
    places = [page.index(f">{result.name}<") for result in chests]
    assert places == sorted(places)  # as stored, not by their size


def test_s3_27_a_report_on_mura_shows_its_lines_alone(make_table: Any) -> None:
    """S3-26, S3-27: per body part, by film and by patient, with what they leave out."""
    page = papers_part({**measure(make_table(n=60), 5), "data_set": "mura"})
    assert "pooled 0.7301, elbow 0.7697, finger 0.7108" in page
    assert "no hand and no forearm; by patient" in page
    assert "CheXNet" not in page


def test_other_data_sets_have_no_such_table(make_table: Any) -> None:
    assert papers_part(measure(make_table(n=20), 5)) == ""


def test_a_line_tells_averages_and_what_is_known_of_findings() -> None:
    cells = {result.name: paper_cells(result) for result in paper_results()}
    whole, figure = cells["CheXNet"], cells["Developing an app, Figures 9 and 10"]
    assert whole[3] == "mean of 14 0.84138"
    assert figure[3].startswith("macro 0.72, micro 0.82, cardiomegaly 0.85")
    assert cells["Developing an app, Table 1"][3].startswith("mean of 14 0.785, cardio")
