"""The whole way from displayed pixels to the answers, as one torch module: `ReadingGraph`.

Everything between a displayed radiograph and a calibrated answer is inside, so that whatever runs
the exported graph (`onnx_file.to_onnx`) needs no step of its own.

```
radiographs ─ Fit ─┬─ Classifier(s) ─┬─ score ─ probability
  (N, 1, H, W)     │                 ├─ map
                   │                 └─ statistics of the stages ─┐
                   └─ Appearance ─────────────────────────────────┴─ familiarity
facts (N, k) ────────── Classifier(s), where they take any: added to the score
```
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from plainfilm.evaluation.calibration import Platt
from plainfilm.networks import Classifier
from plainfilm.networks.heads import logit_gradients
from plainfilm.reading.bundle import FitPolicy
from plainfilm.training.familiarity import Familiarity

INPUT = "radiographs"
FACTS = "facts"
OUTPUTS = ("probability", "score", "map", "familiarity")

Link = Literal["sigmoid", "softmax"]


class Answers(NamedTuple):
    """What the graph gives; float32, K findings.

    `probability` and `score` (N, K), `map` (N, K, h, w) or None where the networks have none,
    `familiarity` (N,) or None where it is not measured.
    """

    probability: Tensor
    score: Tensor
    map: Tensor | None
    familiarity: Tensor | None


class Fit(nn.Module):
    """Films of any size into the network's square; a film of S x S passes unchanged.

    The resize is the triangle filter, widened where the film shrinks (antialiased bilinear).

    Parameters
    ----------
    size
        S, the side of the square in pixels.
    policy
        squash: the aspect ratio is given up. pad: black is added at both sides of the short side
        first. crop: the central square is taken first.
    """

    def __init__(self, size: int, policy: FitPolicy = FitPolicy.SQUASH) -> None:
        super().__init__()
        self.size = size
        self.policy = policy

    def forward(self, radiographs: Tensor) -> Tensor:
        """(N, 1, H, W) → (N, 1, S, S)."""
        square = self._squared(radiographs)
        return F.interpolate(
            square, (self.size, self.size), mode="bilinear", align_corners=False, antialias=True
        )

    def _squared(self, films: Tensor) -> Tensor:
        if self.policy == FitPolicy.SQUASH:
            return films
        height, width = films.shape[2], films.shape[3]
        longest = self.policy == FitPolicy.PAD
        choose = torch.sym_max if longest else torch.sym_min
        side = choose(height, width)  # type: ignore[no-untyped-call]
        tall, wide = side - height, side - width  # below 0 where F.pad shall cut off
        return F.pad(films, (wide // 2, wide - wide // 2, tall // 2, tall - tall // 2))


class ReadingGraph(nn.Module):
    """Radiographs in; probability, score, map and familiarity out.

    Parameters
    ----------
    classifiers
        One network, or several whose logits and maps are averaged; of the same findings and the
        same map size. They are put into evaluation mode. Where one has no feature map, the graph
        has no maps.
    fit
        How films become the networks' input.
    calibration
        One per finding: probability = link(slope x score + intercept).
    familiarity
        From the fitted film and the stages' statistics to a percentile; None = not measured.
    link
        "sigmoid": each finding by itself. "softmax": a film shows exactly one of them.

    Notes
    -----
    Where the head is an average over the pixels and one linear layer, Grad-CAM of finding k needs
    no gradient: its weight for channel c is W[k, c] / (h w), and the map
    `sum_c W[k, c] A[c] / (h w)` is signed and adds up to the logit less the head's bias, and less
    what the facts add, which has no place on a film. Other
    heads' gradients are written out by hand (`networks.heads`).

    References
    ----------
    Selvaraju et al. 2017 (arXiv 1610.02391), section 3.1 and appendix A; the ReLU is left out.
    """

    slope: Tensor
    intercept: Tensor

    def __init__(
        self,
        classifiers: Sequence[Classifier],
        fit: Fit,
        calibration: Sequence[Platt],
        familiarity: Familiarity | None,
        link: Link = "sigmoid",
    ) -> None:
        super().__init__()
        self.classifiers = nn.ModuleList(classifiers)
        self.fit = fit
        self.link = link
        self.register_buffer("slope", torch.tensor([platt.slope for platt in calibration]))
        self.register_buffer("intercept", torch.tensor([platt.intercept for platt in calibration]))
        self.familiarity = familiarity
        self.has_map = all(classifier.has_map for classifier in classifiers)
        self.eval().requires_grad_(False)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what the graph gives: those of `OUTPUTS` that it has."""
        has = {"map": self.has_map, "familiarity": self.familiarity is not None}
        return tuple(name for name in OUTPUTS if has.get(name, True))

    def forward(self, radiographs: Tensor, facts: Tensor | None = None) -> Answers:
        """Answers for float32 (N, 1, H, W) in [0, 1], 0 = black; `facts` as `Classifier.judge`."""
        films = self.fit(radiographs)
        return self.answer(films, [network.embed(films) for network in self.networks], facts)

    @property
    def n_facts(self) -> int:
        """Columns of the facts that the networks take; 0 = they take none."""
        layer = self.networks[0].facts
        return 0 if layer is None else layer.in_features

    @property
    def networks(self) -> tuple[Classifier, ...]:
        """The classifiers."""
        return tuple(each for each in self.classifiers if isinstance(each, Classifier))

    def answer(
        self,
        films: Tensor,
        embedded: Sequence[tuple[Tensor, Tensor]],
        facts: Tensor | None = None,
    ) -> Answers:
        """Answers for fitted films (N, 1, S, S) and what each classifier's `embed` gave of them."""
        pairs = [(net, last) for net, (last, _) in zip(self.networks, embedded, strict=True)]
        score = _mean([network.judge(last, facts) for network, last in pairs])
        maps = _mean([evidence(network, last) for network, last in pairs]) if self.has_map else None
        stages = [pooled for _, pooled in embedded]
        familiarity = None if self.familiarity is None else self.familiarity(films, stages)
        logits = self.slope * score + self.intercept
        probability = logits.softmax(dim=1) if self.link == "softmax" else logits.sigmoid()
        return Answers(probability, score, maps, familiarity)


def evidence(classifier: Classifier, last_map: Tensor) -> Tensor:
    """Signed Grad-CAM (N, K, h, w) of every logit at the last feature map (N, C, h, w).

    Raises
    ------
    ValueError
        The classifier has no feature map, or is in training mode.
    """
    if not classifier.has_map:
        raise ValueError("this network has no feature map")
    if classifier.is_linear:
        n_pixels = last_map.shape[2] * last_map.shape[3]
        return F.conv2d(last_map, classifier.head_weight[:, :, None, None] / n_pixels)
    gradients = logit_gradients(classifier.classifier, classifier.pool(last_map))
    weights = classifier.pool.channel_gradients(gradients, last_map)
    height, width = last_map.shape[2:]
    return (weights @ last_map.flatten(2)).reshape(-1, weights.shape[1], height, width)


def _mean(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.stack(parts).mean(dim=0)
