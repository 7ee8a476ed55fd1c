"""What a network does first with a film: bring its tones to the range that its weights expect.

In: float32 (N, 1, H, W), displayed luminance in [0, 1].
"""

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from plainfilm.errors import RecipeError

Normalisation = Literal["film", "imagenet", "unit", "signed", "xrv", "pixel", "batch"]

FLAT_FILM = 1e-3  # luminance; a film that varies less than a grey step becomes (nearly) all zero
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
# Factor and offset: 0 to 1, -1 to 1, and torchxrayvision's -1024 to 1024.
SCALES = {"unit": (1.0, 0.0), "signed": (2.0, -1.0), "xrv": (2048.0, -1024.0)}


def normaliser(name: str, in_channels: int, size: int) -> nn.Module:
    """The module of a name, for a network whose first layer takes so many channels.

    `size` is the films' side, which only "pixel" must know.

    Raises
    ------
    RecipeError
        The name is unknown, or means three channels and the network takes one.
    """
    if name == "film":
        return PerFilm()
    if name == "pixel":
        return PerPixel(size)
    if name == "batch":
        return PerBatch()
    if name == "imagenet" and in_channels == 3:
        return ImageNet()
    if name == "imagenet":
        raise RecipeError(
            "network.normalise: 'imagenet' gives three channels, and this network takes one; "
            "use 'film'."
        )
    if name in SCALES:
        return Scaled(*SCALES[name])
    known = ", ".join(get_args(Normalisation))
    raise RecipeError(f"network.normalise: found {name!r}; expected one of {known}.")


class PerFilm(nn.Module):
    """Each film to mean 0 and standard deviation 1, over its own pixels.

    The mean is that of the rows' means: engines add a long row of numbers up in different orders,
    and single precision shows it in the fifth decimal; two short ones keep them together.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Films (N, 1, H, W) → the same shape, mean 0, standard deviation 1."""
        centred = x - _mean(x)
        return centred / (_mean(centred.square()) + FLAT_FILM**2).sqrt()


def _mean(x: Tensor) -> Tensor:
    return x.mean(dim=3, keepdim=True).mean(dim=(1, 2), keepdim=True)


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


class Scaled(nn.Module):
    """Luminance times a factor plus an offset, for weights that were trained so."""

    def __init__(self, factor: float, offset: float) -> None:
        super().__init__()
        self.factor, self.offset = factor, offset

    def forward(self, x: Tensor) -> Tensor:
        """Films (N, 1, H, W) → the same shape."""
        return x * self.factor + self.offset


class PerPixel(nn.Module):
    """Each pixel by its own mean and deviation over the training films; of one size only.

    Parameters
    ----------
    size
        S. Until they are told, the means are 0 and the deviations 1.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        # Persistent, unlike ImageNet's: they are found in training, and belong to the weights.
        self.register_buffer("mean", torch.zeros(1, size, size))
        self.register_buffer("deviation", torch.ones(1, size, size))

    def tell(self, mean: Tensor, deviation: Tensor) -> None:
        """Set both, float (S, S) of luminance; no deviation is 0."""
        self.mean.copy_(mean.unsqueeze(0))
        self.deviation.copy_(deviation.unsqueeze(0))

    def forward(self, x: Tensor) -> Tensor:
        """Films (N, 1, S, S) → the same shape."""
        return (x - self.mean) / self.deviation


class PerBatch(nn.Module):
    """By one mean and one deviation of all pixels, over a batch of training films.

    The three channels of a grey film are alike, and so are their statistics. A batch has them and
    a film has not, so those of one batch are kept with the weights.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(1))  # persistent, as those of `PerPixel`
        self.register_buffer("deviation", torch.ones(1))

    def tell(self, films: Tensor) -> None:
        """Take both from films (N, 1, S, S); where these hardly vary, the deviation stays 1."""
        self.mean.fill_(films.double().mean())
        deviation = films.double().std()
        self.deviation.fill_(deviation if deviation > FLAT_FILM else 1.0)

    def forward(self, x: Tensor) -> Tensor:
        """Films (N, 1, H, W) → the same shape."""
        return (x - self.mean) / self.deviation
