"""How a bundle is made again: the part of its card that says what is needed and which commands."""

import shlex
from collections.abc import Iterator, Mapping, Sequence

from plainfilm.errors import RecipeError
from plainfilm.reading.bundle import BundleHeader
from plainfilm.training.encoder_settings import NAME as ENCODER
from plainfilm.training.network_settings import SCRATCH
from plainfilm.training.toml import parse


def rebuild_lines(header: BundleHeader) -> Iterator[str]:
    """Lines of Markdown: what has to be there first, then the commands, in their order.

    Only what the header says; its recipe may come from a stranger and need not be one.
    """
    source = header.provenance
    version = source.code_version
    if "adapted from" in source.details:
        yield from _adapting(header)
        return
    imported = source.details.get("imported by")
    if imported and not source.recipe_toml:
        yield from (f"With plainfilm {version}, from the same file of weights:", "")
        yield from ("```", f"{imported} --out {header.name}.bundle", "```")
        return
    members = [words for key, words in source.details.items() if key.startswith("member ")]
    if members:
        yield from _joining(header, members)
        return
    yield f"With plainfilm {version}. BUNDLE is this bundle, FOLDER the films."
    yield ""
    needed = list(_needed(header))
    if needed:
        yield from ("Before the first `train`:", "", *needed, "")
    yield "```"
    yield from _commands(header)
    yield "```"


def _adapting(header: BundleHeader) -> Iterator[str]:
    source = header.provenance
    made = f"With plainfilm {source.code_version}, from the bundle {source.details['adapted from']}"
    words = f"--population-words {shlex.quote(header.population_words)}"
    how = f" {source.details['adapted with']}" if "adapted with" in source.details else ""
    command = f"plainfilm adapt PARENT FILMS{how} --out {header.name}.bundle {words}"
    yield from (f"{made}, and the same films:", "")
    yield from ("```", f"{command} --version {header.version}", "```")


def _joining(header: BundleHeader, members: Sequence[str]) -> Iterator[str]:
    files = [f"{words.split(' ')[0]}-{number}.bundle" for number, words in enumerate(members, 1)]
    yield f'With plainfilm {header.provenance.code_version}, of the bundles under "Where it comes'
    yield 'from", each of which says in its own card how it is made again:'
    yield ""
    yield "```"
    options = f"--out {header.name}.bundle --name {header.name} --as-version {header.version}"
    yield f"plainfilm bundles join {' '.join(files)} {options}"
    yield "```"


def _needed(header: BundleHeader) -> Iterator[str]:
    """What the recipe takes from elsewhere."""
    source = header.provenance
    network = _group(source.recipe_toml, "network")
    start, table = network.get("init"), network.get("distil_table")
    if isinstance(start, str) and start != SCRATCH:
        if ", by recipe " in source.init:
            yield (
                f"- Train the run that this one starts from, into `{start}`: {source.init}. That "
                "recipe lies in plainfilm's `recipes/`, or comes out of its own bundle as this "
                "one does."
            )
        else:
            yield f"- Have the weights that this one starts from at `{start}`: {source.init}."
    if network.get("name") == ENCODER:
        yield f"- Have the encoder at `{_encoder_file(source.recipe_toml)}`: {source.init}."
    teachers = network.get("distil_from")
    for run in teachers if isinstance(teachers, list) else ():
        yield f"- Train the run that this one learns from, into `{run}`."
    if isinstance(table, str) and table:
        yield f"- Put the table that this one learns from at `{table}`."
    if "teachers" in source.details and (teachers or table):
        yield f"- What it learned from was: {source.details['teachers']}."


def _commands(header: BundleHeader) -> Iterator[str]:
    source = header.provenance
    data_set, fit = source.data_set.partition(":")[0], header.input
    yield "plainfilm bundles show BUNDLE --recipe > recipe.toml"
    yield (
        f"plainfilm prepare {data_set} FOLDER --out prepared --size {fit.size} "
        f"--policy {fit.policy}"
    )
    yield "plainfilm train recipe.toml --data prepared --out run"
    runs = "run"
    for key, settings in source.details.items():
        if key.startswith("run "):  # a further training whose answers are averaged with the first's
            folder = key.replace(" ", "-")
            options = "".join(f" --set {shlex.quote(each)}" for each in shlex.split(settings))
            yield f"plainfilm train recipe.toml --data prepared --out {folder}{options}"
            runs += f" {folder}"
    yield f"plainfilm export {runs} --data prepared --out {header.name}.bundle"
    yield f"plainfilm evaluate {header.name}.bundle prepared --out report --attach"


def _encoder_file(recipe_toml: str) -> str:
    return str(_group(recipe_toml, "encoder").get("file", ""))


def _group(recipe_toml: str, name: str) -> Mapping[str, object]:
    try:
        group = parse(recipe_toml, "recipe_toml").get(name)
    except RecipeError:
        return {}
    return group if isinstance(group, Mapping) else {}
