"""The tests mirror the source, and the tree holds what a newcomer looks for."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SOURCE = REPOSITORY / "src" / "plainfilm"


def source_files() -> list[Path]:
    return [
        path.relative_to(SOURCE)
        for path in sorted(SOURCE.rglob("*.py"))
        if path.name != "__init__.py" or path.read_text(encoding="utf-8").count("def ")
    ]


def test_file_of(source: Path) -> Path:
    if source.name == "__init__.py":
        room = source.parent.name or "init"
        return REPOSITORY / "tests" / source.parent / f"test_{room}.py"
    return REPOSITORY / "tests" / source.parent / f"test_{source.stem.strip('_')}.py"


test_file_of.__test__ = False  # type: ignore[attr-defined]


@pytest.mark.parametrize("source", source_files(), ids=str)
def test_a_source_file_has_a_test_file(source: Path) -> None:
    assert test_file_of(source).is_file(), f"{source} has no {test_file_of(source)}"


@pytest.mark.parametrize(
    "name",
    ["README.md", "CHANGELOG.md", "LICENSE", "SECURITY.md", "CITATION.cff", "CONTRIBUTING.md",
     "pyproject.toml", "constraints.txt", "justfile", ".ci/run", "recipes", "docs", "benchmarks",
     "src", "tests", "scripts", "mkdocs.yml", ".pre-commit-config.yaml"],
)  # fmt: skip
def test_the_tree_holds_what_a_newcomer_looks_for(name: str) -> None:
    """S2-04."""
    assert (REPOSITORY / name).exists()


def test_what_benchmarks_measured_lies_in_one_folder_and_is_where_it_is_named() -> None:
    folder = REPOSITORY / "benchmarks"
    kept = {path.name for path in (folder / "results").iterdir()}
    beside = {path.suffix for path in folder.iterdir() if path.is_file()}
    texts = [*folder.glob("*.py"), *(REPOSITORY / "docs").rglob("*.md")]
    named = re.findall(
        r"(?<!recipes/)results/([a-z_]+\.(?:txt|json))\b",
        "".join(path.read_text("utf-8") for path in texts),
    )
    assert beside == {".py"}
    assert {"bootstrap.txt", "faults.json", "fuzz.txt", "training.txt"} <= set(named) <= kept


def test_the_hooks_are_the_checks_of_the_test_script_and_fetch_nothing() -> None:
    hooks = (REPOSITORY / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    script = (REPOSITORY / "scripts" / "test").read_text(encoding="utf-8")
    checks = set(re.findall(r"^\.venv/bin/(?!pytest).+$", script, re.M))
    assert set(re.findall(r"^ +entry: (.+)$", hooks, re.M)) == checks
    assert set(re.findall(r"repo: (.+)$", hooks, re.M)) == {"local"}
    assert set(re.findall(r"language: (.+)$", hooks, re.M)) == {"system"}


def test_no_file_holds_the_marks_of_a_merge() -> None:
    marks = re.compile(r"^(<{7}|>{7}) ", re.M)
    texts = [
        path
        for folder in ("docs", "src", "tests", "recipes", "benchmarks", "scripts", "deploy")
        for path in (REPOSITORY / folder).rglob("*")
        if path.suffix in {".md", ".py", ".toml", ".txt", ".yaml", ".json"}
    ]
    texts += list(REPOSITORY.glob("*.md"))
    assert [path.name for path in texts if marks.search(path.read_text(encoding="utf-8"))] == []
