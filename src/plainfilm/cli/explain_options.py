"""What `plainfilm explain` is asked: which finding of which film, and how it is shown."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plainfilm.cli.options import PATH, Verb

if TYPE_CHECKING:
    from plainfilm.explaining import Wanted


def explain_options(verb: Verb) -> Verb:
    """Give a verb the options of an explanation beside the film's, as its argument `drawn`."""

    @_wanted_options
    @click.option("--method", type=click.Choice(["map", "occlusion", "gradcam", "guided"]),
                  default="map", show_default=True,
                  help="map: the bundle's own; occlusion: cover the film place by place; "
                       "gradcam: at any stage of a run's network; "
                       "guided: pixel by pixel, of the bundle or a run.")  # fmt: skip
    @click.option("--run", type=PATH, help="A run's folder, for gradcam or guided.")
    @click.option("--stage", default=-1, show_default=True, help="Of that network; -1: the last.")
    @click.option("--of-decision", is_flag=True,
                  help="Below the threshold, show what speaks against.")  # fmt: skip
    @click.option("--added", is_flag=True, help="Add rainbow colours, as earlier works did.")
    @functools.wraps(verb)
    def with_drawn(
        method: str,
        run: Path | None,
        stage: int,
        of_decision: bool,
        added: bool,
        wanted: "Wanted",
        **others: object,
    ) -> None:
        """The verb, told by `Drawn` what to explain, and how."""
        from plainfilm.explaining import Drawn, How

        verb(drawn=Drawn(wanted, How(method, run, stage, of_decision, added)), **others)

    return with_drawn


def _wanted_options(verb: Verb) -> Verb:
    """Give a verb the options that say which finding is explained, and of which films."""

    @click.option(
        "--finding", required=True, metavar="NAME", help="As in effusion, 'Pleural effusion'."
    )
    @click.option("--data", type=PATH, help="A prepared folder, to tell the film's split.")
    @click.option("--allow-train", is_flag=True, help="Explain a training film all the same.")
    @click.option("--report", type=PATH, help="What evaluate wrote, to show the finding's curve.")
    @functools.wraps(verb)
    def with_wanted(
        finding: str, data: Path | None, allow_train: bool, report: Path | None, **others: object
    ) -> None:
        """The verb, told by `Wanted` what to explain."""
        from plainfilm.explaining import Wanted

        verb(wanted=Wanted(finding, data, allow_train, report), **others)

    return with_wanted
