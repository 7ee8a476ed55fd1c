from plainfilm.training.cautions import cautions, one_sided, untaught_limits
from plainfilm.training.recipe import Recipe
from plainfilm.training.record import LossUsed


def told(*settings: str) -> tuple[str, ...]:
    return cautions(Recipe.from_toml("", settings=settings))


def test_the_default_recipe_has_no_caution() -> None:
    assert told() == ()


def test_mirroring_warns_of_situs_and_side() -> None:
    """S0-29: off unless the recipe asks for it, and told where it does."""
    (words,) = told("augment.mirror_share=0.5")

    assert words.startswith("augment.mirror_share is 0.5: a mirrored chest has its heart at right")
    assert "situs inversus" in words
    assert "which side" in words
    (of_hands,) = told("augment.mirror_share=0.5", 'release.population.body_parts=["hand"]')
    assert of_hands.endswith("0.5: so the network learns not which side a finding is on")


def test_a_rate_of_a_tenth_is_told_to_be_high_for_adam() -> None:
    """S0-42: the published text's peak, which its figure does not have."""
    (words,) = told("optim.lr=0.1")

    assert words.startswith("optim.lr is 0.1: far above what is usual for Adam")
    assert told("optim.lr=0.003") == ()


def test_findings_that_no_label_teaches_are_told_one_by_one() -> None:
    loss = LossUsed("bce", (), present=(3, 0, 7, 0), absent=(4, 6, 0, 0), unknown=(0, 1, 0, 7))

    assert one_sided(loss, ("mass", "nodule", "hernia", "edema")) == (
        "nodule is present on none of the 6 training films it is known of, so no label taught the "
        "network to tell it",
        "hernia is present on all of the 7 training films it is known of, so no label taught the "
        "network to tell it",
        "edema is known of no training film, so no label taught the network to tell it",
    )
    assert untaught_limits(loss, ("mass", "nodule", "hernia", "edema"))[2] == (
        "Edema is known of no training film, so no label taught the network to tell it."
    )
