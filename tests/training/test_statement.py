import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from plainfilm.errors import RecipeError
from plainfilm.training.calibrate import IDENTITY, Thresholds
from plainfilm.training.card import card
from plainfilm.training.familiarity import Percentile, Spread
from plainfilm.training.recipe import Recipe
from plainfilm.training.record import read_log
from plainfilm.training.sources import Sources
from plainfilm.training.statement import Parts, check_release, state
from tiny_release import releasable

NOON = datetime(2025, 1, 31, 12, tzinfo=UTC)
PARTS = Parts(
    spread=Spread(*[()] * 4, 1.0),  # type: ignore[arg-type]
    percentile=Percentile((0.0, 1.0), (1.0, 0.002), 1.0),
    platts=(IDENTITY, IDENTITY),
    method="Platt scaling per finding",
    prevalence={"square": 0.25, "stripe": 0.5},
    thresholds=Thresholds({"square": 0.4, "stripe": 0.6}, "by a rule"),
    n_calibration=16,
    n_val=500,
    map_peak=0.0,
)


@pytest.fixture
def sources(finished: Path, prepared: Path, tmp_path: Path) -> Sources:
    return Sources.open([releasable(finished, tmp_path / "run")], prepared)


def with_release(sources: Sources, **changes: object) -> Sources:
    release = replace(sources.recipe.release, **changes)  # type: ignore[arg-type]
    return replace(sources, recipe=replace(sources.recipe, release=release))


def test_the_header_repeats_what_the_run_recorded(sources: Sources) -> None:
    header = state(sources, PARTS, 1e-7, NOON)
    record = sources.record
    assert header.provenance.split_sha256 == record.films.split_sha256
    assert header.provenance.n_patients == record.films.n_patients == 20
    assert header.provenance.recipe_toml == sources.recipe.to_toml()
    assert header.thresholds == {"square": 0.4, "stripe": 0.6}


def test_s0_26_header_and_card_say_how_tones_are_normalised(sources: Sources) -> None:
    """S0-26: one way; it is part of the graph, so that nobody else can take another."""
    network = replace(sources.recipe.network, normalise="imagenet")
    sources = replace(sources, recipe=replace(sources.recipe, network=network))

    header = state(sources, PARTS, 1e-7, NOON)

    told = Recipe.from_toml(header.provenance.recipe_toml)
    assert told.network.normalise == "imagenet"
    assert "- films normalised, in the graph: imagenet\n" in card(header, None)


def test_no_path_stands_in_the_header(sources: Sources) -> None:
    header = state(sources, PARTS, 1e-7, NOON)
    assert str(sources.runs[0].parent) not in str(header)


def test_the_date_is_written_in_utc(sources: Sources) -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=9)))
    assert state(sources, PARTS, 0.0, elsewhere).created == "2025-01-31T12:00:00Z"


def test_calibration_on_test_films_is_said(sources: Sources) -> None:
    header = state(with_release(sources, calibration="cross-fit-test"), PARTS, 0.0, NOON)
    assert header.calibration.calibrated
    assert "fitted on the 16 test films of drawn" in header.calibration.source
    assert "refitted across patients" in header.calibration.source
    assert header.calibration.prevalence == PARTS.prevalence


def test_an_uncalibrated_release_says_model_scores(sources: Sources) -> None:
    parts = replace(PARTS, method=None, prevalence={})
    header = state(with_release(sources, calibration="none"), parts, 0.0, NOON)
    assert not header.calibration.calibrated
    assert "model scores" in header.calibration.source
    assert header.calibration.prevalence == {}


def test_one_validation_film_in_a_hundred_is_cautioned(sources: Sources) -> None:
    cut = state(sources, PARTS, 0.0, NOON).familiarity
    assert cut is not None
    assert cut.caution_below == 0.01
    assert cut.refuse_below == 0.001


def test_with_few_validation_films_the_cut_lies_at_the_last_of_them(sources: Sources) -> None:
    parts = replace(PARTS, percentile=Percentile((0.0, 1.0), (1.0, 0.05), 1.0))
    cut = state(sources, parts, 0.0, NOON).familiarity
    assert cut is not None
    assert cut.caution_below == 0.05


def test_a_map_that_is_never_positive_still_has_a_scale(sources: Sources) -> None:
    scale = state(sources, PARTS, 0.0, NOON).map
    assert scale is not None
    assert scale.display_max == 1.0


def test_a_release_that_says_too_little_is_refused(sources: Sources) -> None:
    with pytest.raises(RecipeError, match=r"release: intended_use: .* Change recipe\.toml in"):
        state(with_release(sources, intended_use=""), PARTS, 0.0, NOON)


@pytest.mark.parametrize("key", ["views", "words"])
def test_a_population_that_says_too_little_is_refused_with_both_things_to_say(
    sources: Sources, key: str
) -> None:
    """As of every published recipe, which leaves open whom a bundle of it would be for."""
    empty = {"views": (), "words": ""}[key]
    population = replace(sources.recipe.release.population, **{key: empty})  # type: ignore[arg-type]

    with pytest.raises(RecipeError, match=rf"^release\.population\.{key}: found") as told:
        state(with_release(sources, population=population), PARTS, 1e-7, NOON)

    assert re.search(
        r'views = \["PA", "AP"\] and words = "adults.* export again\.$', str(told.value)
    )


def test_a_release_is_checked_before_anything_is_fitted(sources: Sources) -> None:
    check_release(sources)
    with pytest.raises(RecipeError, match="release: intended_use"):
        check_release(with_release(sources, intended_use=""))


def test_a_further_run_is_told_by_what_differs_in_its_recipe(
    finished: Path, prepared: Path, tmp_path: Path
) -> None:
    first = releasable(finished, tmp_path / "run")
    second = releasable(finished, tmp_path / "second")
    recipe = second / "recipe.toml"
    seed = f"seed = {Recipe.load(recipe).optim.seed}"
    recipe.write_text(recipe.read_text().replace(seed, "seed = 77"))

    header = state(Sources.open([first, second], prepared), PARTS, 0.0, NOON)

    assert header.provenance.details["run 2"] == "optim.seed=77"
    alone = state(Sources.open([first], prepared), PARTS, 0.0, NOON).provenance
    assert header.provenance.seconds == 2 * alone.seconds
    assert "run 2" not in alone.details


def test_s2_14_history_and_environment_go_into_the_bundle(sources: Sources) -> None:
    """S2-14: the log's losses, versions and hardware; how it ended where it ended early."""
    history = state(sources, PARTS, 1e-7, NOON).provenance.details["history"]
    first, second = history.partition("; ")[2].split("; ")
    row = read_log(sources.runs[0])[0]
    assert first == f"1: {row.loss:.4g}, {row.val_loss:.4g}, {row.val_auroc:.4g}"
    assert second.startswith("2: ")

    early = replace(sources.record, epochs=1, ended="stopped early: why")
    provenance = state(replace(sources, record=early), PARTS, 1e-7, NOON).provenance
    assert provenance.details["epochs"] == "1, kept 2; stopped early: why"
    assert provenance.details["torch"] == sources.record.torch_version
    assert provenance.hardware == sources.record.hardware


def test_a_finding_that_no_label_taught_is_a_limit_of_the_bundle(sources: Sources) -> None:
    assert not any("taught" in limit for limit in state(sources, PARTS, 1e-7, NOON).limits)
    loss = replace(sources.record.loss, present=(0, 16), absent=(40, 16))
    sources = replace(sources, record=replace(sources.record, loss=loss))

    *_, limit = state(sources, PARTS, 1e-7, NOON).limits

    assert limit == (
        "Square is present on none of the 40 training films it is known of, so no label taught the "
        "network to tell it."
    )
