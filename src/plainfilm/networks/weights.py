"""Weights from a file into a network: strictly, key by key, or not at all.

Read are safetensors files and torch's state dicts; nothing in either is executed. Key names are
torchvision's of today or of before 2019, or torchxrayvision's; others do not fit.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from plainfilm.checkpoints.pickled import read_pickled
from plainfilm.checkpoints.unpickling import Refused
from plainfilm.errors import RunError
from plainfilm.networks.classifier import OWN_KEYS, Classifier
from plainfilm.networks.safetensors import parse_safetensors, read_safetensors

Adapt = Literal["head", "channels"]
State = dict[str, Tensor]

SAFETENSORS = ".safetensors"
ENDINGS = (SAFETENSORS, ".pt", ".pth", ".tar")

_NAMED = 3  # keys of each kind that a message names
_COUNTER = "num_batches_tracked"  # torch before 0.4.1 counted no batches
_THRESHOLDS = "op_threshs"  # torchxrayvision's operating points, which are no weights
_PARALLEL = "module."  # what DataParallel puts before every key
# torchvision before 2019 wrote "denselayer1.norm.1.weight" for "denselayer1.norm1.weight".
_OLD_LAYER = re.compile(r"(denselayer\d+\.(?:norm|conv))\.(\d\.)")


class Misfit(RunError):
    """The tensors are not those of the network; the message names them."""


@dataclass(frozen=True)
class Loaded:
    """Which weights a network got: the file's name and SHA-256, and what was done to fit it."""

    name: str
    sha256: str
    notes: tuple[str, ...]


def load_weights_file(classifier: Classifier, path: Path, adapt: Collection[Adapt] = ()) -> Loaded:
    """Put a file's weights into a network.

    Parameters
    ----------
    classifier
        It is changed; where the file does not fit, it stays as it was.
    path
        A .safetensors, .pt, .pth or .tar file.
    adapt
        What may differ. "head": the file's head is left out and the network's stays as it was
        drawn. "channels": a first convolution of three channels is summed to one, or one of one is
        spread over three, a third each; on a grey film both give what the file's gave.

    Raises
    ------
    RunError
        No such file, no state dict in it, a key missing or too many, a tensor of another shape, or
        a weight that is no number. The message names them.
    """
    try:
        notes = load_state(classifier, read_state(path), path.name, adapt)
    except Misfit as error:
        advice = (
            "Or, where only the outputs or the first convolution differ, say so with "
            'network.init_adapt = ["head"] or ["channels"]'
        )
        raise Misfit(f"{error} {advice}.") from error
    return Loaded(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), notes)


def load_state(
    classifier: Classifier, state: State, name: str, adapt: Collection[Adapt] = ()
) -> tuple[str, ...]:
    """As `load_weights_file`, of tensors that are there; `name` is the file's in messages.

    Returns
    -------
    What was done to fit them.
    """
    state, notes = _todays(state, name)
    wanted = classifier.state_dict()
    if "channels" in adapt:
        notes += _adapt_channels(state, wanted, first_convolution(classifier))
    if "head" in adapt:
        for key in [key for key in state if classifier.is_head_key(key)]:
            del state[key]
        state |= {key: value for key, value in wanted.items() if classifier.is_head_key(key)}
        notes.append("head drawn anew")
    ours = {key: value for key, value in wanted.items() if key.startswith(OWN_KEYS)}
    state = ours | state  # published weights have no statistics of pixels, and are told no facts
    _check(state, wanted, name)
    classifier.load_state_dict(state, strict=True)
    return tuple(notes)


def read_state(path: Path) -> State:
    """The state dict in a file, on the CPU.

    Raises
    ------
    RunError
        No such file, another ending, not readable, or something else than tensors by name.
    """
    if path.suffix not in ENDINGS:
        expected = ", ".join(ENDINGS)
        raise RunError(f"{path.name}: found ending {path.suffix!r}; expected one of {expected}.")
    if not path.is_file():
        raise RunError(f"{path.name}: no such file. Weights are never drawn instead; fetch it.")
    try:
        content = read_safetensors(path) if path.suffix == SAFETENSORS else _read_torch(path)
    except (OSError, ValueError, Refused) as error:
        reason = str(error).split("\n", 1)[0][:200]
        raise RunError(f"{path.name}: cannot be read as weights ({reason}).") from error
    return content


def first_convolution(classifier: Classifier) -> str | None:
    """The key of the first convolution's weight in the state dict; None where there is none."""
    body = classifier.features
    if not isinstance(body, nn.Module):
        return None
    names = (name for name, part in body.named_modules() if isinstance(part, nn.Conv2d))
    name = next(names, None)
    return None if name is None else f"{classifier.key_names.body}{name}.weight"


def _read_torch(path: Path) -> State:
    return parse_safetensors(read_pickled(path))


def _todays(state: State, name: str) -> tuple[State, list[str]]:
    """The state under today's key names, and what was changed."""
    notes: list[str] = []
    if all(key.startswith(_PARALLEL) for key in state):
        state = {key.removeprefix(_PARALLEL): value for key, value in state.items()}
    renamed = {_OLD_LAYER.sub(r"\1\2", key): value for key, value in state.items()}
    if len(renamed) < len(state):
        raise RunError(f"{name}: holds a layer twice, under an old and a new name.")
    if renamed.pop(_THRESHOLDS, None) is not None:
        notes.append(f"{_THRESHOLDS} left out")
    if not any(key.endswith(_COUNTER) for key in renamed):
        norms = [key for key in renamed if key.endswith("running_var")]
        for key in norms:
            renamed[key.removesuffix("running_var") + _COUNTER] = torch.tensor(0)
        if norms:
            notes.append("batches not counted in it")
    return renamed, notes


def _adapt_channels(state: State, wanted: Mapping[str, Tensor], key: str | None) -> list[str]:
    if key is None or key not in state or state[key].ndim != 4:
        return []
    found, needed = state[key].shape[1], wanted[key].shape[1]
    if (found, needed) == (3, 1):
        state[key] = state[key].sum(dim=1, keepdim=True)
        return ["first convolution summed over 3 channels"]
    if (found, needed) == (1, 3):
        state[key] = state[key].repeat(1, 3, 1, 1) / 3
        return ["first convolution spread over 3 channels"]
    return []


def _check(state: State, wanted: Mapping[str, Tensor], name: str) -> None:
    shapes = [
        f"{key} {tuple(state[key].shape)}, expected {tuple(value.shape)}"
        for key, value in wanted.items()
        if key in state and state[key].shape != value.shape
    ]
    faults = {
        "missing": [key for key in wanted if key not in state],
        "too many": [key for key in state if key not in wanted],
        "of another shape": shapes,
    }
    told = [f"{what}: {_some(keys)}" for what, keys in faults.items() if keys]
    if told:
        guess = "It is of another network, or of another number of findings"
        raise Misfit(f"{name}: does not fit. {'. '.join(told)}. {guess}.")
    broken = [key for key, value in state.items() if not torch.isfinite(value).all()]
    if broken:
        raise RunError(f"{name}: values that are no numbers in {_some(broken)}.")


def _some(keys: Iterable[str]) -> str:
    keys = list(keys)
    more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    return "; ".join(f"{key:.120}" for key in keys[:_NAMED]) + more
