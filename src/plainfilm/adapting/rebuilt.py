"""A finished bundle's graph back into the networks it was exported from: `rebuild_networks`.

The bundle says which networks they are; the weights stand in the graph under the networks' own
names. A normalisation that the exporter merged into the convolution before it comes back as one
that only adds. That the outcome is the same network is proven before it is handed out.
"""

from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from plainfilm.adapting.last_layer import PARITY, find_last_layer
from plainfilm.errors import BundleError, RecipeError
from plainfilm.imports import FORMS
from plainfilm.networks import Classifier, build
from plainfilm.radiograph import Pixels
from plainfilm.reading.bundle import Bundle, BundleHeader
from plainfilm.training.graph import Fit
from plainfilm.training.onnx_file import run_onnx
from plainfilm.training.recipe import Recipe

_IMPORTED = "imported as "
_MERGED = "_bias"  # what the exporter adds to a convolution's name for what it merged into it
_COUNTER = "num_batches_tracked"

Norm = nn.BatchNorm1d | nn.BatchNorm2d


def rebuild_networks(
    bundle: Bundle, kept: Sequence[int], films: Sequence[Pixels]
) -> tuple[Classifier, ...]:
    """The bundle's networks in evaluation mode, with the outputs of the kept findings only.

    Parameters
    ----------
    kept
        Positions of the bundle's findings.
    films
        Some radiographs (H, W) on which networks and graph are compared, beside the golden ones.

    Raises
    ------
    BundleError
        The bundle does not say which network it is, was joined of several bundles, or its graph
        gives other scores than the networks with its weights.
    """
    last = find_last_layer(bundle)
    graph = onnx.load_model_from_string(bundle.network).graph
    constants = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    held = {name: torch.from_numpy(value.copy()) for name, value in constants.items()}
    n_networks = len(last.weights)
    rows = [last.rows[place] for place in kept]
    networks = []
    for number in range(n_networks):
        prefix = f"classifiers.{number}."
        mine = {k.removeprefix(prefix): v for k, v in held.items() if k.startswith(prefix)}
        networks.append(_network(bundle.header, mine, rows, len(held[last.biases[number]])))
    _prove(bundle, networks, kept, (*bundle.golden.radiographs, *films))
    return tuple(networks)


def _network(
    header: BundleHeader, mine: Mapping[str, Tensor], rows: Sequence[int], n_outputs: int
) -> Classifier:
    whole = _built(header, n_outputs)
    _fill(header, whole, mine)
    part, state = _built(header, len(rows)), whole.state_dict()
    for key in whole.logit_keys:
        state[key] = state[key][list(rows)]
    part.load_state_dict(state, strict=True)
    return part


def _built(header: BundleHeader, n_outputs: int) -> Classifier:
    """An empty network as the recipe or the form that the bundle names has it."""
    source, size = header.provenance, header.input.size
    try:
        if source.recipe_toml:
            of = Recipe.from_toml(source.recipe_toml).network
            made = build(of.name, n_outputs, normalise=of.normalise, head=of.head, size=size)
        else:
            form = FORMS[source.recipe.removeprefix(_IMPORTED)]
            name = source.details["network"] or form.networks[0]
            made = build(name, n_outputs, normalise=form.normalise, head=form.head, size=size)
    except (RecipeError, KeyError) as error:
        raise _unknown(header, "it does not say which of our networks it is") from error
    return made.eval()


def _fill(header: BundleHeader, network: Classifier, mine: Mapping[str, Tensor]) -> None:
    """Put the constants into the network, in place."""
    merged = _merged(network, mine)
    with torch.no_grad():
        for name, value in (*network.named_parameters(), *network.named_buffers()):
            layer = name.rpartition(".")[0]
            if layer in merged or name.endswith(_COUNTER):
                continue
            given = mine.get(name)
            if given is not None and given.shape == value.shape:
                value.copy_(given)
            elif isinstance(value, nn.Parameter):
                raise _unknown(header, f"its graph has no {name} of {tuple(value.shape)}")
        for name, shift in merged.items():
            _only_add(network.get_submodule(name), shift)


def _merged(network: Classifier, mine: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Which normalisation was merged into which convolution: its name, and what it adds.

    They are defined in the same order; `_prove` would find out where they are not.
    """
    found: dict[str, Tensor] = {}
    shifts: deque[Tensor] = deque()
    for name, layer in network.named_modules():
        shift = mine.get(f"{name}.weight{_MERGED}")
        if shift is not None:
            shifts.append(shift)
        elif isinstance(layer, Norm) and shifts and f"{name}.weight" not in mine:
            found[name] = shifts.popleft()
    return found


def _only_add(layer: nn.Module, shift: Tensor) -> None:
    if not isinstance(layer, Norm) or layer.running_mean is None or layer.running_var is None:
        raise TypeError(f"found {type(layer).__name__}; expected a normalisation")
    layer.weight.fill_(1.0)
    layer.bias.copy_(shift)
    layer.running_mean.zero_()
    layer.running_var.fill_(1.0 - layer.eps)


def _prove(
    bundle: Bundle, networks: Sequence[Classifier], kept: Sequence[int], films: Sequence[Pixels]
) -> None:
    fit = Fit(bundle.header.input.size, bundle.header.input.policy)
    for film, answers in zip(films, run_onnx(bundle.network, films), strict=True):
        with torch.no_grad():
            fitted = fit(torch.from_numpy(film)[None, None])
            scores = torch.stack([network(fitted)[0] for network in networks]).mean(dim=0)
        said = answers["score"][list(kept)]
        gap = float((np.abs(scores.numpy() - said) / (1 + np.abs(said))).max())
        if not gap <= PARITY:  # written so that NaN fails
            found = f"its graph and the network with its weights differ by {gap:.2g} in a score"
            raise _unknown(bundle.header, f"{found}; expected {PARITY:g} at most")


def _unknown(header: BundleHeader, why: str) -> BundleError:
    advice = "adapt its last layer (--head), or its calibration alone"
    return BundleError(f"{header.name}: cannot be trained on as a whole; {why}. Instead {advice}.")
