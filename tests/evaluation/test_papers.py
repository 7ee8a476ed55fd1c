import csv
import runpy
from pathlib import Path

import pytest

from pages import REPOSITORY
from plainfilm.datasets.chestxray14_labels import FINDINGS
from plainfilm.datasets.mura import PARTS, PUBLISHED
from plainfilm.errors import EvaluationError
from plainfilm.evaluation.papers import MEASURES, PaperResult, better_in, paper_results, ranked

RESULTS = {result.name: result for result in paper_results()}


def test_each_result_tells_its_films_and_place_and_its_numbers_are_shares() -> None:
    assert len(RESULTS) == len(paper_results())
    names = {finding.name for finding in FINDINGS}
    for result in paper_results():
        assert result.split
        assert result.place
        assert result.measure in MEASURES
        assert set(result.findings) <= (set(PARTS) if result.data_set == "mura" else names)
        assert all(0 < number < 1 for number in result.numbers.values())


def test_s0_59_the_averages_of_figure_9_are_stored_as_reported_and_not_comparable() -> None:
    found = RESULTS["Developing an app, Figures 9 and 10"]
    assert (found.numbers["micro"], found.numbers["macro"]) == (0.82, 0.72)
    assert "not comparable" in found.flag


def test_s0_64_the_areas_of_table_1_have_their_printed_mean() -> None:
    found = RESULTS["Developing an app, Table 1"]
    assert found.mean == 0.7850
    assert found.numbers["cardiomegaly"] == 0.91
    assert found.numbers["pneumothorax"] == 0.83
    figure = RESULTS["Developing an app, Figures 9 and 10"]
    assert better_in(found, figure) == ("cardiomegaly", "mass", "pneumothorax")  # one network


def test_s0_65_the_precisions_of_table_2_are_flagged() -> None:
    found = RESULTS["Developing an app, Table 2"]
    assert found.measure == "average_precision"
    assert found.mean == 0.1550
    assert found.flag.startswith("not valid: computed from probabilities rounded")


def test_s0_68_radiologists_stand_with_chexnet_and_with_nobody_else() -> None:
    network, readers = RESULTS["CheXNet, pneumonia"], RESULTS["Four radiologists, pneumonia, mean"]
    assert network.split == readers.split == "420 films, each labelled by four radiologists"
    assert better_in(network, readers) == ("pneumonia",)
    app = RESULTS["Developing an app, one against all"]
    with pytest.raises(EvaluationError, match="numbers of different films or measures"):
        ranked([network, app])


def test_s4_05_three_networks_of_one_paper_have_their_means_and_order() -> None:
    names = [f"Checxray, DenseNet-{layers}" for layers in (201, 169, 121)]
    assert [RESULTS[name].mean for name in names] == [0.80127, 0.80164, 0.83198]
    assert [result.name for result in ranked([RESULTS[n] for n in names])] == names[::-1]


def test_s4_06_the_means_of_its_comparison_follow_from_the_printed_fourteen() -> None:
    names = ("Wang et al. 2017", "Yao et al. 2017", "CheXNet")
    assert all(RESULTS[name].is_whole for name in names)
    means = [round(RESULTS[name].mean or 0, 5) for name in names]
    assert means == [0.73814, 0.80271, 0.84138]
    ours, chexnet = RESULTS["Checxray, DenseNet-121"], RESULTS["CheXNet"]
    assert (ours.mean or 0) < (chexnet.mean or 0)
    said = ours.flag.partition("(")[2].partition(")")[0].replace("pleural t", "pleural_t")
    assert len(said.split(", ")) == 6
    assert set(better_in(ours, chexnet)) == set(said.split(", ")) & set(ours.findings)


@pytest.mark.parametrize(("unit", "right"), [("film", 1907), ("patient", 606)])
def test_s3_27_a_printed_accuracy_is_a_share_of_its_part(unit: str, right: int) -> None:
    """S3-26, S3-27: one count each gives the printed digits, and all of them the pooled ones."""
    printed = RESULTS[f"Team 6, by {unit}, accuracy"]
    assert printed.findings.keys() == printed.counts.keys()
    called = [
        [k for k in range(n + 1) if round(k / n, 4) == printed.findings[part]]
        for part, n in printed.counts.items()
    ]
    assert all(len(counts) == 1 for counts in called)
    total = sum(k for (k,) in called)
    assert total == right
    assert round(total / sum(printed.counts.values()), 4) == printed.numbers["pooled"]


def test_s3_27_the_studies_of_the_printed_parts_are_more_than_its_patients() -> None:
    """S3-27: that work counts by patient, 830; MURA's unit is the study, 899."""
    printed = RESULTS["Team 6, by patient, accuracy"]
    assert sum(printed.counts.values()) == 830
    assert sum(sum(PUBLISHED[part][2:]) for part in printed.counts) == 899


def test_numbers_of_different_films_have_no_order() -> None:
    with pytest.raises(EvaluationError, match=r"different films .*not stated.*its own draw"):
        ranked([RESULTS["CheXNet"], RESULTS["Checxray, DenseNet-121"]])
    with pytest.raises(EvaluationError, match="nobody: no mean is known"):
        ranked([PaperResult("nobody", "", "auroc", "", {})])


def test_the_published_network_is_its_authors_table(shared_data: Path) -> None:
    path = shared_data / "nih-chestxray14-published-predictions" / "aucs.csv"
    with path.open(encoding="utf-8") as lines:
        printed = {row["label"].lower(): float(row["auc"]) for row in csv.DictReader(lines)}
    stored = RESULTS["reproduce-chexnet"].findings
    assert stored == {finding: round(area, 4) for finding, area in printed.items()}


def test_the_page_is_what_the_script_writes() -> None:
    script = REPOSITORY / "scripts" / "write_published_reference.py"
    written = runpy.run_path(str(script))
    assert written["PAGE"].read_text(encoding="utf-8") == written["reference"]()
