"""Grad-CAM by autograd: slow and obvious, the reference that the graph's algebra is held to."""

import torch
from torch import Tensor

from plainfilm.networks import Classifier


def gradcam(classifier: Classifier, films: Tensor) -> Tensor:
    """The signed Grad-CAM map of every finding's logit at the last feature map.

    Parameters
    ----------
    classifier
        In evaluation mode; it is not changed.
    films
        float32 (N, 1, S, S) in [0, 1].

    Returns
    -------
    float32 (N, K, h, w). No ReLU: what speaks against a finding is negative. Under a head of an
    average and one linear layer, a map adds up to its logit less the head's bias.

    Raises
    ------
    ValueError
        The classifier is in training mode, or has no feature map.

    References
    ----------
    Selvaraju et al. 2017 (arXiv 1610.02391), equations 1 and 2, without the ReLU of 2.
    """
    if classifier.training:
        raise ValueError("gradcam needs classifier.eval(): dropout and batch statistics move maps")
    if not classifier.has_map:
        raise ValueError("this network has no feature map")
    with torch.enable_grad():
        features = classifier.features(classifier.normalise(films)).detach().requires_grad_()
        logits = classifier.judge(features)
        maps = [_map_of(logits[:, k], features) for k in range(logits.shape[1])]
    return torch.stack(maps, dim=1)


def _map_of(logit: Tensor, features: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(logit.sum(), features, retain_graph=True)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return (weights * features).sum(dim=1).detach()
