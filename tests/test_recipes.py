"""The recipes of published experiments: what each says of itself, and that it trains."""

import re
import shlex
from contextlib import chdir
from itertools import pairwise
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest
import torch

from drawn_sets import draw_mura, draw_nih
from drawn_story import draw_children, run
from pages import REPOSITORY
from plainfilm.networks import build
from plainfilm.training.layers import layers_of
from plainfilm.training.recipe import Recipe
from plainfilm.training.record import read_recipe, read_record
from plainfilm.training.schedule import OneCycle, schedule_of
from tiny_training import TINY, same_weights, write_prepared

RECIPES = sorted((REPOSITORY / "recipes").glob("*.toml"))
BUNDLES = {"chest14-demo", "pneumonia-paediatric"}  # of shipped bundles; test_story trains so
ON_AN_ENCODER = {"chest14-encoder"}
PUBLISHED = [path for path in RECIPES if path.stem not in BUNDLES | ON_AN_ENCODER]
SIDE = "96"  # the least that AlexNet's poolings leave something of
SHRUNK = (f"data.size={SIDE}", "optim.epochs=1", "optim.batch_size=8")

N_PARAMETERS = {
    "chest14-checxray": 6_968_206,
    "chest14-densenet121": 8_015_246,
    "kermany-alexnet": 46_751_105,
    "kermany-lenet5": 34_635_761,
    "kermany-lenet5-minority": 34_635_761,
    "kermany-vgg16": 33_601_345,
    "kermany-vgg16-transfer": 33_601_345,
    "mura-conv3": 6_979,
    "mura-conv4": 106_805,
    "mura-dense-net": 134_253_185,
}
N_FINDINGS = {"chest14-checxray": 14, "chest14-densenet121": 14}  # of the others one

PLATEAU = {"optim.name": "adam", "optim.schedule": "plateau", "optim.momentum_high": 0.9}
KERMANY = PLATEAU | {
    "data.size": 224, "optim.batch_size": 64, "optim.lr": 1e-3, "optim.patience": 1,
    "network.normalise": "unit",
}  # fmt: skip
LIMBS = PLATEAU | {"optim.batch_size": 8, "network.normalise": "pixel", "loss.pos_weight": "mura"}
CHANGED = {"augment.mirror_share": 0.5, "augment.zoom_middle": 1.054, "augment.zoom": 0.053}
ONE_CYCLE = {
    "optim.schedule": "one-cycle", "optim.epochs": 30, "optim.batch_size": 64,
    "network.head": "mlp", "augment.rotation_degrees": 30, "augment.brightness": 0.4,
    "augment.contrast": 0.4,
}  # fmt: skip
ONE_VS_ALL = ONE_CYCLE | {
    "augment.zoom_middle": 1.3, "augment.zoom": 0, "augment.zoom_share": 0.5,
    "network.normalise": "batch", "loss.pos_weight": "two-sided",
}  # fmt: skip
WHOLE = {"network.init": "scratch", "network.frozen_before": ""}
PUBLISHED_VALUES: dict[str, dict[str, object]] = {
    "chest14-checxray": PLATEAU | {"data.size": 224, "network.normalise": "imagenet"},
    "chest14-densenet121": ONE_CYCLE | WHOLE | {"network.normalise": "imagenet"},
    "chest14-one-vs-all": ONE_VS_ALL | WHOLE,
    "chest14-one-vs-all-head": ONE_VS_ALL | {"network.frozen_before": "head", "optim.lr": 3e-3},
    "kermany-alexnet": KERMANY | WHOLE | CHANGED,
    "kermany-lenet5": KERMANY | WHOLE | CHANGED,
    "kermany-lenet5-minority": KERMANY | WHOLE | {"data.equalise": "changed-copies"},
    "kermany-vgg16": KERMANY | WHOLE | CHANGED,
    "kermany-vgg16-transfer": KERMANY
    | CHANGED
    | {"network.normalise": "imagenet", "network.frozen_before": "head"},
    "mura-conv2": LIMBS | {"optim.epochs": 20, "data.size": 224},
    "mura-conv3": LIMBS | {"optim.epochs": 20, "data.size": 224},
    "mura-conv4": LIMBS | {"optim.epochs": 10, "data.size": 224},
    "mura-dense-net": LIMBS | {"data.size": 512},
    "mura-densenet169": PLATEAU
    | {"data.size": 320, "optim.batch_size": 8, "optim.lr": 1e-4, "optim.patience": 1},
}
OURS = (  # changes of films that none of them made
    "turn_over_share", "aspect", "shift", "frame_share", "resolution_share", "exposure_share",
    "gamma", "shading", "rectangle_share", "marker_share", "border_share", "noise",
)  # fmt: skip

FIGURE = ("optim.lr=3e-3", "optim.start_divisor=30", "optim.end_divisor=3e5")

each_recipe = pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
each_published = pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)


def leading_comment(path: Path) -> str:
    """The lines before the first that is no comment, without their `#`."""
    text = path.read_text(encoding="utf-8")
    comment = re.match(r"(?:#.*\n)*", text)
    assert comment
    return re.sub(r"^# ?", "", comment.group(), flags=re.M)


def told_commands(path: Path) -> list[list[str]]:
    """What follows `plainfilm` in each command of the leading comment."""
    text = leading_comment(path).replace("\\\n", " ")
    return [shlex.split(line)[1:] for line in text.splitlines() if line.startswith("  plainfilm ")]


def trainings(path: Path) -> list[list[str]]:
    """The comment's trainings up to the recipe's own: those that it begins with come first."""
    told = [words for words in told_commands(path) if words[0] == "train"]
    return told[: [words[1] for words in told].index(f"recipes/{path.name}") + 1]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn films, laid out as the three sets are; pneumothorax is among the findings."""
    folder = tmp_path_factory.mktemp("desk")
    table = draw_nih(folder / "chestxray14", size=(100, 110)) / "Data_Entry_2017_v2020.csv"
    table.write_text(table.read_text().replace("Mass", "Pneumothorax"))
    draw_children(folder / "kermany")
    draw_mura(folder / "mura")
    (folder / "recipes").symlink_to(REPOSITORY / "recipes")
    return folder


def save_weights_of(recipe: Recipe) -> None:
    """A file of weights under the name that the recipe begins with, if it begins with one."""
    network = recipe.network
    if network.begins_with_file:
        built = build(network.name, 1, size=recipe.data.size)
        body = {key: v for key, v in built.state_dict().items() if not built.is_head_key(key)}
        torch.save(body, network.init)


@each_recipe
def test_a_recipe_says_where_it_is_from_and_how_to_run_it(path: Path) -> None:
    comment = leading_comment(path)
    prepare, train = told_commands(path)[0], trainings(path)[-1]

    assert re.search(r"^(Source|Data): \S", comment, flags=re.M)
    assert prepare[:3] == ["prepare", Recipe.load(path).data.data_set, "FOLDER"]
    assert train[:2] == ["train", f"recipes/{path.name}"]
    assert prepare[prepare.index("--out") + 1] == train[train.index("--data") + 1]


@each_recipe
def test_a_recipe_has_films_of_the_size_it_says(path: Path) -> None:
    prepare = told_commands(path)[0]

    assert prepare[prepare.index("--size") + 1] == str(Recipe.load(path).data.size)


@each_recipe
def test_the_settings_that_a_recipe_names_beside_can_be_set(path: Path) -> None:
    told = re.findall(r"`([^`]*--set [^`]*)`", " ".join(leading_comment(path).split()))
    for words in map(shlex.split, told):
        settings = [setting for word, setting in pairwise(words) if word == "--set"]
        recipe = Recipe.load(path, settings=settings)
        assert recipe != Recipe.load(path)
        if any(setting.startswith("network.frozen_before") for setting in settings):
            assert layers_of(recipe, 1)


@each_published
def test_a_published_experiment_says_what_it_changes_and_what_is_ours(path: Path) -> None:
    comment = leading_comment(path)

    said = [
        re.search(rf"^{word}", comment, flags=re.M) for word in ("Deviations:", "Ours, not given")
    ]
    assert all(said)


@each_published
def test_a_network_has_the_number_of_parameters_that_the_comment_says(path: Path) -> None:
    """S0-31, S0-32, S2-32, S2-34, S2-35, S3-19, S3-23, S3-25, S4-04: by the recipes."""
    recipe = Recipe.load(path)
    network, name = recipe.network, path.stem
    with torch.device("meta"):  # without values, for counting
        built = build(
            network.name, N_FINDINGS.get(name, 1), head=network.head, size=recipe.data.size
        )
    count = sum(weight.numel() for weight in built.parameters())

    told = re.search(r"([\d,]+)\s+parameters", leading_comment(path))
    assert not told or told.group(1) == f"{count:,}"
    assert count == N_PARAMETERS.get(name, count)
    assert told or name not in N_PARAMETERS


@each_published
def test_a_published_experiment_has_the_published_values(path: Path) -> None:
    """S0-12, S0-22, S0-23, S0-39, S0-42, S2-20, S2-42, S3-21, S3-25: those that are known."""
    recipe = Recipe.load(path)
    expected = {"optim.second_beta": 0.999} | PUBLISHED_VALUES[path.stem]

    assert {key: attrgetter(key)(recipe) for key in expected} == expected
    assert {vars(recipe.augment)[name] for name in OURS} == {0}


@pytest.mark.parametrize(
    ("settings", "start", "peak", "end"),
    [((), 0.0132, 0.1, 1e-6), (FIGURE, 1e-4, 3e-3, 1e-8)],
    ids=["text", "figure"],
)
def test_the_one_vs_all_recipe_has_the_rates_of_the_text_or_of_the_figure(
    settings: tuple[str, ...], start: float, peak: float, end: float
) -> None:
    """S0-40, S0-41, S0-42: the text's as it is; the comment tells how to take the figure's."""
    path = REPOSITORY / "recipes" / "chest14-one-vs-all.toml"
    told = " ".join(leading_comment(path).split())
    assert all(f"--set {setting}" in told for setting in settings)

    schedule = schedule_of(Recipe.load(path, settings=settings).optim, 647, ())

    assert isinstance(schedule, OneCycle)
    assert schedule.steps == 19_410
    assert schedule.at(0).lr == pytest.approx(start, rel=1e-5)
    assert max(schedule.at(step).lr for step in range(19_410)) == pytest.approx(peak)
    assert schedule.at(19_409).lr == pytest.approx(end)


@pytest.mark.slow
@each_published
def test_a_published_experiment_trains(path: Path, desk: Path) -> None:
    """S0-43, S2-36, S3-21, S3-28: the comment's own commands, with small films and one epoch."""
    prepare, trains = told_commands(path)[0], trainings(path)
    prepare[prepare.index("FOLDER")] = prepare[1]
    prepare[prepare.index("--size") + 1] = SIDE
    data = f"prepared/{path.stem}"
    prepare[prepare.index("--out") + 1] = data
    with chdir(desk):
        save_weights_of(Recipe.load(path))
        run(prepare)
        for train in trains:
            train[train.index("--data") + 1] = data
            run([*train, *(word for setting in SHRUNK for word in ("--set", setting))])
    finished = desk / trains[-1][trains[-1].index("--out") + 1]

    assert (finished / "log.csv").read_text().count("\n") == 2  # the header and one epoch
    assert read_recipe(finished).network == Recipe.load(path).network


@pytest.mark.slow
def test_a_head_on_an_encoder_trains_as_its_comment_says(desk: Path) -> None:
    path = REPOSITORY / "recipes" / "chest14-encoder.toml"
    prepare, cut, train, _ = told_commands(path)
    prepare[prepare.index("FOLDER")] = prepare[1]
    data = f"prepared/{path.stem}"
    prepare[prepare.index("--out") + 1] = train[train.index("--data") + 1] = data
    with chdir(desk):
        for words in (prepare, cut, train):
            run(words)

    record = read_record(desk / "runs" / path.stem)
    assert (record.n_learning, record.finished) == (14 * 257, True)


def test_s0_66_with_and_without_class_weights_is_one_setting(tmp_path: Path) -> None:
    """S0-66, S1-05: two commands, the same seed, films and split; the weights are used."""
    (tmp_path / "r.toml").write_text(TINY)
    write_prepared(tmp_path / "films", n_train=8, n_val=4)
    words = ["train", "r.toml", "--data", "films", "--set", "optim.epochs=1"]

    with chdir(tmp_path):
        for scheme in ("two-sided", "none"):
            run([*words, "--out", scheme, "--set", f"loss.pos_weight={scheme}"])
    weighted, unweighted = (read_record(tmp_path / name) for name in ("two-sided", "none"))

    apart = read_recipe(tmp_path / "two-sided").differences(read_recipe(tmp_path / "none"))
    assert apart == ["loss.pos_weight: 'two-sided' and 'none'"]
    assert (weighted.seed, weighted.films) == (unweighted.seed, unweighted.films)
    present, absent = (np.array(n) for n in (weighted.loss.present, weighted.loss.absent))
    np.testing.assert_allclose(weighted.loss.pos_weight, (present + absent) / (2 * present))
    assert set(unweighted.loss.pos_weight) == {1.0}
    assert not same_weights(tmp_path / "two-sided", tmp_path / "none")
