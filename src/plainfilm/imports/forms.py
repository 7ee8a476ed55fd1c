"""The forms in which the field publishes weights: which network, which tones, which outputs.

A `Form` is one row of `FORMS`. What a form states is its source's own word, not our measurement.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from plainfilm.datasets.chestxray14_labels import FINDINGS, resolve
from plainfilm.errors import DatasetError
from plainfilm.findings import Finding
from plainfilm.networks import Head, Normalisation
from plainfilm.networks.weights import Adapt, State
from plainfilm.reading.header_parts import FitPolicy

# torchxrayvision's 18 outputs in their order (`default_pathologies`).
XRV_OUTPUTS = (
    "Atelectasis", "Consolidation", "Infiltration", "Pneumothorax", "Edema", "Emphysema",
    "Fibrosis", "Effusion", "Pneumonia", "Pleural_Thickening", "Cardiomegaly", "Nodule", "Mass",
    "Hernia", "Lung Lesion", "Fracture", "Lung Opacity", "Enlarged Cardiomediastinum",
)  # fmt: skip
_NONE = math.nan
# Its published operating points (`model_urls[...]["op_threshs"]`), rounded as published; NaN where
# an output was never trained.
XRV_POINTS: Mapping[str, tuple[float, ...]] = {
    "all": (
        0.07422872, 0.038290843, 0.09814756, 0.0098118475, 0.023601074, 0.0022490358, 0.010060724,
        0.103246614, 0.056810737, 0.026791653, 0.050318155, 0.023985857, 0.01939503, 0.042889766,
        0.053369623, 0.035975814, 0.20204692, 0.05015312,
    ),
    "nih": (
        0.039117552, 0.0034529066, 0.11396341, 0.0057298196, 0.00045666535, 0.0018880932,
        0.012037827, 0.038744126, 0.0037213727, 0.014730946, 0.016149804, 0.054241467,
        0.037198864, 0.0004403434, _NONE, _NONE, _NONE, _NONE,
    ),
    "pc": (
        0.031012505, 0.013347598, 0.081435576, 0.001262615, 0.002587246, 0.0035944257, 0.0023071,
        0.055412333, 0.044385884, 0.042766232, 0.043258056, 0.037629247, 0.005658899,
        0.0091741895, _NONE, 0.026507627, _NONE, _NONE,
    ),
    "chex": (
        0.1988969, 0.05710573, _NONE, 0.0531293, 0.1435217, _NONE, _NONE, 0.27212676, 0.07749717,
        _NONE, 0.19712369, _NONE, _NONE, _NONE, 0.09932402, 0.09273402, 0.3270967, 0.10888247,
    ),
    "rsna": (*[_NONE] * 8, 0.13486601, *[_NONE] * 7, 0.13511065, _NONE),
    "mimic_nb": (
        0.08558747, 0.011884617, _NONE, 0.0040595434, 0.010733786, _NONE, _NONE, 0.118761964,
        0.022924708, _NONE, 0.06358637, _NONE, _NONE, _NONE, 0.022143636, 0.017476924, 0.1258702,
        0.014020768,
    ),
    "mimic_ch": (
        0.09121389, 0.010573786, _NONE, 0.005023008, 0.003698257, _NONE, _NONE, 0.08001232,
        0.037242252, _NONE, 0.05006329, _NONE, _NONE, _NONE, 0.019866971, 0.03823637, 0.11303808,
        0.0069147074,
    ),
}  # fmt: skip

# fast.ai's head: places in its Sequential → places in ours (`heads.MLP`).
_FASTAI_HEAD = {"2": "0", "4": "2", "6": "4", "8": "6"}
# fast.ai's body of a ResNet: the layers before its fully connected one, by place.
_FASTAI_RESNET = {
    "0": "conv1", "1": "bn1", "4": "layer1", "5": "layer2", "6": "layer3", "7": "layer4",
}  # fmt: skip


@dataclass(frozen=True)
class Form:
    """How a source's weights are to be read.

    Parameters
    ----------
    networks
        Names in `NETWORKS` that the form comes in, the usual one first.
    normalise, policy, size
        What the source did with a film before its network: tones, crop and side in pixels.
    rename
        From the file's keys to the network's.
    head
        The head, as in a recipe.
    outputs
        The source's names of its outputs, in order; () = the file does not tell, the user must.
    points
        Published operating points; NaN = that output was never trained. () = none published.
    source
        Where the form is from, in plain words.
    adapt
        What may differ from the network as we build it, see `networks.weights`.
    """

    networks: tuple[str, ...]
    normalise: Normalisation
    policy: FitPolicy
    rename: Callable[[State], State]
    size: int = 224
    head: Head = "own"
    outputs: tuple[str, ...] = ()
    points: tuple[float, ...] = ()
    source: str = ""
    adapt: tuple[Adapt, ...] = ()


def _same(state: State) -> State:
    return dict(state)


def _chexnet(state: State) -> State:
    """`module.densenet121.classifier.0.weight` → `classifier.weight`, and the like."""
    return {
        re.sub(r"^(module\.)?(densenet121\.)?", "", key).replace("classifier.0.", "classifier."): v
        for key, v in state.items()
    }


def _fastai(state: State) -> State:
    """`0.…` is the body, `1.…` the head; a head without biases (fastai 2) gets zeros."""
    resnet = not any("denseblock" in key for key in state)
    found = {_fastai_key(key, resnet=resnet): value for key, value in state.items()}
    head = "fc." if resnet else "classifier."
    for place in ("2", "6"):
        weight = found.get(f"{head}{place}.weight")
        if weight is not None:
            found.setdefault(f"{head}{place}.bias", weight.new_zeros(weight.shape[0]))
    return found


def _fastai_key(key: str, *, resnet: bool) -> str:
    part, _, rest = key.partition(".")
    place, _, name = rest.partition(".")
    if part == "1" and place in _FASTAI_HEAD:
        return f"{'fc' if resnet else 'classifier'}.{_FASTAI_HEAD[place]}.{name}"
    if part == "0" and resnet and place in _FASTAI_RESNET:
        return f"{_FASTAI_RESNET[place]}.{name}"
    if part == "0" and not resnet and place == "0":
        return f"features.{name}"
    return key


_TORCHVISION = ("densenet121", "densenet169", "densenet201", "resnet18", "resnet50")


def _xrv(name: str, points: tuple[float, ...]) -> Form:
    return Form(
        networks=("densenet121",),
        normalise="xrv",
        policy=FitPolicy.CROP,
        rename=_same,
        outputs=XRV_OUTPUTS,
        points=points,
        source=f"torchxrayvision, densenet121-res224-{name}",
        adapt=("channels",),  # its first convolution takes one
    )


FORMS: dict[str, Form] = {
    **{f"xrv-{name.replace('_', '-')}": _xrv(name, given) for name, given in XRV_POINTS.items()},
    "chexnet": Form(
        networks=("densenet121",),
        normalise="imagenet",
        policy=FitPolicy.CROP,
        rename=_chexnet,
        outputs=tuple(finding.name for finding in FINDINGS),
        source="a re-implementation of CheXNet, 14 outputs in ChestX-ray14's order",
    ),
    "torchvision": Form(
        networks=(*_TORCHVISION, "vgg16", "vgg16-flatten"),
        normalise="imagenet",
        policy=FitPolicy.SQUASH,
        rename=_same,
        source="torchvision's key names",
    ),
    "fastai": Form(
        networks=("densenet121-cut", "densenet169-cut", "densenet201-cut", "resnet18", "resnet50"),
        normalise="imagenet",
        policy=FitPolicy.SQUASH,
        rename=_fastai,
        head="mlp",
        source="fast.ai's body and head",
    ),
}


def finding_of(output: str) -> Finding:
    """The finding that an output's name means; one of ChestX-ray14's where it is one of those.

    Raises
    ------
    ValueError
        There is no letter or digit in the name.
    """
    try:
        return resolve(output)
    except DatasetError:
        name = "_".join(re.findall(r"[a-z0-9]+", output.lower()))
        if not name:
            raise ValueError(f"found {output!r}; expected the name of a finding") from None
        return Finding(name, output.strip().replace("_", " "))


def trained(points: Sequence[float]) -> list[int]:
    """The places of the outputs that were trained: those with an operating point."""
    return [place for place, point in enumerate(points) if not math.isnan(point)]
