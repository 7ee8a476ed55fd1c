"""`Classifier`: films in, one logit per finding out; normalise → features → pool → layers.

In: float32 (N, 1, S, S), displayed luminance in [0, 1]. Out: float32 (N, K) logits. Everything
between is inside, so that a graph traced from a `Classifier` needs no step before it.
"""

from collections.abc import Iterator, MutableMapping, Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from plainfilm.errors import RecipeError
from plainfilm.networks.encoded import Places
from plainfilm.networks.heads import AVERAGE, HeadPlan, Pool, make_layers
from plainfilm.networks.normalise import normaliser

SAFE_SIZE = 96  # pixels; no network here needs larger films


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


class KeyNames(NamedTuple):
    """What the keys of a state dict begin with: those of the body, and those of the head."""

    body: str = "features."
    head: str = "classifier."


NORMALISATION = "normalise."  # keys of what a normalisation found in training begin so
FACTS = "facts."  # keys of what facts of a film count begin so
OWN_KEYS = (NORMALISATION, FACTS)
"""Beginnings of the keys that no published weights have: they are called alike in every network."""

INNER = KeyNames()  # how the modules themselves are called


class Classifier(nn.Module):
    """A network with its normalisation before it and its head after it.

    Parameters
    ----------
    features
        The body; an `nn.Module` that follows `Features`.
    n_findings
        K, the number of logits.
    normalise
        "film": each film by its own mean and deviation; "imagenet": fixed, three channels;
        "unit": 0 to 1 as it is; "signed": -1 to 1; "xrv": torchxrayvision's -1024 to 1024; "pixel":
        each pixel by its mean and deviation over the training films.
    dropout
        In [0, 1), in training only; on the averaged features, or on the hidden layers of a head
        that has some (see `heads.make_layers`).
    head
        From the last feature map to the logits; by default an average and one linear layer.
    size
        S; the head of a "flatten" plan and the normalisation "pixel" fit films of this side only.

    Raises
    ------
    RecipeError
        `normalise` is unknown, or gives three channels to a network of one; films of `size` are
        too small for the network.

    Notes
    -----
    Keys of the state dict are torchvision's (`KeyNames`), so that its weight files load strictly.
    """

    features: Features

    def __init__(
        self,
        features: Features,
        n_findings: int,
        *,
        normalise: str = "film",
        dropout: float = 0.0,
        head: HeadPlan = AVERAGE,
        size: int = 224,
    ) -> None:
        super().__init__()
        self.normalise = normaliser(normalise, _in_channels(features), size)
        self.features = features
        self.pool = Pool(head)
        self.dropout = nn.Dropout(head.pool_dropout if head.hidden else dropout)
        width = _pooled_width(self.pool, features, size)
        self.classifier = make_layers(head, width, n_findings, dropout)
        self.facts: nn.Linear | None = None
        self.key_names = INNER

    def take_facts(self, n_columns: int) -> None:
        """Let facts of a film, float32 (N, n_columns), count in every logit; once, after building.

        They pass one linear layer without bias, whose answer is added to the logits; of a head that
        is one linear layer that is the same as setting them beside what was pooled. It begins with
        zeros, so that nothing is drawn, and a column that is 0 on all training films never counts.
        """
        n_logits = self.head.out_features
        self.facts = nn.Linear(n_columns, n_logits, bias=False, device="meta")  # nothing is drawn
        self.facts.weight = nn.Parameter(torch.zeros(n_logits, n_columns))

    @property
    def has_map(self) -> bool:
        """Whether there is a last feature map that a Grad-CAM can be drawn on."""
        return any(isinstance(part, nn.Conv2d | Places) for part in self.features.modules())

    @property
    def is_linear(self) -> bool:
        """Whether the head is an average and one linear layer."""
        return isinstance(self.classifier, nn.Linear) and self.pool.kind == "average"

    @property
    def head(self) -> nn.Linear:
        """The linear layer that gives the logits (K)."""
        last = self.classifier if isinstance(self.classifier, nn.Linear) else self.classifier[-1]
        if not isinstance(last, nn.Linear):
            raise TypeError(f"found {type(last).__name__} as the last layer; expected Linear")
        return last

    @property
    def head_weight(self) -> Tensor:
        """The last layer's weight, float32 (K, V)."""
        return self.head.weight

    @property
    def head_bias(self) -> Tensor:
        """The last layer's bias, float32 (K,)."""
        return self.head.bias

    @property
    def fact_keys(self) -> tuple[str, ...]:
        """Keys of what facts count, in the state dict; () where the network takes none."""
        return () if self.facts is None else (f"{FACTS}weight",)

    @property
    def logit_keys(self) -> tuple[str, str]:
        """Keys of the last layer's weight and bias in the state dict."""
        prefix = self.key_names.head
        if isinstance(self.classifier, nn.Sequential):
            prefix += f"{len(self.classifier) - 1}."
        return f"{prefix}weight", f"{prefix}bias"

    def is_head_key(self, key: str) -> bool:
        """Whether a key of the state dict is one of the head's."""
        return key.startswith(self.key_names.head)

    def use_key_names(self, names: KeyNames) -> None:
        """Give and take state dicts under these names; once, right after building."""
        self.key_names = names
        self.register_state_dict_post_hook(_name_outwards)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(_name_inwards)  # type: ignore[no-untyped-call]

    def forward(self, x: Tensor, facts: Tensor | None = None) -> Tensor:
        """Logits (N, K) of films (N, 1, S, S) in [0, 1]; `facts` as in `judge`."""
        return self.judge(self.features(self.normalise(x)), facts)

    def judge(self, last_map: Tensor, facts: Tensor | None = None) -> Tensor:
        """Logits (N, K) of the last feature map (N, C, h, w).

        `facts` (N, n_columns) are what is known of the films, where the network takes any; None =
        nothing, which counts as zeros do.
        """
        logits: Tensor = self.classifier(self.dropout(self.pool(last_map)))
        if self.facts is None or facts is None:
            return logits
        told: Tensor = self.facts(facts)
        return logits + told

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
        return embedded(self.features.stages(self.normalise(x)))


def embedded(stages: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Of the stages' maps (N, C_i, h_i, w_i) what `Classifier.embed` gives."""
    return stages[-1], torch.cat([_statistics(stage) for stage in stages], dim=1)


def last_map_shape(features: Features, size: int) -> tuple[int, ...]:
    """The last feature map's (C, h, w) for films of one side; nothing is drawn or changed.

    Raises
    ------
    RuntimeError
        The films are too small for the network.
    """
    body = features if isinstance(features, nn.Module) else nn.Identity()
    device = next((weight.device for weight in body.parameters()), None)
    film = torch.zeros(1, _in_channels(features), size, size, device=device)
    training = body.training
    body.eval()  # BatchNorm needs no second film and keeps its statistics
    try:
        with torch.no_grad():
            last_map: Tensor = body(film)
    finally:
        body.train(training)
    return tuple(last_map.shape[1:])


def _pooled_width(pool: Pool, features: Features, size: int) -> int:
    """V, which only a "flatten" pool must look at a map for; small films are tried on all."""
    if pool.kind != "flatten" and size >= SAFE_SIZE:
        return features.out_channels * (2 if pool.kind == "concat" else 1)
    try:
        return pool.width(last_map_shape(features, size))
    except RuntimeError as error:
        found = f"films of {size} pixels are too small for this network"
        raise RecipeError(f"data.size: {found}; take larger ones.") from error


def _name_outwards(
    module: nn.Module, state: MutableMapping[str, Tensor], prefix: str, _metadata: object
) -> None:
    if isinstance(module, Classifier):
        _rename(state, prefix, INNER, module.key_names)


def _name_inwards(
    module: nn.Module, state: MutableMapping[str, Tensor], prefix: str, *_others: object
) -> None:
    if isinstance(module, Classifier):
        _rename(state, prefix, module.key_names, INNER)


def _rename(
    state: MutableMapping[str, Tensor], prefix: str, before: KeyNames, after: KeyNames
) -> None:
    for key in [key for key in state if key.startswith(prefix)]:
        value, inner = state.pop(key), key.removeprefix(prefix)
        if inner.startswith(OWN_KEYS):
            state[key] = value
            continue
        # The head first: a body without a prefix of its own is all the rest.
        for old, new in ((before.head, after.head), (before.body, after.body)):
            if inner.startswith(old):
                inner = new + inner.removeprefix(old)
                break
        state[prefix + inner] = value


def _in_channels(features: Features) -> int:
    convolutions = (part for part in features.modules() if isinstance(part, nn.Conv2d))
    return next((part.in_channels for part in convolutions), 1)


def _statistics(stage: Tensor) -> Tensor:
    mean = stage.mean(dim=(2, 3))
    variance = (stage - mean[:, :, None, None]).square().mean(dim=(2, 3))
    return torch.cat([mean, (variance + 1e-6).sqrt()], dim=1)
