"""What is allowed and seldom meant, of a recipe and of its films: told before the first epoch."""

from collections.abc import Sequence

from plainfilm.training.recipe import Recipe
from plainfilm.training.record import LossUsed

HIGH_RATE = 0.03  # Adam's own paper has 1e-3; range tests of our networks suggest 1e-4 to 1e-2


def cautions(recipe: Recipe) -> tuple[str, ...]:
    """A sentence for each; () for most recipes.

    References
    ----------
    Kingma and Ba 2014 (arXiv 1412.6980), algorithm 1: "good default settings" are a rate of 0.001.
    """
    found = []
    if recipe.augment.mirror_share:
        is_chest = "chest" in recipe.release.population.body_parts
        why = "a mirrored chest has its heart at right, so" if is_chest else "so"
        what = "neither situs inversus nor" if is_chest else "not"
        found.append(
            f"augment.mirror_share is {recipe.augment.mirror_share:g}: {why} the network learns "
            f"{what} which side a finding is on"
        )
    if recipe.data.side_inputs:
        told = " and ".join(recipe.data.side_inputs)
        found.append(
            f"data.side_inputs: the network is told {told}; a data set's habits go with them, so "
            'see what "age, sex and view alone" tell (plainfilm audit), and the AUROC without them'
        )
    if recipe.optim.lr > HIGH_RATE:
        found.append(
            f"optim.lr is {recipe.optim.lr:g}: far above what is usual for Adam (1e-4 to 1e-2); "
            "`plainfilm tune range` suggests one"
        )
    return tuple(found)


def one_sided(loss: LossUsed, names: Sequence[str]) -> tuple[str, ...]:
    """A sentence for each finding that the training films do not show, or that all of them show."""
    found = []
    for name, n_present, n_absent in zip(names, loss.present, loss.absent, strict=True):
        if n_present and n_absent:
            continue
        films = f"{name} is known of no training film"
        if n_present or n_absent:
            shown = "present on all" if n_present else "present on none"
            films = f"{name} is {shown} of the {n_present + n_absent} training films it is known of"
        found.append(f"{films}, so no label taught the network to tell it")
    return tuple(found)


def untaught_limits(loss: LossUsed, names: Sequence[str]) -> tuple[str, ...]:
    """The same of a bundle, which answers to these findings all the same."""
    return tuple(f"{words[:1].upper()}{words[1:]}." for words in one_sided(loss, names))
