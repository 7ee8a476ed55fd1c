"""What a recipe asks for that is allowed and seldom meant: told before the first epoch."""

from plainfilm.training.recipe import Recipe

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
