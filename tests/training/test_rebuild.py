"""The card's last word: what is needed to make the bundle again."""

import re
from dataclasses import replace

import pytest

from plainfilm.cli import plainfilm
from plainfilm.reading.bundle import BundleHeader, FitPolicy, InputFit
from plainfilm.training.rebuild import rebuild_lines
from tiny_bundle import tiny_bundle

HEADER = tiny_bundle().header


def of(recipe: str, details: dict[str, str] | None = None, init: str = "scratch") -> BundleHeader:
    """The tiny header with another recipe."""
    told = replace(HEADER.provenance, recipe_toml=recipe, details=details or {}, init=init)
    return replace(HEADER, provenance=told)


def text(header: BundleHeader) -> str:
    return "\n".join(rebuild_lines(header))


def test_every_command_and_option_is_one_that_there_is() -> None:
    header = of("", {"run 2": "optim.seed=3 'augment.x=\"a b\"'", "device": "cpu"})
    commands = [line.split() for line in text(header).splitlines() if line.startswith("plainfilm")]

    assert [words[1] for words in commands] == [
        "bundles", "prepare", "train", "train", "export", "evaluate",
    ]  # fmt: skip
    for _, verb, *words in commands:
        command = plainfilm.commands[verb]
        if verb == "bundles":
            command = command.commands[words[0]]  # type: ignore[attr-defined]
        known = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known


def test_the_films_are_prepared_as_they_were() -> None:
    header = replace(
        of(""),
        input=InputFit(96, FitPolicy.PAD),
        provenance=replace(HEADER.provenance, data_set="table:ward-7"),
    )

    assert "prepare table FOLDER --out prepared --size 96 --policy pad\n" in text(header)


def test_further_runs_are_trained_with_their_settings_and_exported_together() -> None:
    found = text(of("", {"run 2": "optim.seed=3 'augment.x=\"a b\"'"}))

    assert "--out run-2 --set optim.seed=3 --set 'augment.x=\"a b\"'\n" in found
    assert f"export run run-2 --data prepared --out {HEADER.name}.bundle\n" in found


def test_the_run_it_starts_from_is_to_be_trained_first_and_by_which_recipe() -> None:
    header = of('[network]\ninit = "runs/first"', init="first (00ff), by recipe children")
    found = text(header)

    assert (
        "- Train the run that this one starts from, into `runs/first`: first (00ff), by " in found
    )
    assert "by recipe children" in found
    assert found.index("runs/first") < found.index("plainfilm train")


def test_the_file_of_weights_it_starts_from_is_named() -> None:
    header = of('[network]\ninit = "w.safetensors"', init="w.safetensors (00ff); head drawn anew")

    assert "starts from at `w.safetensors`: w.safetensors (00ff); head drawn anew." in text(header)


def test_what_it_learned_from_is_named() -> None:
    details = {"teachers": "one (00ff); preds.csv.gz (aa), 413 films"}
    found = text(of('[network]\ndistil_from = ["runs/one"]\ndistil_table = "p.csv.gz"', details))

    assert "- Train the run that this one learns from, into `runs/one`." in found
    assert "- Put the table that this one learns from at `p.csv.gz`." in found
    assert "- What it learned from was: one (00ff); preds.csv.gz (aa), 413 films." in found


@pytest.mark.parametrize(
    "recipe",
    ["", "no toml", "network = 1", '[network]\ninit = "scratch"\ndistil_from = []',
     "[network]\ninit = 1\ndistil_table = 2\ndistil_from = 3"],
)  # fmt: skip
def test_a_recipe_that_takes_nothing_from_elsewhere_needs_nothing_first(recipe: str) -> None:
    assert re.search(r"^Before|^- ", text(of(recipe)), re.MULTILINE) is None


def test_an_adapted_bundle_is_made_again_from_its_parent() -> None:
    found = text(
        of('[network]\ninit = "scratch"', {"adapted from": "tiny 1.0.0, bundle.json 00ff"})
    )

    assert "from the bundle tiny 1.0.0, bundle.json 00ff, and the same films" in found
    assert "plainfilm adapt PARENT FILMS --out tiny.bundle --population-words 'frontal" in found
    assert "plainfilm train" not in found
