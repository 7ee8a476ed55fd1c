"""Names → torch modules: `build("film-net", n_findings=14)` gives a `Classifier`.

A new network is one file with its body, one line in `NETWORKS`, one test file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Literal, get_args

from plainfilm.errors import RecipeError
from plainfilm.networks import baselines, block_net, pretrained
from plainfilm.networks.classifier import INNER, Classifier, Features, KeyNames
from plainfilm.networks.heads import AVERAGE, MLP, HeadPlan
from plainfilm.networks.normalise import Normalisation
from plainfilm.networks.small import FilmNet

__all__ = ["NETWORKS", "Classifier", "Design", "Features", "Head", "Normalisation", "build"]

Head = Literal["own", "average", "mlp"]
RESNET_KEYS = KeyNames(body="", head="fc.")


@dataclass(frozen=True)
class Design:
    """A network by name: its body, the head that its paper gives it, its keys in a state dict."""

    body: Callable[[], Features]
    head: HeadPlan = AVERAGE
    keys: KeyNames = INNER


_densenet = pretrained.DenseNetFeatures
_resnet = pretrained.ResNetFeatures

NETWORKS: dict[str, Design] = {
    "film-net": Design(FilmNet),
    "densenet121": Design(_densenet),
    "densenet169": Design(partial(_densenet, pretrained.DENSENET169_BLOCKS)),
    "densenet201": Design(partial(_densenet, pretrained.DENSENET201_BLOCKS)),
    "densenet264": Design(partial(_densenet, pretrained.DENSENET264_BLOCKS)),
    # As fast.ai cuts them: no ReLU after the last BatchNorm.
    "densenet121-cut": Design(partial(_densenet, rectified=False)),
    "densenet169-cut": Design(partial(_densenet, pretrained.DENSENET169_BLOCKS, rectified=False)),
    "densenet201-cut": Design(partial(_densenet, pretrained.DENSENET201_BLOCKS, rectified=False)),
    "resnet18": Design(partial(_resnet, (2, 2, 2, 2), "basic"), keys=RESNET_KEYS),
    "resnet50": Design(partial(_resnet, (3, 4, 6, 3), "bottleneck"), keys=RESNET_KEYS),
    "vgg16": Design(pretrained.vgg16, pretrained.VGG16_HEAD),
    "vgg16-flatten": Design(pretrained.vgg16, pretrained.VGG16_FLATTEN_HEAD),
    "alexnet": Design(baselines.alexnet, baselines.ALEXNET_HEAD),
    "lenet5": Design(baselines.lenet5, baselines.LENET5_HEAD),
    "lenet5-tanh": Design(baselines.lenet5_tanh, baselines.LENET5_TANH_HEAD),
    "conv2": Design(baselines.conv2, baselines.CONV2_HEAD),
    "conv3": Design(baselines.conv3, baselines.CONV3_HEAD),
    "conv4": Design(baselines.conv4, baselines.CONV4_HEAD),
    "dense-net": Design(baselines.Pixels, baselines.DENSE_NET_HEAD),
    block_net.NAME: Design(
        partial(block_net.body, block_net.Shape()), block_net.head(block_net.Shape())
    ),
}


def build(
    name: str,
    n_findings: int,
    *,
    normalise: str = "film",
    dropout: float = 0.0,
    head: str = "own",
    size: int = 224,
) -> Classifier:
    """A freshly initialised network, by its name in a recipe.

    Parameters
    ----------
    name
        A key of `NETWORKS`, or "block-net-5x256-k3" and the like (see `block_net.Shape`).
    n_findings
        K, the number of logits.
    normalise, dropout, size
        As in `Classifier`.
    head
        "own": as the network's paper has it; "average": an average and one linear layer; "mlp":
        fast.ai's, maximum and average pool and one hidden layer of 512.

    Raises
    ------
    RecipeError
        No network or head has this name, or the two or the films' size do not go together.

    Notes
    -----
    The weights are drawn from torch's global random state: seed it first for a reproducible start.
    """
    design = _design(name)
    plan = _head_plan(name, design, head)
    classifier = Classifier(
        design.body(), n_findings, normalise=normalise, dropout=dropout, head=plan, size=size
    )
    if design.keys != INNER:
        classifier.use_key_names(design.keys)
    return classifier


def _design(name: str) -> Design:
    if name in NETWORKS:
        return NETWORKS[name]
    shape = block_net.shape_of(name)
    if shape is not None:
        return Design(partial(block_net.body, shape), block_net.head(shape))
    near = get_close_matches(name, NETWORKS, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    known = ", ".join(NETWORKS)
    raise RecipeError(f"network.name: found {name!r}; expected one of {known}.{hint}")


def _head_plan(name: str, design: Design, head: str) -> HeadPlan:
    if head not in get_args(Head):
        known = ", ".join(get_args(Head))
        raise RecipeError(f"network.head: found {head!r}; expected one of {known}.")
    if head != "own" and design.body is baselines.Pixels:
        raise RecipeError(f"network.head: {name} has no feature map to pool; expected 'own'.")
    return {"own": design.head, "average": AVERAGE, "mlp": MLP}[head]
