"""What the command line offers is what the rooms understand."""

from inspect import signature
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from plainfilm.cli import options
from plainfilm.datasets import PrepareOptions, Selection
from plainfilm.datasets.fit import POLICIES
from plainfilm.datasets.sample import SPLITS
from plainfilm.evaluation import EvaluateOptions
from plainfilm.film_files import Asked, ReadOptions
from plainfilm.radiograph import View
from plainfilm.reading import shelf

GATHERED = [
    (options.read_options, ReadOptions),
    (options.prepare_options, PrepareOptions),
    (options.evaluate_options, EvaluateOptions),
]


def told(gather: Any, *words: str) -> object:
    """The argument `how` of a verb with these options, after these words."""
    heard = []

    @click.command()
    @click.argument("file", type=click.Path(path_type=Path))
    @gather
    def verb(file: Path, how: object) -> None:
        heard.append((file, how))

    found = CliRunner().invoke(verb, ["film.png", *words], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    ((file, how),) = heard
    assert file == Path("film.png")
    return how


def test_the_offered_words_are_those_of_the_rooms() -> None:
    assert set(options.VIEWS) == set(View)
    assert options.SPLITS == SPLITS
    assert options.POLICIES == POLICIES
    assert options.DEFAULT_BUNDLE in {path.stem for path in shelf.bundled()}


@pytest.mark.parametrize(("gather", "kind"), GATHERED)
def test_without_a_word_the_defaults_are_the_room_s_own(gather: Any, kind: type) -> None:
    assert told(gather) == kind()


def test_what_is_said_of_a_film_arrives() -> None:
    words = ("--age", "3.5", "--view", "pa", "--body-part", "chest", "--outside-population")
    shares = ("--prevalence", "mass=0.05", "--prevalence", "hernia=1e-3")

    assert told(options.read_options, *words, *shares) == ReadOptions(
        3.5, View.PA, "chest", True, (("mass", 0.05), ("hernia", 0.001))
    )


@pytest.mark.parametrize("share", ["mass", "mass=", "mass=rare", "0.05"])
def test_what_is_no_share_of_a_finding_is_wrong_usage(share: str) -> None:
    verb = click.command()(options.read_options(click.echo))

    found = CliRunner().invoke(verb, ["--prevalence", share])

    assert found.exit_code == 2
    assert "expected a finding and its share" in found.output


def test_an_empty_name_is_not_the_current_folder() -> None:
    verb = click.command()(options.films_argument(click.echo))

    found = CliRunner().invoke(verb, [""])

    assert found.exit_code == 2
    assert "an empty name; expected a path" in found.output


def test_the_films_that_are_asked_for_arrive() -> None:
    heard = []
    verb = click.command()(options.films_argument(lambda asked: heard.append(asked)))

    CliRunner().invoke(verb, ["a.png", "b", "--recursive"], catch_exceptions=False)
    CliRunner().invoke(verb, ["a.png"], catch_exceptions=False)

    assert heard == [Asked((Path("a.png"), Path("b")), True), Asked((Path("a.png"),))]


def test_what_is_said_of_a_measurement_arrives() -> None:
    words = ("--split", "val", "--draws", "9", "--seed", "4", "--compare", "a.csv", "--force")

    assert told(options.evaluate_options, *words) == EvaluateOptions(
        "val", 9, 4, Path("a.csv"), True
    )


def test_what_is_said_of_a_preparation_arrives() -> None:
    words = ("--seed", "4", "--allow-missing", "--threads", "3", "--force", "--only", "mass")
    more = ("--body-part", "chest", "--shares", "70/10/20", "--fold", "2/5")

    selection = Selection("mass", "chest", (70.0, 10.0, 20.0), (2, 5))
    said = told(options.prepare_options, *words, *more)
    assert said == PrepareOptions(4, True, True, 3, selection)


@pytest.mark.parametrize(
    "words",
    [("--fold", "2"), ("--fold", "two/five"), ("--fold", "-1/5"), ("--shares", "most/rest"),
     ("--threads", "0")],
)  # fmt: skip
def test_what_is_no_fold_and_no_share_is_wrong_usage(words: tuple[str, ...]) -> None:
    verb = click.command()(options.prepare_options(click.echo))

    found = CliRunner().invoke(verb, words)

    assert found.exit_code == 2
    assert words[0] in found.output


@pytest.mark.parametrize("age", ["abc", "-1", "400", "nan", "inf", ""])
def test_what_is_no_age_is_wrong_usage_told_in_words(age: str) -> None:
    verb = click.command()(options.read_options(click.echo))

    found = CliRunner().invoke(verb, ["--age", age])

    assert found.exit_code == 2
    assert f"'--age': {age!r}; expected an age in years, 0 to 130." in found.output


@pytest.mark.parametrize(("gather", "kind"), GATHERED)
def test_every_field_has_an_option(gather: Any, kind: type) -> None:
    verb = click.command()(gather(click.echo))

    fields = {*signature(kind).parameters}
    if "selection" in fields:
        fields = (fields - {"selection"}) | {*signature(Selection).parameters}
    assert len(verb.params) == len(fields)


def test_a_recipe_is_tried_with_each_weight_decay(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    path = tmp_path / "r.toml"
    path.write_text("[optim]\nweight_decay = 0.5\n")
    heard: list[list[float]] = []

    @click.command()
    @options.recipe_options
    def verb(recipes: Any) -> None:
        heard.append([(each.optim.lr, each.optim.weight_decay) for each in recipes])

    for words in ((), ("--decay", "0", "--decay", "0.1")):
        found = CliRunner().invoke(
            verb, [str(path), "--set", "optim.lr=0.3", *words], catch_exceptions=False
        )
        assert found.exit_code == 0

    assert heard == [[(0.3, 0.5)], [(0.3, 0.0), (0.3, 0.1)]]
