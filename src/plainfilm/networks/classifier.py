"""`Classifier`: films in, one logit per finding out; normalise → features → average → linear.

In: float32 (N, 1, S, S), displayed luminance in [0, 1]. Out: float32 (N, K) logits. Everything
between is inside, so that a graph traced from a `Classifier` needs no step before it.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, Protocol, get_args

import torch
from torch import Tensor, nn

from plainfilm.errors import RecipeError

Normalisation = Literal["film", "imagenet"]

FLAT_FILM = 1e-3  # luminance; a film that varies less than a grey step becomes (nearly) all zero
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class Features(Protocol):
    """What a network brings: its body, an `nn.Module`, without normalisation and head.

    `out_channels` is the depth C of its last map. A network whose first convolution takes three
    channels repeats a single grey one itself.
    """

    out_channels: int

    def __call__(self, x: Tensor, /) -> Tensor:
        """The last feature map, (N, C, h, w)."""
        ...

    def stages(self, x: Tensor, /) -> Sequence[Tensor]:
        """Feature maps of each stage, (N, C_i, h_i, w_i); the last feeds the head."""
        ...

    def modules(self) -> Iterator[nn.Module]:
        """Its layers, in order, as `nn.Module.modules`."""
        ...


class PerFilm(nn.Module):
    """Each film to mean 0 and standard deviation 1, over its own pixels."""

    def forward(self, x: Tensor) -> Tensor:
        """Films (N, 1, H, W) → the same shape, mean 0, standard deviation 1."""
        centred = x - x.mean(dim=(1, 2, 3), keepdim=True)
        variance = centred.square().mean(dim=(1, 2, 3), keepdim=True)
        return centred / (variance + FLAT_FILM**2).sqrt()


class ImageNet(nn.Module):
    """The fixed means and deviations of ImageNet, for weights that were trained with them."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        # Not persistent: a state dict holds torchvision's keys and no others.
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(3, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Films (N, 1, H, W) → (N, 3, H, W), each channel by its own mean and deviation."""
        return (x - self.mean) / self.std


class Classifier(nn.Module):
    """A network with its normalisation before it and one linear head over the average after it.

    Parameters
    ----------
    features
        The body; an `nn.Module` that follows `Features`.
    n_findings
        K, the number of logits.
    normalise
        "film": each film by its own mean and deviation; "imagenet": fixed, three channels.
    dropout
        In [0, 1); on the averaged features, in training only.

    Raises
    ------
    RecipeError
        `normalise` is unknown, or gives three channels to a network of one.

    Notes
    -----
    With an average and one linear layer, Grad-CAM of finding k at the last feature map A is
    `sum_c W[k, c] A[c] / (h w)`: algebra, no autograd. The head is called `classifier`, so that
    torchvision's DenseNet weights load strictly.
    """

    features: Features

    def __init__(
        self,
        features: Features,
        n_findings: int,
        *,
        normalise: str = "film",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.normalise = _normaliser(normalise, _in_channels(features))
        self.features = features
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(features.out_channels, n_findings)

    @property
    def head(self) -> nn.Linear:
        """The linear layer from the averaged last map (C) to the logits (K)."""
        return self.classifier

    @property
    def head_weight(self) -> Tensor:
        """The head's weight, float32 (K, C)."""
        return self.classifier.weight

    @property
    def head_bias(self) -> Tensor:
        """The head's bias, float32 (K,)."""
        return self.classifier.bias

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, K) of films (N, 1, S, S) in [0, 1]."""
        return self.judge(self.features(self.normalise(x)))

    def judge(self, last_map: Tensor) -> Tensor:
        """Logits (N, K) of the last feature map (N, C, h, w)."""
        logits: Tensor = self.classifier(self.dropout(last_map.mean(dim=(2, 3))))
        return logits

    def embed(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The last feature map, and statistics of every stage for the familiarity score.

        Parameters
        ----------
        x
            float32 (N, 1, S, S) in [0, 1].

        Returns
        -------
        The map (N, C, h, w), for `judge` and for Grad-CAM; and (N, D): for each stage in turn its
        channels' means over the pixels, then their standard deviations, D = 2 × the stages'
        channels together.
        """
        stages = self.features.stages(self.normalise(x))
        return stages[-1], torch.cat([_statistics(stage) for stage in stages], dim=1)


def _in_channels(features: Features) -> int:
    return next(part.in_channels for part in features.modules() if isinstance(part, nn.Conv2d))


def _normaliser(name: str, in_channels: int) -> nn.Module:
    if name == "film":
        return PerFilm()
    if name == "imagenet" and in_channels == 3:
        return ImageNet()
    if name == "imagenet":
        raise RecipeError(
            "network.normalise: 'imagenet' gives three channels, and this network takes one; "
            "use 'film'."
        )
    known = ", ".join(get_args(Normalisation))
    raise RecipeError(f"network.normalise: found {name!r}; expected one of {known}.")


def _statistics(stage: Tensor) -> Tensor:
    mean = stage.mean(dim=(2, 3))
    variance = (stage - mean[:, :, None, None]).square().mean(dim=(2, 3))
    return torch.cat([mean, (variance + 1e-6).sqrt()], dim=1)
