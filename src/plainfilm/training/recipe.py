"""`Recipe`: everything that decides a training, as one TOML file with closed groups.

The same recipe, data and machine give the same weights, bit for bit. Every key has a default, is
documented in docs/reference/recipe.md and is used; `Recipe().to_toml()` prints them all.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from plainfilm.errors import EvaluationError, RecipeError
from plainfilm.evaluation.thresholds import rule_in_words
from plainfilm.networks import Head, Normalisation, hub
from plainfilm.networks.weights import ENDINGS, Adapt
from plainfilm.reading.header import check_name
from plainfilm.training.augment import Augment
from plainfilm.training.balance import Attribute
from plainfilm.training.class_weights import Scheme
from plainfilm.training.side import SideTarget
from plainfilm.training.toml import (
    differences,
    parse,
    read_table,
    settings_between,
    with_settings,
    write_table,
)

SCRATCH = "scratch"

LossName = Literal["bce", "focal", "asymmetric", "cross-entropy"]


@dataclass(frozen=True)
class Data:
    """Which films: the data set the recipe is for ("" = any), and the side S of the cache.

    `side_targets` lists what is learnt beside the findings, see `training.side`.
    """

    data_set: str = ""
    size: int = 160
    side_targets: tuple[SideTarget, ...] = ()

    def __post_init__(self) -> None:
        _expect(self.size >= 16, "data.size", self.size, "at least 16 pixels")


@dataclass(frozen=True)
class Network:
    """Which network, and what it starts from.

    `head` is what follows the last feature map: "own", as the network's paper has it; "average",
    an average and one linear layer; "mlp", fast.ai's. `dropout` acts in the head. `init` is
    "scratch"; or a finished run's folder, whose body (and head, where the findings are the same)
    is taken over; or a file of weights or its address on a hub, of which `init_adapt` says what
    may differ, see `networks.weights`. `distil_from` lists finished runs whose mean probability
    the network learns beside the labels; `distil_table` is a table of a published network's
    probabilities, of which it learns likewise ("" = none).
    """

    name: str = "film-net"
    head: Head = "own"
    normalise: Normalisation = "film"
    dropout: float = 0.0
    init: str = SCRATCH
    init_adapt: tuple[Adapt, ...] = ()
    distil_from: tuple[str, ...] = ()
    distil_table: str = ""

    def __post_init__(self) -> None:
        _expect(0 <= self.dropout < 1, "network.dropout", self.dropout, "in [0, 1)")
        if self.init_adapt and not self.begins_with_file:
            raise RecipeError(
                f"network.init_adapt: goes with a file of weights only; init is {self.init!r}."
            )

    @property
    def begins_with_file(self) -> bool:
        """Whether `init` names a file of weights, here or on a hub."""
        return self.init.startswith(hub.PREFIX) or self.init.endswith(ENDINGS)


@dataclass(frozen=True)
class Optim:
    """How the weights are found: optimiser, schedule, averaging, chance.

    `schedule` "one-cycle": `lr` is its peak, it starts at `lr` / `start_divisor`; `momentum_high`
    (at its ends) and `momentum_low` (at its peak) are Adam's first beta. "plateau": from `lr` on, a
    tenth after each `patience` epochs without a lower validation loss; `momentum_high` always.
    `second_beta` is Adam's; torch's 0.999 remembers longer than a short training lasts.
    `ema_decay` 0 = no averaging of weights. `checkpoint_steps` 0 = a checkpoint at the end of each
    epoch only. `keep` says which epoch's weights the run ends with.
    """

    name: Literal["adamw", "adam"] = "adamw"
    epochs: int = 20
    batch_size: int = 32
    lr: float = 2e-3
    schedule: Literal["one-cycle", "plateau"] = "one-cycle"
    patience: int = 1
    start_divisor: float = 25.0
    warmup_share: float = 0.25
    momentum_high: float = 0.95
    momentum_low: float = 0.85
    second_beta: float = 0.99
    weight_decay: float = 0.01
    clip_norm: float = 0.0
    ema_decay: float = 0.0
    precision: Literal["float32", "bfloat16"] = "float32"
    keep: Literal["last", "best"] = "last"
    checkpoint_steps: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        _expect(self.epochs >= 1, "optim.epochs", self.epochs, "at least 1")
        _expect(self.batch_size >= 2, "optim.batch_size", self.batch_size, "at least 2")
        _expect(self.lr > 0, "optim.lr", self.lr, "above 0")
        _expect(0 < self.warmup_share < 1, "optim.warmup_share", self.warmup_share, "in (0, 1)")
        _expect(self.patience >= 1, "optim.patience", self.patience, "at least 1")
        _expect(self.start_divisor >= 1, "optim.start_divisor", self.start_divisor, "at least 1")
        for key in ("momentum_high", "momentum_low", "second_beta"):
            value = float(vars(self)[key])
            _expect(0 <= value < 1, f"optim.{key}", value, "in [0, 1)")
        _expect(self.weight_decay >= 0, "optim.weight_decay", self.weight_decay, "0 or more")
        _expect(self.clip_norm >= 0, "optim.clip_norm", self.clip_norm, "0 (off) or more")
        _expect(0 <= self.ema_decay < 1, "optim.ema_decay", self.ema_decay, "in [0, 1)")
        _expect(self.checkpoint_steps >= 0, "optim.checkpoint_steps", self.checkpoint_steps, ">= 0")
        _expect(self.seed >= 0, "optim.seed", self.seed, "0 or more")


@dataclass(frozen=True)
class Loss:
    """What is minimised, over the known labels.

    `name` "bce": binary cross-entropy, each finding by itself; "focal" and "asymmetric": the same
    with less weight for what is easy, `focus` (γ of the present, γ of the absent, clip; () = the
    paper's); "cross-entropy": of findings that exclude each other. `label_smoothing` s moves
    labels to [s/2, 1 - s/2]. `pos_weight` names a scheme of `training.class_weights`, `weight_b`
    is the b of "mura". `distil_share` is the teachers' part of the target. `side_weight` is what
    a side target counts beside a finding's 1. `balance` lists attributes that shall not tell a
    finding, see `training.balance`.
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
        _expect(self.weight_b >= 0, "loss.weight_b", self.weight_b, "0 or more")
        if self.weight_b and self.pos_weight != "mura":
            raise RecipeError('loss.weight_b: only pos_weight = "mura" has a b; leave it 0.')
        smoothing, share = self.label_smoothing, self.distil_share
        _expect(0 <= smoothing < 1, "loss.label_smoothing", smoothing, "in [0, 1)")
        _expect(0 <= share <= 1, "loss.distil_share", share, "in [0, 1]")
        _expect(self.side_weight >= 0, "loss.side_weight", self.side_weight, "0 or more")


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
    augment: Augment = field(default_factory=Augment)
    optim: Optim = field(default_factory=Optim)
    loss: Loss = field(default_factory=Loss)
    release: Release = field(default_factory=Release)

    def __post_init__(self) -> None:
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


def _expect(holds: bool, key: str, found: float, expected: str) -> None:
    if not holds:  # written so that NaN fails
        raise RecipeError(f"{key}: found {found:g}; expected {expected}.")


def _why(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or "unreadable") if isinstance(error, OSError) else "not UTF-8 text"
