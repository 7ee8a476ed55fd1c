"""What a training minimises: from a recipe and the films, the `Target` and what is told of it."""

import numpy as np
import torch

from plainfilm.errors import RunError
from plainfilm.findings import LabelSet
from plainfilm.training.batches import Films
from plainfilm.training.class_weights import FORMULAS, ClassWeights, class_weights
from plainfilm.training.learner import Target
from plainfilm.training.losses import ASYMMETRIC, FOCAL, Focus
from plainfilm.training.recipe import Loss, Recipe
from plainfilm.training.record import LossUsed


def make_target(
    recipe: Recipe, films: Films, names: tuple[str, ...], device: torch.device
) -> Target:
    """How the films' labels become what is learnt, without teachers.

    Raises
    ------
    RunError
        The class weights cannot be computed from these films.
    """
    loss = recipe.loss
    weights = _weights(loss, films, names)
    n_side = films.side.shape[1]
    one_sided = all(weight == 1 for weight in weights.absent)
    return Target(
        smoothing=loss.label_smoothing,
        pos_weight=_with_side(weights.present, n_side).to(device),
        neg_weight=None if one_sided else _with_side(weights.absent, n_side).to(device),
        column_weight=_with_side((1.0,) * len(names), n_side, loss.side_weight).to(device),
        focus=_focus(loss),
        exclusive=loss.name == "cross-entropy",
        distil_share=loss.distil_share,
    )


def loss_used(recipe: Recipe, films: Films, names: tuple[str, ...]) -> LossUsed:
    """The loss in words and numbers, for the record.

    Raises
    ------
    RunError
        As `make_target`; or nothing is known of any film, and no teacher or side target either.
    """
    _refuse_nothing_known(recipe, films)
    weights = _weights(recipe.loss, films, names)
    one_sided = all(weight == 1 for weight in weights.absent)
    return LossUsed(
        words=_words(recipe),
        pos_weight=_rounded(weights.present),
        present=tuple((films.labels == 1).sum(axis=0).tolist()),
        absent=tuple((films.labels == 0).sum(axis=0).tolist()),
        unknown=tuple(np.isnan(films.labels).sum(axis=0).tolist()),
        neg_weight=() if one_sided else _rounded(weights.absent),
    )


def check_objective(recipe: Recipe, films: Films, label_set: LabelSet) -> None:
    """Refuse a loss of findings that exclude each other where these do not.

    Raises
    ------
    RunError
        The label set is not exclusive, has one finding, or a film has not exactly one.
    """
    if recipe.loss.name != "cross-entropy":
        return
    if not label_set.exclusive or len(label_set) < 2:
        expected = "two or more findings that exclude each other"
        raise RunError(f'loss.name: "cross-entropy" needs {expected}; these do not. Take "bce".')
    known = films.labels[~np.isnan(films.labels).any(axis=1)]
    wrong = int((known.sum(axis=1) != 1).sum())
    if wrong:
        raise RunError(f"loss.name: {wrong} training films have not exactly one finding.")


def _refuse_nothing_known(recipe: Recipe, films: Films) -> None:
    taught = recipe.network.distil_from or recipe.network.distil_table or recipe.data.side_targets
    if not taught and np.isnan(films.labels).all():
        found = f"none of the {len(films):,} training films has a known label"
        advice = "Look at the label file and its reader, and prepare again"
        raise RunError(f"{found}; expected 1 or 0 of some finding. {advice}.")


def _weights(loss: Loss, films: Films, names: tuple[str, ...]) -> ClassWeights:
    return class_weights(loss.pos_weight, films.labels, names, b=loss.weight_b)


def _with_side(weights: tuple[float, ...], n_side: int, of_side: float = 1.0) -> torch.Tensor:
    """Of the findings, then of the side targets, which are never balanced: float32 (K + A,)."""
    return torch.tensor((*weights, *(of_side,) * n_side))


def _rounded(weights: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(torch.tensor(weights).tolist())  # float32, as they are used


def _focus(loss: Loss) -> Focus | None:
    if loss.name not in ("focal", "asymmetric"):
        return None
    if loss.focus:
        present, absent, clip = loss.focus
        return Focus(present, absent, clip)
    return FOCAL if loss.name == "focal" else ASYMMETRIC


def _words(recipe: Recipe) -> str:
    loss = recipe.loss
    words = f"{_name(loss)}, label smoothing {loss.label_smoothing:g}"
    if loss.pos_weight != "none":
        b = f", b = {loss.weight_b:g}" if loss.pos_weight == "mura" else ""
        words += f', class weights "{loss.pos_weight}" ({FORMULAS[loss.pos_weight]}{b})'
    if recipe.network.distil_from or recipe.network.distil_table:
        words += f", teachers' share {loss.distil_share:g}"
    if loss.balance:
        words += f", films weighted so that {' and '.join(loss.balance)} tells no finding"
    if recipe.data.side_targets:
        names = ", ".join(recipe.data.side_targets)
        words += f", side targets ({names}) at weight {loss.side_weight:g}"
    return words


def _name(loss: Loss) -> str:
    focus = _focus(loss)
    if loss.name == "cross-entropy":
        return "cross-entropy over known labels of findings that exclude each other"
    if focus is None:
        return "binary cross-entropy over known labels"
    if loss.name == "focal":
        return f"focal loss (gamma {focus.present:g}) over known labels"
    gammas = f"gamma {focus.present:g} for the present, {focus.absent:g} for the absent"
    return f"asymmetric loss ({gammas}, clip {focus.clip:g}) over known labels"
