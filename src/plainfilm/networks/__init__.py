"""Names → torch modules: `build("film-net", n_findings=14)` gives a `Classifier`.

A new network is one file with its body, one line in `NETWORKS`, one test file.
"""

from collections.abc import Callable
from difflib import get_close_matches

from plainfilm.errors import RecipeError
from plainfilm.networks.classifier import Classifier, Features, Normalisation
from plainfilm.networks.pretrained import DenseNetFeatures
from plainfilm.networks.small import FilmNet

__all__ = ["NETWORKS", "Classifier", "Features", "Normalisation", "build"]

NETWORKS: dict[str, Callable[[], Features]] = {
    "film-net": FilmNet,
    "densenet121": DenseNetFeatures,
}


def build(
    name: str, n_findings: int, *, normalise: str = "film", dropout: float = 0.0
) -> Classifier:
    """A freshly initialised network, by its name in a recipe.

    Parameters
    ----------
    name
        A key of `NETWORKS`.
    n_findings
        K, the number of logits.
    normalise, dropout
        As in `Classifier`.

    Raises
    ------
    RecipeError
        No network has this name.

    Notes
    -----
    The weights are drawn from torch's global random state: seed it first for a reproducible start.
    """
    if name not in NETWORKS:
        near = get_close_matches(name, NETWORKS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        known = ", ".join(NETWORKS)
        raise RecipeError(f"network.name: found {name!r}; expected one of {known}.{hint}")
    return Classifier(NETWORKS[name](), n_findings, normalise=normalise, dropout=dropout)
