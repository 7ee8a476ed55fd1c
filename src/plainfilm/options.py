"""The options that verbs share, and those that a verb takes gathered as one argument, `how`.

As in cli.py, the rooms are imported inside, so that --help is fast and a bare install works.
"""

import functools
from collections.abc import Callable
from pathlib import Path

import click

DEFAULT_BUNDLE = "pneumonia-paediatric"
VIEWS = ("PA", "AP", "LATERAL", "OBLIQUE")
SPLITS = ("train", "val", "test")
POLICIES = ("squash", "pad", "crop")
PATH = click.Path(path_type=Path)

Verb = Callable[..., None]

out_option = functools.partial(click.option, "--out", type=PATH)
data_option = functools.partial(click.option, "--data", type=PATH, required=True)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
force_option = click.option("--force", is_flag=True, help="Replace what is there.")
bundle_option = click.option(
    "--bundle", default=DEFAULT_BUNDLE, show_default=True, help="Name or path."
)


def read_options(verb: Verb) -> Verb:
    """Give a verb the options that say what the films are, as its argument `how`."""

    @click.option("--age", type=click.FloatRange(0, 130), metavar="YEARS", help="Of the patient.")
    @click.option("--view", type=click.Choice(VIEWS, case_sensitive=False), help="Of the beam.")
    @click.option("--body-part", metavar="NAME", help="As in chest, knee.")
    @click.option("--outside-population", is_flag=True, help="Read films the bundle is not for.")
    @functools.wraps(verb)
    def with_how(
        age: float | None,
        view: str | None,
        body_part: str | None,
        outside_population: bool,
        **others: object,
    ) -> None:
        """The verb, told by `ReadOptions` what the films are."""
        from plainfilm.film_files import ReadOptions
        from plainfilm.radiograph import View

        beam = None if view is None else View(view)
        verb(how=ReadOptions(age, beam, body_part, outside_population), **others)

    return with_how


def prepare_options(verb: Verb) -> Verb:
    """Give a verb the options of a preparation beside the pixels', as its argument `how`."""

    @click.option("--seed", default=0, show_default=True,
                  help="Draws the validation patients, where the set has no split.")  # fmt: skip
    @click.option("--allow-missing", is_flag=True, help="Leave out films that are not there.")
    @click.option("--threads", type=click.IntRange(1), metavar="N",
                  help="Films decoded at once; default: one per processor, at most 8.")  # fmt: skip
    @force_option
    @functools.wraps(verb)
    def with_how(
        seed: int, allow_missing: bool, threads: int | None, force: bool, **others: object
    ) -> None:
        """The verb, told by `PrepareOptions` how to prepare."""
        from plainfilm.datasets import PrepareOptions

        verb(how=PrepareOptions(seed, allow_missing, overwrite=force, threads=threads), **others)

    return with_how


def evaluate_options(verb: Verb) -> Verb:
    """Give a verb the options of a measurement, as its argument `how`."""

    @click.option("--compare", type=PATH, help="A published network's probabilities, as a table.")
    @click.option("--split", type=click.Choice(SPLITS), default="test", show_default=True,
                  help="Which films; not those the bundle learned from.")  # fmt: skip
    @click.option("--draws", type=click.IntRange(1), default=2000, show_default=True,
                  help="Of the bootstrap over patients.")  # fmt: skip
    @click.option("--seed", default=0, show_default=True, help="Of the draws and of refitting.")
    @force_option
    @functools.wraps(verb)
    def with_how(
        compare: Path | None, split: str, draws: int, seed: int, force: bool, **others: object
    ) -> None:
        """The verb, told by `EvaluateOptions` how to measure."""
        from plainfilm.evaluation import EvaluateOptions

        verb(how=EvaluateOptions(split, draws, seed, compare, overwrite=force), **others)

    return with_how
