"""Grad-CAM at any stage, guided backpropagation and activation maps, by autograd.

References
----------
Selvaraju et al. 2017 (arXiv 1610.02391): Grad-CAM, and guided Grad-CAM as the product of the two;
Springenberg et al. 2015 (arXiv 1412.6806): guided backpropagation.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from plainfilm.errors import RunError
from plainfilm.networks import Classifier

_RELUS = {torch.relu, torch.relu_, F.relu, F.relu_, Tensor.relu, Tensor.relu_}


def gradcam_at(classifier: Classifier, film: Tensor, column: int, stage: int = -1) -> Tensor:
    """The signed Grad-CAM map of one finding's logit at one stage's feature map.

    Parameters
    ----------
    classifier
        In evaluation mode; it is not changed.
    film
        float32 (1, 1, S, S) in [0, 1].
    column
        The finding's place.
    stage
        0 for the first, -1 for the last, whose map is that of `gradcam`.

    Returns
    -------
    float32 (h, w); what speaks against the finding is negative.

    Raises
    ------
    RunError
        The network has no such stage.
    """
    with torch.enable_grad():
        maps, logits = _stages(classifier, film)
        chosen = _at(maps, stage)
        (gradient,) = torch.autograd.grad(logits[0, column], chosen)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return (weights * chosen).sum(dim=1)[0].detach()


def activation_map(classifier: Classifier, film: Tensor, stage: int = -1) -> Tensor:
    """The mean over the channels of one stage's feature map, float32 (h, w)."""
    with torch.no_grad():
        return _at(_stages(classifier, film)[0], stage).mean(dim=1)[0]


def guided_backprop(classifier: Classifier, film: Tensor, column: int) -> Tensor:
    """The logit's gradient at each pixel where every ReLU lets only positive gradients back.

    float32 (S, S).
    """
    pixels = film.detach().clone().requires_grad_()
    with torch.enable_grad(), _GuidedRelus():
        logit = classifier(pixels)[0, column]
        (gradient,) = torch.autograd.grad(logit, pixels)
    return gradient[0, 0].detach()


def guided_gradcam(classifier: Classifier, film: Tensor, column: int, stage: int = -1) -> Tensor:
    """Guided backpropagation times the positive part of Grad-CAM, enlarged: float32 (S, S).

    0 wherever Grad-CAM is not positive.
    """
    coarse = gradcam_at(classifier, film, column, stage).clamp(min=0)
    side = film.shape[-2:]
    heat = F.interpolate(coarse[None, None], side, mode="bilinear", align_corners=False)[0, 0]
    return guided_backprop(classifier, film, column) * heat


def guided_relu(x: Tensor) -> Tensor:
    """max(x, 0), through which only positive gradients go back."""
    passed: Tensor = _GuidedRelu.apply(x)  # type: ignore[no-untyped-call]
    return passed


class _GuidedRelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        passed: Tensor = gradients[0].clamp(min=0) * (x > 0)
        return passed


class _GuidedRelus(TorchFunctionMode):
    """As long as the context lasts, every ReLU is a guided one, wherever it is called."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Carry a call out, a ReLU's as a guided one."""
        if func in _RELUS:
            pixels = args[0] if args else (kwargs or {})["input"]
            return guided_relu(pixels)
        return func(*args, **(kwargs or {}))


def _stages(classifier: Classifier, film: Tensor) -> tuple[Sequence[Tensor], Tensor]:
    if classifier.training:
        raise ValueError("maps need classifier.eval(): dropout and batch statistics move them")
    if not classifier.has_map:
        raise RunError("this network has no feature map")
    start = film.detach().clone().requires_grad_(torch.is_grad_enabled())
    maps = classifier.features.stages(classifier.normalise(start))
    return maps, classifier.judge(maps[-1])


def _at(maps: Sequence[Tensor], stage: int) -> Tensor:
    if not -len(maps) <= stage < len(maps):
        raise RunError(f"stage {stage}: the network has {len(maps)}, 0 to {len(maps) - 1}")
    return maps[stage]
