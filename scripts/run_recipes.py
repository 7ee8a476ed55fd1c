"""Run the recipes of published experiments, shrunk, on parts of their data, and keep the numbers.

    python scripts/run_recipes.py --kermany FOLDER --chestxray14 FOLDER --knee FOLDER --out WORK

Writes recipes/results/NAME.json, one for each recipe; `write_results_reference.py` makes a page of
them. A recipe whose numbers are there already is left out (`--force` runs it again), and one that
was stopped goes on. Shrunk so that all of them take about an hour on one core: smaller films,
fewer epochs. The films of MURA are not at hand; its recipes learn from knees (`knee`). Nor are
ImageNet's weights; what begins with them begins with a body that learned from knees.
"""

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from plainfilm.networks import build
from plainfilm.reading.bundle import Bundle
from plainfilm.training.record import read_recipe, read_record

REPOSITORY = Path(__file__).resolve().parent.parent
RESULTS = REPOSITORY / "recipes" / "results"
SCHEMA = "plainfilm.result/1"
NUMBERS = ("auroc", "average_precision", "sensitivity", "specificity", "accuracy", "kappa")
KEPT = ("display", "n_films", "n_present", "too_few", *NUMBERS)


@dataclass(frozen=True)
class Shrunk:
    """How a recipe is run: the data set, the films' side, the epochs, other words and settings.

    `first` names the run of `FIRST` whose weights it begins with.
    """

    data_set: str
    size: int
    epochs: int
    prepare: str = ""
    settings: tuple[str, ...] = ()
    first: str = ""


KNEE = ("data.data_set=knee",)
POPULATION = {  # which a bundle must state, and a published recipe leaves open
    "kermany": ('release.population.views=["AP"]', "release.population.words=children, chest"),
    "chestxray14": ('release.population.views=["PA","AP"]', "release.population.words=chest"),
    "knee": (
        'release.population.body_parts=["knee"]',
        'release.population.views=["PA"]',
        "release.population.words=knees",
    ),
}
AS_IN_THEIR_CODE = (  # zoom; and each film's own mean and deviation
    "augment.zoom_share=1",
    "augment.zoom_middle=1.14",
    "augment.zoom=0.131",
    "network.normalise=film",
)
SHRUNK = {
    "kermany-lenet5": Shrunk("kermany", 96, 3),
    "mura-conv2": Shrunk("knee", 224, 8, settings=KNEE),
    "mura-conv3": Shrunk("knee", 112, 4, settings=KNEE),
    "mura-conv4": Shrunk("knee", 112, 4, settings=KNEE),
    "mura-dense-net": Shrunk("knee", 64, 3, settings=KNEE),
    "chest14-densenet121": Shrunk("chestxray14", 48, 1),
    "chest14-checxray": Shrunk("chestxray14", 48, 1),
    "chest14-one-vs-all": Shrunk("chestxray14", 48, 1, "--only pneumothorax", AS_IN_THEIR_CODE),
    "kermany-alexnet": Shrunk("kermany", 96, 4),
    "mura-densenet169": Shrunk("knee", 48, 1, settings=KNEE),
    "kermany-lenet5-minority": Shrunk("kermany", 96, 3),
    # at the 1e-3 of its authors it calls every film alike after an epoch, as theirs did
    "kermany-vgg16": Shrunk("kermany", 32, 2, settings=("optim.lr=1e-4",)),
    "kermany-vgg16-transfer": Shrunk(
        "kermany",
        32,
        2,
        settings=("network.init=runs/knee-vgg16", "network.init_adapt=[]"),
        first="knee-vgg16",
    ),
    "chest14-one-vs-all-head": Shrunk(
        "chestxray14",
        48,
        1,
        "--only pneumothorax",
        ("network.init=runs/pneumothorax",),
        first="pneumothorax",
    ),
}
SCRATCH = (
    "network.init=scratch",
    "network.init_adapt=[]",
    "network.frozen_before=",
    "optim.lr=1e-4",
)
FIRST = {  # the run: its recipe, and how
    "knee-vgg16": ("kermany-vgg16-transfer", Shrunk("knee", 32, 3, settings=(*KNEE, *SCRATCH))),
    "pneumothorax": (
        "chest14-one-vs-all",
        Shrunk("chestxray14", 48, 1, "--only pneumothorax"),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("kermany", "chestxray14", "knee", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--force", action="store_true")
    parser.add_argument("names", nargs="*", default=list(SHRUNK), metavar="RECIPE")
    chosen = parser.parse_args()
    for name in chosen.names:
        if chosen.force or not (RESULTS / f"{name}.json").exists():
            write(name, run_recipe(name, vars(chosen), chosen.out))


def run_recipe(name: str, folders: Mapping[str, Path], work: Path) -> dict[str, object]:
    """Prepare, train, export, evaluate, by the commands that the result then states."""
    work.mkdir(parents=True, exist_ok=True)
    commands = commands_of(name, SHRUNK[name])
    for command in commands:
        words = shlex.split(command)[1:]
        words = [str(folders[words[1]].resolve()) if w == "FOLDER" else w for w in words]
        words = [str(REPOSITORY / word) if word.startswith("recipes/") else word for word in words]
        forced = ["--force"] if words[0] in ("export", "evaluate") else []
        subprocess.run([sys.executable, "-m", "plainfilm", *words, *forced], cwd=work, check=True)
    return result_of(work / "runs" / name, work / f"{name}.bundle", commands)


def commands_of(name: str, how: Shrunk) -> list[str]:
    """The commands of a shrunk run, one after the other."""
    prepared, bundle = prepared_of(how), f"{name}.bundle"
    before = run_commands(how.first, *FIRST[how.first]) if how.first else []
    return [
        *before,
        *run_commands(name, name, how),
        f"plainfilm export runs/{name} --data {prepared} --out {bundle}",
        f"plainfilm evaluate {bundle} {prepared} --out reports/{name} --attach",
    ]


def run_commands(run: str, recipe: str, how: Shrunk) -> list[str]:
    """Prepare and train: a run of a recipe."""
    prepared = prepared_of(how)
    shrunk = (f"data.size={how.size}", f"optim.epochs={how.epochs}", *how.settings)
    settings = (*shrunk, *POPULATION[how.data_set])
    options = " ".join(f"--set {shlex.quote(setting)}" for setting in settings)
    more = f" {how.prepare}" if how.prepare else ""
    return [
        f"plainfilm prepare {how.data_set} FOLDER --out {prepared} --size {how.size}{more}",
        f"plainfilm train recipes/{recipe}.toml --data {prepared} --out runs/{run} {options}",
    ]


def prepared_of(how: Shrunk) -> str:
    return f"prepared/{how.prepare.rpartition(' ')[2] or how.data_set}-{how.size}"


def result_of(run: Path, bundle: Path, commands: list[str]) -> dict[str, object]:
    """What a run and its measured bundle say."""
    record, recipe = read_record(run), read_recipe(run)
    numbers = Bundle.load(bundle).evaluation or {}
    network = build(
        recipe.network.name,
        len(record.label_set),
        head=recipe.network.head,
        size=recipe.data.size,
    )
    threads = "one thread" if record.threads == 1 else f"{record.threads} threads"
    return {
        "schema": SCHEMA,
        "recipe": run.name,
        "commands": commands,
        "data_set": numbers["data_set"],
        "n_train_films": record.films.n_films,
        "n_test_films": numbers["n_films"],
        "n_test_patients": numbers["n_patients"],
        "size": recipe.data.size,
        "epochs": record.epochs,
        "n_parameters": sum(weight.numel() for weight in network.parameters()),
        "seconds_per_epoch": round(record.seconds / record.epochs, 1),
        "hardware": f"{threads}, {record.device}",
        "mean": rounded(numbers["mean"]),
        "findings": {name: rounded(each) for name, each in numbers["findings"].items()},
        "studies": rounded(numbers.get("studies") or {}),
    }


def rounded(numbers: dict[str, object]) -> dict[str, object]:
    """What is kept of a table of numbers, to four decimals."""
    found: dict[str, object] = {}
    for key, value in numbers.items():
        if isinstance(value, dict):
            found[key] = rounded(value)
        elif key in KEPT or key.startswith("n_"):
            found[key] = [round(v, 4) for v in value] if isinstance(value, list) else value
    return found


def write(name: str, result: dict[str, object]) -> None:
    text = json.dumps(result, indent=1, ensure_ascii=False)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
