"""`Recipe`: everything that decides a training, as one TOML file with closed groups.

The same recipe, data and machine give the same weights, bit for bit. Every key has a default, is
documented in docs/reference/recipe.md and is used; `Recipe().to_toml()` prints them all.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from plainfilm.errors import EvaluationError, RecipeError
from plainfilm.evaluation.thresholds import rule_in_words
from plainfilm.reading.header import check_name
from plainfilm.training.augment import Augment
from plainfilm.training.balance import Attribute
from plainfilm.training.class_weights import Scheme
from plainfilm.training.copies import Equalise
from plainfilm.training.encoder_settings import NAME as ENCODER
from plainfilm.training.encoder_settings import Encoder, check_used
from plainfilm.training.network_settings import Network
from plainfilm.training.optim_settings import Optim
from plainfilm.training.side import SideTarget
from plainfilm.training.side_inputs import SideInput
from plainfilm.training.toml import (
    differences,
    expect,
    parse,
    read_table,
    settings_between,
    with_settings,
    write_table,
)

LossName = Literal["bce", "focal", "asymmetric", "cross-entropy"]


@dataclass(frozen=True)
class Data:
    """Which films: the data set the recipe is for ("" = any), and the side S of the cache.

    `side_targets` lists what is learnt beside the findings, see `training.side`. `side_inputs`
    lists what the network is told beside the pixels, in training and by every reader later;
    `side_inputs_hidden_share` is the share of the training films, drawn anew each time, of which it
    is told nothing, so that it learns to do without; see `training.side_inputs`. `equalise` takes
    films of the rarer class more than once, see `training.copies`.
    """

    data_set: str = ""
    size: int = 160
    side_targets: tuple[SideTarget, ...] = ()
    equalise: Equalise = "no"
    side_inputs: tuple[SideInput, ...] = ()
    side_inputs_hidden_share: float = 0.5

    def __post_init__(self) -> None:
        expect(self.size >= 16, "data.size", self.size, "at least 16 pixels")
        found, share = self.side_inputs, self.side_inputs_hidden_share
        if len(set(found)) < len(found):
            raise RecipeError(f"data.side_inputs: found {', '.join(found)}; expected each once.")
        for name in found:
            if name in self.side_targets:
                words = f"{name!r} is a side target as well, and what is told need not be learnt"
                raise RecipeError(f"data.side_inputs: {words}; take it out of one of the two.")
        why = "above 0 and below 1: without hidden films a film without a header is read by chance"
        expect(0 < share < 1, "data.side_inputs_hidden_share", share, why)

    @property
    def told(self) -> tuple[SideInput, ...]:
        """The side inputs in the order of `reading.facts.FACTS`."""
        return tuple(name for name in get_args(SideInput) if name in self.side_inputs)


@dataclass(frozen=True)
class Loss:
    """What is minimised, over the known labels.

    `name` "bce": binary cross-entropy, each finding by itself; "focal" and "asymmetric": the same
    with less weight for what is easy, `focus` (γ of the present, γ of the absent, clip; () =
    those of `training.losses`); "cross-entropy": of findings that exclude each other.
    `label_smoothing` s moves labels to [s/2, 1 - s/2]. `pos_weight` names a scheme of
    `training.class_weights`, `weight_b` is the b of "mura". `distil_share` is the teachers' part
    of the target. `side_weight` is what a side target counts beside a finding's 1. `balance` lists
    attributes that shall not tell a finding, see `training.balance`.
    """

    name: LossName = "bce"
    focus: tuple[float, ...] = ()
    label_smoothing: float = 0.0
    pos_weight: Scheme = "none"
    weight_b: float = 0.0
    distil_share: float = 0.5
    side_weight: float = 0.3
    balance: tuple[Attribute, ...] = ()

    def __post_init__(self) -> None:
        _check_focus(self.name, self.focus)
        one_sided = self.pos_weight in ("none", "balanced", "inverse")
        if self.name == "cross-entropy" and not one_sided:
            expected = 'none, balanced or inverse with "cross-entropy"'
            raise RecipeError(f"loss.pos_weight: found {self.pos_weight!r}; expected {expected}.")
        expect(self.weight_b >= 0, "loss.weight_b", self.weight_b, "0 or more")
        if self.weight_b and self.pos_weight != "mura":
            raise RecipeError('loss.weight_b: only pos_weight = "mura" has a b; leave it 0.')
        smoothing, share = self.label_smoothing, self.distil_share
        expect(0 <= smoothing < 1, "loss.label_smoothing", smoothing, "in [0, 1)")
        expect(0 <= share <= 1, "loss.distil_share", share, "in [0, 1]")
        expect(self.side_weight >= 0, "loss.side_weight", self.side_weight, "0 or more")


@dataclass(frozen=True)
class PopulationText:
    """Whom the bundle is for; `age_years` from, to; left out = any."""

    body_parts: tuple[str, ...] = ("chest",)
    views: tuple[str, ...] = ()
    age_years: tuple[float, float] | None = None
    words: str = ""


@dataclass(frozen=True)
class LicenceText:
    """The licences a bundle states."""

    code: str = "Apache-2.0"
    weights: str = ""
    training_data: str = ""


@dataclass(frozen=True)
class Release:
    """What export writes into the bundle; may be changed after the training."""

    name: str = "untitled"
    version: str = "0.1.0"
    display: str = ""
    intended_use: str = "Research and teaching. Not a medical device."
    limits: tuple[str, ...] = ()
    threshold_rule: str = "youden-plateau"
    calibration: Literal["validation", "cross-fit-test", "none"] = "validation"
    citation: str = ""
    population: PopulationText = field(default_factory=PopulationText)
    licences: LicenceText = field(default_factory=LicenceText)

    def __post_init__(self) -> None:
        try:
            rule_in_words(self.threshold_rule)
        except EvaluationError as error:
            raise RecipeError(f"release.threshold_rule: {error}") from error
        try:
            check_name(self.name, self.version)
        except ValueError as error:
            raise RecipeError(f"release.{error}.") from error


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training; see each group."""

    data: Data = field(default_factory=Data)
    network: Network = field(default_factory=Network)
    encoder: Encoder = field(default_factory=Encoder)
    augment: Augment = field(default_factory=Augment)
    optim: Optim = field(default_factory=Optim)
    loss: Loss = field(default_factory=Loss)
    release: Release = field(default_factory=Release)

    def __post_init__(self) -> None:
        if self.data.equalise != "no" and self.loss.pos_weight != "none":
            words = "classes that are evened out need no loss.pos_weight; take one of the two"
            raise RecipeError(f"data.equalise: {words}.")
        if self.augment.turn_over_share and "chest" in self.release.population.body_parts:
            advice = "leave it 0, or say in release.population which body parts the films show"
            raise RecipeError(
                f"augment.turn_over_share: no one reads a chest upside down; {advice}."
            )
        self._check_encoder()
        for name in self.loss.balance:
            if name in self.data.side_inputs:
                words = f"{name!r} shall not tell a finding (loss.balance), and is told"
                raise RecipeError(f"data.side_inputs: {words}; take it out of one of the two.")
        if self.loss.name != "cross-entropy":
            return
        for key, found in (
            ("data.side_targets", self.data.side_targets),
            ("network.distil_from", self.network.distil_from),
            ("network.distil_table", self.network.distil_table),
            ("loss.balance", self.loss.balance),
        ):
            if found:
                raise RecipeError(f'{key}: does not go with loss.name = "cross-entropy".')

    def _check_encoder(self) -> None:
        if self.network.name == ENCODER:
            self.encoder.check_stated()
            changed = (text.partition(":")[0] for text in differences(Recipe(), self))
            check_used(changed, self.network.head)
        elif self.encoder != Encoder():
            found = f"network.name is {self.network.name!r}"
            raise RecipeError(f'encoder: {found}; only network.name = "{ENCODER}" has one.')

    @staticmethod
    def load(path: Path | str, *, settings: Iterable[str] = ()) -> "Recipe":
        """The recipe of a TOML file, with single values replaced by "group.key=value" settings.

        Raises
        ------
        RecipeError
            No such file, not TOML, an unknown key, a wrong type or an impossible value.
        """
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(
                f"{path.name}: cannot be read as a recipe ({_why(error)})."
            ) from error
        return Recipe.from_toml(text, source=path.name, settings=settings)

    @staticmethod
    def from_toml(text: str, *, source: str = "recipe", settings: Iterable[str] = ()) -> "Recipe":
        """The recipe of a TOML text; `source` is its name in messages. Raises as `load`."""
        table = parse(text, source)
        try:
            return read_table(Recipe, with_settings(table, settings))
        except RecipeError as error:
            raise RecipeError(f"{source}: {error}") from error

    def to_toml(self) -> str:
        """The whole recipe as TOML, defaults too; `from_toml` gives it back."""
        return write_table(self)

    def differences(self, other: "Recipe") -> list[str]:
        """What would train differently: "group.key: this and that"; [release] does not count."""
        return differences(replace(self, release=other.release), other)

    def settings_to(self, other: "Recipe") -> list[str]:
        """The settings, "group.key=value", that make another training's recipe of this one."""
        return settings_between(replace(self, release=other.release), other)


def _check_focus(name: LossName, focus: tuple[float, ...]) -> None:
    if not focus:
        return
    words = ", ".join(f"{value:g}" for value in focus)
    if name not in ("focal", "asymmetric"):
        raise RecipeError(f"loss.focus: found [{words}]; loss.name {name!r} has none.")
    whole = len(focus) == 3 and min(focus) >= 0 and focus[2] < 1
    if not whole:
        expected = "[γ of the present, γ of the absent, clip], γ 0 or more, clip in [0, 1)"
        raise RecipeError(f"loss.focus: found [{words}]; expected {expected}.")
    if name == "focal" and (focus[0] != focus[1] or focus[2]):
        raise RecipeError(f"loss.focus: found [{words}]; focal loss has one γ and no clip.")


def _why(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or "unreadable") if isinstance(error, OSError) else "not UTF-8 text"
