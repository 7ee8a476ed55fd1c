"""`Space`: what a search may try, as one TOML file laid out as a recipe is.

```toml
[search]                    # how to search; each key has a default
trials = 20
score = "val_auroc"         # or "val_loss"
seed = 0

[optim]                     # a recipe's groups and keys
lr = {low = 1e-5, high = 1e-2, log = true}
batch_size = {choices = [16, 32, 64]}

[network]
name = "block-net-{layers}x{units}-k{kernel}"   # a text, put together from parts

[parts]
layers = {low = 2, high = 5}
units = {choices = [64, 128, 256]}
kernel = {choices = [3, 5]}
```
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch

from plainfilm.errors import RecipeError
from plainfilm.training.encoder_settings import NAME as ENCODER
from plainfilm.training.learner import build_network
from plainfilm.training.recipe import Recipe
from plainfilm.training.toml import parse, read_table, setting_of

Value = bool | int | float | str

_RANGE_KEYS = {"low", "high", "log"}
_HOLES = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Plan:
    """How to search: how many trials, what they are judged by, the seed of what is tried.

    `score` "val_auroc" (highest is best) or "val_loss" (lowest), of the epoch a training keeps.
    """

    trials: int = 20
    score: Literal["val_auroc", "val_loss"] = "val_auroc"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.trials < 1:
            raise RecipeError(f"search.trials: found {self.trials}; expected at least 1.")
        if self.seed < 0:
            raise RecipeError(f"search.seed: found {self.seed}; expected 0 or more.")


@dataclass(frozen=True)
class Choices:
    """One of these values."""

    values: tuple[Value, ...]


@dataclass(frozen=True)
class Range:
    """Any value between two, both included; whole numbers where both are. `log`: by ratios."""

    low: float
    high: float
    log: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return isinstance(self.low, int) and isinstance(self.high, int)


Axis = Choices | Range


@dataclass(frozen=True)
class Space:
    """What may be tried.

    Parameters
    ----------
    plan
        How to search.
    axes
        By a recipe's key, "optim.lr", or by a part's name, "parts.layers".
    texts
        By a recipe's key: texts with parts' names in braces.
    """

    plan: Plan
    axes: Mapping[str, Axis]
    texts: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def load(path: Path, recipe: Recipe) -> "Space":
        """The space in a TOML file, each of its corners tried on the recipe.

        Raises
        ------
        RecipeError
            No such file, not TOML, an unknown key, an impossible value, or nothing to try.
        """
        try:
            table = parse(path.read_text(encoding="utf-8"), path.name)
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"{path.name}: cannot be read as a space ({error}).") from error
        try:
            space = _space(table)
            space.check(recipe)
        except RecipeError as error:
            raise RecipeError(f"{path.name}: {error}") from error
        return space

    def recipe(self, recipe: Recipe, values: Mapping[str, Value]) -> Recipe:
        """The recipe with one value for each axis; RecipeError where they do not go together."""
        parts = {key.partition(".")[2]: v for key, v in values.items() if key.startswith("parts.")}
        chosen = {key: value for key, value in values.items() if not key.startswith("parts.")}
        chosen |= {key: _filled(text, parts) for key, text in self.texts.items()}
        settings = [setting_of(key, value) for key, value in chosen.items()]
        return Recipe.from_toml(recipe.to_toml(), settings=settings)

    def check(self, recipe: Recipe) -> None:
        """RecipeError where the recipe refuses one of the axes' ends, or there is no axis."""
        if not self.axes:
            raise RecipeError("nothing to try; give a key {low, high} or {choices}.")
        holes = {hole for text in self.texts.values() for hole in _HOLES.findall(text)}
        parts = {key.partition(".")[2] for key in self.axes if key.startswith("parts.")}
        if holes != parts:
            odd = ", ".join(sorted(holes ^ parts))
            raise RecipeError(
                f"parts: {odd}: each part stands in a text's braces, and the reverse."
            )
        first = {key: ends(axis)[0] for key, axis in self.axes.items()}
        corners = (
            self.recipe(recipe, {**first, key: value})
            for key, axis in self.axes.items()
            for value in ends(axis)
        )
        networks = {(one.network, one.data.size): one for one in corners}
        for one in networks.values():
            if one.network.name == ENCODER:
                continue  # looked at when it is opened
            with torch.device("meta"):  # without values: is there such a network at all?
                build_network(one, 1)


def ends(axis: Axis) -> tuple[Value, ...]:
    """The values of an axis that are tried on a recipe beforehand: all choices, or both ends."""
    return axis.values if isinstance(axis, Choices) else (axis.low, axis.high)


def _filled(text: str, parts: Mapping[str, Value]) -> str:
    return _HOLES.sub(lambda hole: str(parts[hole[1]]), text)


def _space(table: Mapping[str, object]) -> Space:
    plan = table.get("search", {})
    if not isinstance(plan, Mapping):
        raise RecipeError("search: expected a group of keys, [search].")
    axes: dict[str, Axis] = {}
    texts: dict[str, str] = {}
    for key, value in _flat({name: each for name, each in table.items() if name != "search"}):
        if isinstance(value, str) and not key.startswith("parts."):
            texts[key] = value
        else:
            axes[key] = _axis(key, value)
    return Space(read_table(Plan, plan, "search"), axes, texts)


def _flat(table: Mapping[str, object], where: str = "") -> Iterator[tuple[str, object]]:
    """(key, value) of every value; a table of an axis is a value."""
    for name, value in table.items():
        key = f"{where}.{name}" if where else name
        if isinstance(value, Mapping) and not _is_axis(value):
            yield from _flat(value, key)
        else:
            yield key, value


def _is_axis(table: Mapping[str, object]) -> bool:
    return bool(set(table) & {"choices", *_RANGE_KEYS})


def _axis(key: str, value: object) -> Axis:
    if not isinstance(value, Mapping):
        expected = "{low = …, high = …}, {choices = […]} or a text with {parts}"
        raise RecipeError(f"{key}: found {value!r}; expected {expected}.")
    if set(value) == {"choices"}:
        return _choices(key, value["choices"])
    if not {"low", "high"} <= set(value) <= _RANGE_KEYS:
        found = ", ".join(sorted(value))
        raise RecipeError(f"{key}: found keys {found}; expected low, high and perhaps log.")
    low, high = (_number(key, value[end]) for end in ("low", "high"))
    return _range(key, low, high, value.get("log", False))


def _choices(key: str, values: object) -> Choices:
    if not isinstance(values, list) or not values:
        raise RecipeError(f"{key}: choices: expected a list with something in it.")
    if not all(isinstance(value, bool | int | float | str) for value in values):
        raise RecipeError(f"{key}: choices: expected numbers, texts, true or false.")
    return Choices(tuple(values))


def _number(key: str, value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RecipeError(f"{key}: found {value!r}; low and high are numbers.")
    return value


def _range(key: str, low: int | float, high: int | float, log: object) -> Range:
    if not isinstance(log, bool):
        raise RecipeError(f"{key}: log: found {log!r}; expected true or false.")
    if not low < high or (log and low <= 0):  # written so that NaN fails
        expected = "low below high" + (", both above 0" if log else "")
        raise RecipeError(f"{key}: found {low} to {high}; expected {expected}.")
    return Range(low, high, log)
