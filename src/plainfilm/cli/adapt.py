"""The verb `plainfilm adapt`, as the others."""

import functools
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plainfilm.cli.bundle_options import out_bundle_option
from plainfilm.cli.options import (
    PATH,
    SPLITS,
    VIEWS,
    Verb,
    force_option,
    json_option,
    lookalikes_option,
)
from plainfilm.cli.terminal import note, show_progress

if TYPE_CHECKING:
    from plainfilm.adapting import AdaptOptions, Learn

_ENDINGS = (".md", ".json")


def _ages(
    _: click.Context, __: click.Parameter, text: str | None
) -> tuple[float, float] | str | None:
    if text is None or text == "any":
        return text
    low, _sign, high = text.partition("-")
    try:
        return float(low), float(high)
    except ValueError as error:
        raise click.BadParameter(f"{text!r}; expected as in 18-95, or any.") from error


def _names(_: click.Context, __: click.Parameter, text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _learn(*, head: bool, whole: bool) -> "Learn":
    if head and whole:
        raise click.UsageError("--head and --whole: take one of the two.")
    return "head" if head else "whole" if whole else "nothing"


def _options(verb: Verb) -> Verb:
    """Give the verb what is said of the films and of the fit, as its argument `how`."""

    @click.option("--population-words", "words", required=True,
                  help="Whose films they are, in one sentence.")  # fmt: skip
    @click.option("--ages", callback=_ages, metavar="18-95",
                  help="In completed years, or: any. Default: as the films say.")  # fmt: skip
    @click.option("--views", callback=_names, default="", metavar="PA,AP",
                  help=f"Of {', '.join(VIEWS)}. Default: as the films say.")  # fmt: skip
    @click.option("--body-part", callback=_names, default="", metavar="NAME",
                  help="As in chest, knee. Default: as the films say.")  # fmt: skip
    @click.option("--split", type=click.Choice([*SPLITS, "all"]), default="train",
                  show_default=True, help="Which films; the others stay for evaluate.")  # fmt: skip
    @click.option("--version", default="", help="Of the new bundle; default: the old +adapted.")
    @click.option("--rule", default="youden-plateau", show_default=True,
                  help="Of thresholds; or half, sensitivity-0.95, specificity-0.95.")  # fmt: skip
    @click.option("--head", is_flag=True,
                  help="Learn the last layer too, on features that stay.")  # fmt: skip
    @click.option("--whole", is_flag=True,
                  help="Train the whole network on, from the bundle's weights.")  # fmt: skip
    @lookalikes_option
    @force_option
    @functools.wraps(verb)
    def with_how(
        words: str,
        ages: tuple[float, float] | str | None,
        views: tuple[str, ...],
        body_part: tuple[str, ...],
        force: bool,
        **others: object,
    ) -> None:
        """The verb, told by `AdaptOptions` how to adapt."""
        from plainfilm.adapting import AdaptOptions, PopulationWords

        split, version, rule = (str(others.pop(key)) for key in ("split", "version", "rule"))
        learn = _learn(head=bool(others.pop("head")), whole=bool(others.pop("whole")))
        said = PopulationWords(words, ages, tuple(v.upper() for v in views), body_part)
        allow = bool(others.pop("allow_lookalikes"))
        how = AdaptOptions(said, split, version, rule, learn, overwrite=force)
        verb(how=replace(how, allow_lookalikes=allow), **others)

    return with_how


@click.command()
@click.argument("bundle")
@click.argument("data", type=PATH)
@out_bundle_option(required=True)
@click.option("--report", type=PATH, help="Before and after: a name in .md or .json. "
                   "Default: OUT's name in .md, unless --json.")  # fmt: skip
@json_option
@_options
def adapt(
    bundle: str, data: Path, out: Path, how: "AdaptOptions", report: Path | None, as_json: bool
) -> None:
    """Make a bundle fit your own prepared films, and say what that changed.

    Probabilities, thresholds and population become those of the films. The network stays, unless
    its last layer (--head) or all of it (--whole) shall learn from them.
    """
    from plainfilm.adapting import adapt as adapt_bundle
    from plainfilm.reports import check_path
    from plainfilm.whole_files import write_whole

    report = _beside(out) if report is None and not as_json else report
    if report is not None:
        check_path(report, overwrite=how.overwrite, endings=_ENDINGS)
    made = adapt_bundle(bundle, data, out, how, progress=show_progress)
    note(f"Wrote {out.name}")
    numbers = json.dumps(made.numbers, indent=2, allow_nan=False)
    if report is not None:
        write_whole(report, (numbers if report.suffix == ".json" else made.text).encode())
        note(f"Wrote {report.name}")
    click.echo(numbers if as_json else made.summary, nl=as_json)


def _beside(out: Path) -> Path:
    """Where the report goes that nobody gave a place: beside the bundle, by its name."""
    from plainfilm.reading.container import ZIP_ENDINGS

    name = out.stem if out.suffix in ZIP_ENDINGS else out.name
    return out.with_name(f"{name}.adapted.md")
