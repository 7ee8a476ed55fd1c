"""An encoder with a head: a `Classifier` whose features come out of an ONNX file.

The encoder itself is run by onnxruntime and has no gradient: only its head learns.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from plainfilm.networks import Classifier
from plainfilm.networks.encoded import arrange
from plainfilm.networks.heads import AVERAGE, HeadPlan
from plainfilm.training.encoder_file import EncoderFile, Session, open_encoder, tones_of
from plainfilm.training.recipe import Recipe


class EncoderFeatures(nn.Module):
    """Films (N, 1, S, S) in [0, 1] to the encoder's map (N, D, h, w), without gradients.

    Parameters
    ----------
    file
        The encoder.
    recipe
        What it is fed with, and what it gives.
    """

    def __init__(self, file: EncoderFile, recipe: Recipe) -> None:
        super().__init__()
        settings = recipe.encoder
        self.file = file
        self.tones = tones_of(settings)
        self.arrange = arrange(settings.gives, file.shape, settings.extra_tokens)
        self.out_channels = file.shape[0 if settings.gives == "map" else -1]
        self._session = Session(file.name, file.model, torch.get_num_threads())

    def forward(self, x: Tensor) -> Tensor:
        """The encoder's map (N, D, h, w); RunError where it fails."""
        pixels = self.tones(x.detach()).cpu().numpy()
        last_map: Tensor = self.arrange(torch.from_numpy(self._session.run(pixels)))
        return last_map

    def stages(self, x: Tensor) -> Sequence[Tensor]:
        """Its one stage."""
        return [self.forward(x)]


def build_on_encoder(recipe: Recipe, n_logits: int) -> Classifier:
    """The recipe's encoder with a freshly drawn head, on the CPU.

    Raises
    ------
    RunError
        See `encoder_file.open_encoder`.
    """
    features = EncoderFeatures(open_encoder(recipe.encoder, recipe.data.size), recipe)
    return Classifier(
        features,
        n_logits,
        normalise="unit",  # the encoder's tones are its own
        dropout=recipe.network.dropout,
        head=head_plan(recipe),
        size=recipe.data.size,
    )


def head_plan(recipe: Recipe) -> HeadPlan:
    """The head: an average over the places and one linear layer, or one hidden layer before it."""
    is_mlp = recipe.network.head == "mlp"
    return HeadPlan(hidden=(recipe.encoder.hidden,)) if is_mlp else AVERAGE


def encoder_of(classifier: Classifier) -> EncoderFeatures | None:
    """The encoder on which a network's head sits; None where it has features of its own."""
    features = classifier.features
    return features if isinstance(features, EncoderFeatures) else None
