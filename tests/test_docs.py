"""The pages tell the truth: their commands and programs run, their links lead somewhere."""

import json
import re
import runpy
import shlex
import shutil
import subprocess
from contextlib import chdir
from dataclasses import fields, replace
from itertools import groupby, pairwise
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image

from dicoms import dicom_file
from drawn_sets import (
    draw_knees,
    draw_label_list,
    draw_mura,
    draw_nih,
    draw_sorted,
    draw_table,
    write_published,
)
from drawn_story import run, shrink_recipes, smaller
from pages import (
    README,
    REPOSITORY,
    Block,
    all_pages,
    blocks,
    commands,
    name_of,
    our_commands,
    text_of,
    without_blocks,
)
from phantoms import phantom
from plainfilm.cli import main, plainfilm
from plainfilm.cli.options import DEFAULT_BUNDLE
from plainfilm.radiograph import View
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.gate import Circumstances, Told, check_population
from plainfilm.reading.shelf import bundled, find_bundle
from plainfilm.serve.site import PAGE
from served import server

DOCS = REPOSITORY / "docs"
LANGUAGES = {"sh", "python", "json", "yaml", "text", "toml"}
TUTORIAL = DOCS / "tutorials" / "first-reading.md"
SLOW = [  # those that learn or prepare
    DOCS / "how-to" / "prepare-a-data-set.md",
    DOCS / "how-to" / "check-a-recipe.md",
    DOCS / "how-to" / "train.md",
    DOCS / "how-to" / "choose-settings.md",
    DOCS / "how-to" / "measure-a-baseline.md",
    DOCS / "how-to" / "rebuild-the-bundles.md",
    DOCS / "tutorials" / "your-own-films.md",
    DOCS / "how-to" / "join-bundles.md",
]
SITE = DOCS / "how-to" / "put-the-page-on-the-web.md"
SERVING = DOCS / "how-to" / "serve.md"
QUICK = [
    README,
    REPOSITORY / "CONTRIBUTING.md",
    DOCS / "reference" / "bundle.md",
    DOCS / "reference" / "python.md",
    DOCS / "how-to" / "score-an-archive.md",
    DOCS / "how-to" / "exchange-bundles.md",
    DOCS / "how-to" / "secure-a-server.md",
    DOCS / "concepts" / "what-the-papers-got-wrong.md",
    DOCS / "how-to" / "deidentify.md",
    DOCS / "how-to" / "report-in-dicom.md",
]
PREPARED = (("kermany", "chest_xray", "kermany"), ("chestxray14", "nih", "chest14"))
LEARNING = {"prepare", "train", "export", "evaluate", "baseline", "tune"}
ENDLESS = {"serve"}  # its options are looked at; tests/cli/test_serve.py starts it
each_page = pytest.mark.parametrize("page", all_pages(), ids=name_of)


def verb_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The verb that a command line calls, and what is left for it."""
    command: click.Command = plainfilm
    while isinstance(command, click.Group):
        assert words, f"{command.name}: no verb"
        assert words[0] in command.commands, f"no verb {words[0]!r}"
        command, words = command.commands[words[0]], words[1:]
    return command, words


def options_of(command: click.Command) -> set[str]:
    inner = command.commands.values() if isinstance(command, click.Group) else ()
    own = {name for parameter in command.params for name in parameter.opts}
    return {"--help", "--version"}.union(own, *(options_of(each) for each in inner))


# --- what the pages say


@each_page
def test_each_block_says_what_it_is(page: Path) -> None:
    assert text_of(page).count("\n```") == 2 * len(blocks(page))
    assert {block.language for block in blocks(page)} <= LANGUAGES


@each_page
def test_each_command_is_one_that_there_is(page: Path) -> None:
    for block in blocks(page):
        for words in our_commands(block):
            command, arguments = verb_of(words)
            above = click.Context(plainfilm, **plainfilm.context_settings)
            command.make_context(command.name, arguments, parent=above)


@each_page
def test_each_script_is_one_that_there_is(page: Path) -> None:
    for name in re.findall(r"\b(?:web/)?(?:scripts|benchmarks|tests)/[\w./*-]*\w", text_of(page)):
        assert "NAME" in name or list(REPOSITORY.glob(name)), name


@each_page
def test_an_option_in_a_sentence_is_one_that_there_is(page: Path) -> None:
    known = options_of(plainfilm)
    for code in re.findall(r"`([^`\n]+)`", without_blocks(page)):
        first, *rest = code.removeprefix("plainfilm ").split()
        options = {word.partition("=")[0] for word in [first, *rest] if word.startswith("--")}
        if first in plainfilm.commands:
            assert options <= options_of(plainfilm.commands[first]), code
        elif first.startswith("--"):
            assert options <= known, code


@each_page
def test_each_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", without_blocks(page)):
        place, _, anchor = target.partition("#")
        if ":" in place:
            continue
        there = (page.parent / place).resolve() if place else page
        assert there.exists(), f"{target}: no such file"
        assert not anchor or anchor in anchors(there), f"{target}: no such heading"


def anchors(page: Path) -> set[str]:
    """The headings of a page as the ends of links."""
    titles = re.findall(r"^#+ (.+)$", without_blocks(page), re.M)
    plain = (re.sub(r"[^\w\- ]", "", title.lower()) for title in titles)
    return {words.strip().replace(" ", "-") for words in plain}


def test_every_page_is_reached_from_the_readme() -> None:
    reached, new = set[Path](), {README}
    while new:
        reached |= new
        links = {
            (page.parent / target.partition("#")[0]).resolve()
            for page in new
            if page.suffix == ".md"
            for target in re.findall(r"\]\(([^):\s]+)\)", without_blocks(page))
        }
        new = {link for link in links if link.is_file()} - reached
    assert {name_of(page) for page in DOCS.rglob("*.md")} <= {name_of(page) for page in reached}


def test_the_site_s_menu_lists_each_page_once_by_kind() -> None:
    menu = (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    listed = re.findall(r"^ +- (\S+\.md)$", menu, re.M)
    assert sorted(listed) == sorted(
        path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")
    )
    kinds = [kind for kind, _ in groupby(listed, lambda path: path.rpartition("/")[0])]
    assert kinds == ["", "tutorials", "how-to", "concepts", "reference", ""]


def test_the_tree_for_contributors_is_the_one_on_disk() -> None:
    (tree,) = [block for block in blocks(REPOSITORY / "CONTRIBUTING.md") if "├──" in block.text]
    top, *lines = tree.text.splitlines()
    shown = {line.split()[1].rstrip("/") for line in lines}
    there = {path.name for path in (REPOSITORY / top).iterdir() if path.name[0] not in "_."}
    assert shown == there - {"py.typed"}


def test_the_defaults_in_the_recipe_page_are_the_recipe_s() -> None:
    recipe_class = pytest.importorskip("plainfilm.training.recipe").Recipe
    sections = re.split(r"^## \[(\w+)\]$", text_of(DOCS / "reference" / "recipe.md"), flags=re.M)
    shown = dict(zip(sections[1::2], sections[2::2], strict=True))
    assert list(shown) == [group.name for group in fields(recipe_class)]
    for group, text in shown.items():
        settings = vars(getattr(recipe_class(), group))
        for names, defaults in re.findall(r"^\| (`[^|]+) \| (`[^|]+) \|", text, re.M):
            keys, values = (re.findall(r"`([^`]+)`", cell) for cell in (names, defaults))
            for key, value in zip(keys, values, strict=True):
                assert settings[key] == as_setting(value), f"{group}.{key}"


def as_setting(text: str) -> object:
    value = json.loads(text)
    return tuple(value) if isinstance(value, list) else value


def test_the_example_of_a_prediction_has_the_default_bundle_s_words() -> None:
    (block, *_) = [b for b in blocks(DOCS / "reference" / "prediction.md") if b.language == "json"]
    example, bundle = json.loads(block.text), Bundle.load(find_bundle(DEFAULT_BUNDLE))
    known = Circumstances(None, View.PA, "chest")
    assert (
        tuple(example["cautions"])
        == check_population(bundle.header.population, Told(known)).cautions
    )
    assert example["bundle"]["version"] == bundle.header.version
    (finding,) = example["findings"]
    assert finding["threshold"] == round(bundle.header.thresholds[finding["finding"]], 3)


def test_the_figures_on_familiarity_are_those_in_the_shipped_cards() -> None:
    cards = {path.stem: Bundle.load(path).card for path in bundled()}
    page = text_of(DOCS / "concepts" / "familiarity.md")
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.+?) \| (.+) \|$", page, re.MULTILINE)
    assert {name for name, _, _ in rows} == set(cards)
    for name, films, figures in rows:
        in_card = rf"^\| {re.escape(films)} \| \d+ \| {re.escape(figures)} \|$"
        assert re.search(in_card, cards[name], re.MULTILINE), (name, films)


@pytest.mark.parametrize("name", ["python", "requirements"])
def test_a_written_page_is_what_its_script_writes(name: str) -> None:
    script = runpy.run_path(str(REPOSITORY / "scripts" / f"write_{name}_reference.py"))
    again = f"run python scripts/write_{name}_reference.py"
    assert text_of(DOCS / "reference" / f"{name}.md") == script["reference"](), again


def test_s2_01_each_objective_has_its_commands() -> None:
    script = runpy.run_path(str(REPOSITORY / "scripts" / "write_requirements_reference.py"))
    for objective, found in script["OBJECTIVES"].items():
        assert found, objective
        for _, verb, *options in map(str.split, found):
            assert set(options) <= options_of(plainfilm.commands[verb]), verb


# --- what the pages do


def test_no_page_with_something_to_run_is_forgotten() -> None:
    with_something = {
        page
        for page in all_pages()
        if any(block.language == "python" or our_commands(block) for block in blocks(page))
    }
    assert with_something == {TUTORIAL, SITE, SERVING, *QUICK, *SLOW}


@pytest.mark.parametrize("page", QUICK, ids=name_of)
def test_a_page_about_reading_runs(page: Path, desk: Path) -> None:
    shutil.copy(find_bundle(DEFAULT_BUNDLE), desk)
    follow(page, desk, learning=False)


@pytest.mark.skipif(not (PAGE / "index.html").is_file(), reason="the page is not built here")
def test_the_page_about_the_site_runs(desk: Path) -> None:
    follow(SITE, desk, learning=False)
    assert (desk / "www" / "index.html").is_file()


def test_the_tutorial_prints_what_it_shows(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(README, desk)
    n_shown = 0
    with chdir(desk):
        for block, after in pairwise(blocks(TUTORIAL)):
            if block.language == "python":
                exec(block.text, {"__name__": "tutorial"})
            for words in our_commands(block):
                main(words)
                printed = capsys.readouterr()
                assert printed.out + printed.err == after.text, words
                n_shown += 1
    assert n_shown > 5


@pytest.mark.slow
@pytest.mark.parametrize("page", SLOW, ids=name_of)
def test_a_page_about_learning_runs(page: Path, desk: Path, story: Path) -> None:
    shutil.copytree(story / "films", desk / "films")
    films = desk / "films"
    draw_nih(films / "nih", size=(80, 90))
    draw_knees(films / "ClsKLData" / "kneeKL224")
    draw_mura(films / "MURA-v1.1")
    draw_sorted(films / "sorted")
    (draw_label_list(films / "listed") / "label list.csv").rename(films / "listed" / "labels.csv")
    (draw_table(films / "ward") / "films.csv").rename(films / "ward" / "ward-7.csv")
    for number, path in enumerate(sorted((films / "ward" / "films").iterdir())):
        Image.fromarray((phantom(size=(96, 80), seed=number) * 255).astype(np.uint8)).save(path)
    write_published(desk / "preds.csv.gz")
    box = "Image Index,Finding Label,Bbox [x,y,w,h],,,\n00000007_001.png,Mass,512,256,128,64,,,\n"
    (desk / "BBox_List_2017.csv").write_text(box)
    shrink_recipes(desk / "recipes")
    if "plainfilm prepare" not in text_of(page):
        for name, films, out in PREPARED:
            places = (desk / "films" / films, "--out", desk / "prepared" / out)
            run(["prepare", name, *places, "--size", "32"])
    # What the story made already is not made again: a finished run is taken as it is.
    shutil.copytree(story / "run", desk / "runs" / "pneumonia")
    bundle = replace(Bundle.load(story / "mine.bundle"), evaluation=None)
    bundle.save(desk / "pneumonia-paediatric.bundle")
    follow(page, desk, learning=True)


@pytest.mark.slow
def test_the_page_about_serving_runs(desk: Path) -> None:
    shell = [block.text for block in blocks(SERVING) if block.language == "sh"]
    before, (serve,), after = (
        [each for each in shell if "plainfilm bundles" in each][:1],
        [each for each in shell if each.startswith("plainfilm serve")],
        [each for each in shell if "curl" in each or "--to shadow" in each],
    )
    with chdir(desk):
        for words in our_commands(Block("sh", before[0])):
            run(words)
        with server(*shlex.split(serve)[2:]) as (_, told, _):
            ports = {"127.0.0.1:8000": told["url"], "127.0.0.1:8001": told["admin_url"]}
            for words in [words for text in after for words in commands(Block("sh", text))]:
                if words[0] == "plainfilm":
                    run(words[1:])
                    continue
                there = [_at(word, ports) for word in words[1:]]
                subprocess.run(["curl", "-sS", "--fail", *there], check=True, capture_output=True)
        assert (desk / "seen.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def _at(word: str, ports: dict[str, str]) -> str:
    for shown, real in ports.items():
        word = word.replace(f"http://{shown}", real)
    return word


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder as the pages take it to be: the clone's examples, and a film of one's own."""
    shutil.copytree(DOCS / "examples", tmp_path / "docs" / "examples")
    words = (phantom(size=(300, 280)) * 4095).astype(np.uint16)
    ids = {"StudyInstanceUID": "1.2.3.1", "SeriesInstanceUID": "1.2.3.2"}
    (tmp_path / "chest.dcm").write_bytes(dicom_file(words, BitsStored=12, **ids))
    (tmp_path / "archive").mkdir()
    shutil.copy(tmp_path / "chest.dcm", tmp_path / "archive")
    return tmp_path


def follow(page: Path, folder: Path, *, learning: bool) -> None:
    """Run the page's commands and programs, one after the other, in the folder."""
    names: dict[str, object] = {"__name__": name_of(page)}  # as one who follows the page has them
    with chdir(folder):
        for block in blocks(page):
            if block.language == "python":
                exec(block.text, names)
            for words in map(smaller, our_commands(block)):
                if words[0] in ENDLESS:
                    continue
                made = words[0] == "export" and Path(words[-1]).exists()
                if not made and (learning or words[0] not in LEARNING):
                    run(words)
