"""The options that verbs share, and those that a verb takes gathered as one argument, `how`.

As in cli.py, the rooms are imported inside, so that --help is fast and a bare install works.
"""

import functools
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from plainfilm.datasets import Selection

DEFAULT_BUNDLE = "pneumonia-paediatric"
VIEWS = ("PA", "AP", "LATERAL", "OBLIQUE")
SEXES = ("F", "M")
SPLITS = ("train", "val", "test")
POLICIES = ("squash", "pad", "crop")


class _Path(click.Path):
    """A path, which an empty word is not: the current folder would be taken for an unset name."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Path:
        """The path; usage that is wrong where the word is empty."""
        if not os.fspath(value):
            self.fail("an empty name; expected a path", param, ctx)
        return Path(os.fsdecode(super().convert(value, param, ctx)))


PATH = _Path(path_type=Path)

Verb = Callable[..., None]
OptionCheck = Callable[[click.Context, click.Parameter, str | None], float | None]


def between(low: int, high: int, words: str, *, whole: bool = False) -> OptionCheck:
    """A check that an option is a number within bounds; else it is told in the user's words."""

    def check(_: click.Context, __: click.Parameter, text: str | None) -> float | None:
        """The number, or None where the option was left out."""
        try:
            number = None if text is None else int(text) if whole else float(text)
        except ValueError:
            number = math.nan
        if number is not None and not low <= number <= high:  # written so that NaN fails
            raise click.BadParameter(f"{text!r}; expected {words}, {low} to {high}.")
        return number

    return check


out_option = functools.partial(click.option, "--out", type=PATH)
data_option = functools.partial(click.option, "--data", type=PATH, required=True)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
force_option = click.option("--force", is_flag=True, help="Replace what is there.")
lookalikes_option = click.option(
    "--allow-lookalikes", is_flag=True, help="Take films that look like some it learned from."
)
settings_option = click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="As in optim.lr=0.01."
)
backend_option = click.option(
    "--backend", type=click.Choice(["auto", "gloo", "nccl"]), default="auto", show_default=True,
    help="Under torchrun: over the network, or between GPUs.",
)  # fmt: skip
bundle_option = click.option(
    "--bundle", default=DEFAULT_BUNDLE, show_default=True, help="Name or path."
)


def films_argument(verb: Verb) -> Verb:
    """Give a verb the argument FILES and what belongs to it, as its argument `asked`."""

    @click.argument("files", nargs=-1, required=True, type=PATH)
    @click.option("--recursive", is_flag=True, help="Read the folders in a folder too.")
    @functools.wraps(verb)
    def with_asked(files: tuple[Path, ...], recursive: bool, **others: object) -> None:
        """The verb, told by `Asked` which films are meant."""
        from plainfilm.film_files import Asked

        verb(asked=Asked(files, recursive), **others)

    return with_asked


def _shares(
    _: click.Context, __: click.Parameter, texts: tuple[str, ...]
) -> tuple[tuple[str, float], ...]:
    shares = []
    for text in texts:
        finding, _equals, share = text.partition("=")
        try:
            shares.append((finding, float(share)))
        except ValueError as error:
            words = f"{text!r}; expected a finding and its share, as in pneumonia=0.05."
            raise click.BadParameter(words) from error
    return tuple(shares)


size_option = click.option(
    "--size", type=str, metavar="PIXELS", default="256", show_default=True,
    help="Side of the cached films, 8 to 4096.",
    callback=between(8, 4096, "the films' side in pixels", whole=True),
)  # fmt: skip


def read_options(verb: Verb) -> Verb:
    """Give a verb the options that say what the films are, as its argument `how`."""

    @click.option("--age", metavar="YEARS", help="Of the patient, 0 to 130.",
                  callback=between(0, 130, "an age in years"))  # fmt: skip
    @click.option("--view", type=click.Choice(VIEWS, case_sensitive=False), help="Of the beam.")
    @click.option("--body-part", metavar="NAME", help="As in chest, knee.")
    @click.option("--sex", type=click.Choice(SEXES, case_sensitive=False), help="Of the patient.")
    @click.option("--outside-population", is_flag=True, help="Read films the bundle is not for.")
    @click.option("--prevalence", "prevalences", multiple=True, metavar="FINDING=SHARE",
                  callback=_shares, help="How common a finding is where you are, as in "
                                         "pneumonia=0.05; repeatable.")  # fmt: skip
    @functools.wraps(verb)
    def with_how(
        age: float | None,
        view: str | None,
        body_part: str | None,
        sex: str | None,
        outside_population: bool,
        prevalences: tuple[tuple[str, float], ...],
        **others: object,
    ) -> None:
        """The verb, told by `ReadOptions` what the films are."""
        from plainfilm.film_files import ReadOptions
        from plainfilm.radiograph import Sex, View

        beam, of = None if view is None else View(view), None if sex is None else Sex(sex)
        verb(how=ReadOptions(age, beam, body_part, outside_population, prevalences, of), **others)

    return with_how


def prepare_options(verb: Verb) -> Verb:
    """Give a verb the options of a preparation beside the pixels', as its argument `how`."""

    @_selection_options
    @click.option("--seed", default=0, show_default=True, help="Of splits that are drawn.")
    @click.option("--allow-missing", is_flag=True, help="Leave out films that are not there.")
    @click.option("--threads", type=click.IntRange(1), metavar="N",
                  help="Films decoded at once; default: one per processor, at most 8.")  # fmt: skip
    @click.option("--class-folders", type=PATH, metavar="FOLDER",
                  help="Link the films there, in two folders by class; with --only.")  # fmt: skip
    @force_option
    @functools.wraps(verb)
    def with_how(
        selection: "Selection",
        seed: int,
        allow_missing: bool,
        threads: int | None,
        class_folders: Path | None,
        force: bool,
        **others: object,
    ) -> None:
        """The verb, told by `PrepareOptions` how to prepare."""
        from plainfilm.datasets import PrepareOptions

        how = PrepareOptions(seed, allow_missing, force, threads, selection, class_folders)
        verb(how=how, **others)

    return with_how


def draws_options(verb: Verb) -> Verb:
    """Give a verb the options of a bootstrap, as its arguments `draws` and `seed`."""
    draws = click.option("--draws", type=click.IntRange(1), default=2000, show_default=True,
                         help="Of the bootstrap over patients.")  # fmt: skip
    seed = click.option("--seed", default=0, show_default=True,
                        help="Of the draws and of refitting.")  # fmt: skip
    return draws(seed(verb))


def evaluate_options(verb: Verb) -> Verb:
    """Give a verb the options of a measurement, as its argument `how`."""

    @click.option("--compare", type=PATH, help="A published network's probabilities, as a "
                       "table; or another bundle's predictions.parquet.")  # fmt: skip
    @click.option(
        "--boxes", type=PATH, help="Readers' boxes, by which maps are scored, as a table."
    )
    @click.option("--split", type=click.Choice(SPLITS), default="test", show_default=True,
                  help="Which films; not those the bundle learned from.")  # fmt: skip
    @lookalikes_option
    @draws_options
    @force_option
    @functools.wraps(verb)
    def with_how(
        compare: Path | None,
        boxes: Path | None,
        split: str,
        draws: int,
        seed: int,
        force: bool,
        **others: object,
    ) -> None:
        """The verb, told by `EvaluateOptions` how to measure."""
        from plainfilm.evaluation import EvaluateOptions

        allow = bool(others.pop("allow_lookalikes"))
        how = EvaluateOptions(split, draws, seed, compare, force, boxes, allow)
        verb(how=how, **others)

    return with_how


def recipe_argument(verb: Verb) -> Verb:
    """Give a verb a recipe with settings, as its argument `recipe`."""

    @click.argument("recipe", type=PATH)
    @settings_option
    @functools.wraps(verb)
    def with_recipe(recipe: Path, settings: tuple[str, ...], **others: object) -> None:
        """The verb, told by `Recipe` what to try."""
        from plainfilm.training.recipe import Recipe

        verb(recipe=Recipe.load(recipe, settings=settings), **others)

    return with_recipe


def recipe_options(verb: Verb) -> Verb:
    """Give a verb a recipe with settings, once for each weight decay, as its argument `recipes`."""

    @click.argument("recipe", type=PATH)
    @settings_option
    @click.option(
        "--decay", "decays", multiple=True, type=float, help="A weight decay; repeatable."
    )
    @functools.wraps(verb)
    def with_recipes(
        recipe: Path, settings: tuple[str, ...], decays: tuple[float, ...], **others: object
    ) -> None:
        """The verb, told by `Recipe` what to try."""
        from plainfilm.training.recipe import Recipe

        each = [(*settings, f"optim.weight_decay={decay}") for decay in decays] or [settings]
        verb(recipes=[Recipe.load(recipe, settings=own) for own in each], **others)

    return with_recipes


def _selection_options(verb: Verb) -> Verb:
    """Give a verb the options that choose films, findings and splits, as its `selection`."""

    @click.option("--only", metavar="FINDING", help="One finding against all others.")
    @click.option("--with-normal", is_flag=True, help="Add a class: no finding at all.")
    @click.option("--body-part", metavar="NAME", help="Only films of this body part.")
    @click.option("--shares", metavar="70/10/20", callback=_percents,
                  help="Draw train, val and test anew, in percent of the patients; two numbers "
                       "leave test as it is.")  # fmt: skip
    @click.option("--fold", metavar="2/5", callback=_fold,
                  help="Cross-validation: which fold, of how many, is val.")  # fmt: skip
    @functools.wraps(verb)
    def with_selection(
        only: str | None,
        with_normal: bool,
        body_part: str | None,
        shares: tuple[float, ...] | None,
        fold: tuple[int, int] | None,
        **others: object,
    ) -> None:
        """The verb, told by `Selection` what to keep."""
        from plainfilm.datasets import Selection

        verb(selection=Selection(only, body_part, shares, fold, with_normal), **others)

    return with_selection


def _percents(_: click.Context, __: click.Parameter, text: str | None) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split("/"))
    except ValueError as error:
        raise click.BadParameter(f"{text!r}; expected percents, as in 70/10/20.") from error


def _fold(_: click.Context, __: click.Parameter, text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    number, _slash, k = text.partition("/")
    if not (number.isdecimal() and k.isdecimal()):
        raise click.BadParameter(f"{text!r}; expected NUMBER/FOLDS, as in 2/5.")
    return int(number), int(k)
