"""The weights a training begins with: drawn, another run's, or a file's; and how records say so."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from plainfilm.errors import RunError
from plainfilm.networks import Classifier, hub
from plainfilm.networks.classifier import FACTS, NORMALISATION
from plainfilm.networks.weights import load_weights_file
from plainfilm.training.checkpoint import load_classifier, weights_name
from plainfilm.training.encoder_settings import NAME as ENCODER
from plainfilm.training.learner import build_network
from plainfilm.training.network_settings import SCRATCH
from plainfilm.training.recipe import Recipe
from plainfilm.training.record import FilmsUsed, read_recipe, read_record


def take_first_weights(network: Classifier, recipe: Recipe, names: tuple[str, ...]) -> str:
    """Give a freshly drawn network what `network.init` names.

    Parameters
    ----------
    names
        The findings, in order; `network` may have further outputs for side targets.

    Returns
    -------
    What a record says of it: "scratch", or name and SHA-256 of the weights and what was done to
    fit them.

    Raises
    ------
    RunError
        The run or file is missing, broken or of another network; nothing is drawn instead.
    MissingExtra
        It lies on a hub, and huggingface_hub is not installed.
    """
    init = recipe.network.init
    if init == SCRATCH:
        return SCRATCH
    if not recipe.network.begins_with_file:
        return take_over(network, recipe, Path(init), names)
    path = hub.fetch(init) if init.startswith(hub.PREFIX) else Path(init)
    loaded = load_weights_file(network, path, recipe.network.init_adapt)
    name = init if init.startswith(hub.PREFIX) else loaded.name
    return "; ".join((f"{name} ({loaded.sha256})", *loaded.notes))


def check_start(recipe: Recipe, films: FilmsUsed) -> None:
    """Refuse to begin with a run that learned from the same data set by another split.

    Its training films may be test films here, and nobody would notice later.

    Raises
    ------
    RunError
        It did; or the run is missing or broken.
    """
    init = recipe.network.init
    if init == SCRATCH or recipe.network.begins_with_file or recipe.network.name == ENCODER:
        return
    start = read_record(Path(init)).films
    if start.data_set == films.data_set and start.split_sha256 != films.split_sha256:
        found = f"{Path(init).name} learned from {films.data_set} by another split"
        raise RunError(
            f"network.init: {found}, so test films of this one may be among its training films. "
            "Prepare the data set as it was then, or begin with another run."
        )


def first_weights_words(recipe: Recipe, names: tuple[str, ...], n_logits: int) -> str:
    """What `take_first_weights` would return; nothing is changed, torch's random state neither.

    Of an encoder, which is no start but stays, its name and SHA-256.
    """
    if recipe.network.name == ENCODER:
        return f"encoder {Path(recipe.encoder.file).name} ({recipe.encoder.sha256}), left as it is"
    with torch.random.fork_rng(devices=[]):
        return take_first_weights(build_network(recipe, n_logits), recipe, names)


def take_over(network: Classifier, recipe: Recipe, run: Path, names: tuple[str, ...]) -> str:
    """Copy the weights of a finished run: its body, and its head where the findings are the same.

    Raises
    ------
    RunError
        The run is missing, unfinished, or of another kind of network.
    """
    record, other = read_record(run), read_recipe(run)
    if other.network.name != recipe.network.name:
        found = f"{run.name} is a {other.network.name}"
        raise RunError(f"network.init: {found}; the recipe wants {recipe.network.name}.")
    start, state = load_classifier(run), network.state_dict()
    taken = {
        name: value
        for name, value in start.state_dict().items()
        if not start.is_head_key(name) and _belongs(name, value, state)
    }
    same_head = other.network.head == recipe.network.head
    with_head = record.label_set.names == names and same_head
    if with_head:  # of the logits the findings' rows; those of side targets start anew
        taken |= {name: v for name, v in start.state_dict().items() if start.is_head_key(name)}
        for name in start.logit_keys:
            taken[name] = torch.cat([taken[name], state[name][len(names) :]])
    try:
        network.load_state_dict(state | taken)
    except RuntimeError as error:
        found = f"{run.name} learned from films of {other.data.size} pixels"
        raise RunError(f"network.init: {found}; this head fits no other size.") from error
    words = f"{weights_name(run)}, by recipe {record.recipe}"
    return words if with_head else f"{words}; head drawn anew"


def _belongs(name: str, value: Tensor, state: Mapping[str, Tensor]) -> bool:
    """Whether a network that shall begin with this value has a use for it.

    Statistics of pixels go with the weights, where the new network has such and of that size. What
    facts count is learned anew: the other network may have been told others.
    """
    if name.startswith(FACTS):
        return False
    if not name.startswith(NORMALISATION):
        return True
    return name in state and state[name].shape == value.shape
