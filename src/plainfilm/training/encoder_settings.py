"""`Encoder`: the recipe's settings of a network that is taken as it is, and only given a head."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from plainfilm.errors import RecipeError
from plainfilm.networks.encoded import Gives
from plainfilm.training.toml import expect

NAME = "encoder"  # of the network in a recipe
# Of the squared weights of a linear head, on features of deviation 1, beside a mean loss.
PENALTIES = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001)

_SHA256 = re.compile(r"[0-9a-f]{64}|")
# What a head on an encoder makes use of, beside [encoder], [release] and what has no default.
_USED = {
    "data": ("data_set", "size"),
    "network": ("name", "head"),
    "loss": ("name", "focus", "label_smoothing", "pos_weight", "weight_b", "balance"),
    "optim": ("seed",),
}
_IDLE_OPTIM = (
    "micro_batch",
    "recompute",
    "clip_norm",
    "ema_decay",
    "precision",
    "checkpoint_steps",
)


@dataclass(frozen=True)
class Encoder:
    """Which encoder, what it is fed with, what it gives.

    `file` is an ONNX file, relative to the current folder; `sha256` pins it, "" = whatever stands
    there, and a run's own recipe has the digest of what stood there. `input` and `output` are names
    in it, "" = the only one. Black and white of a film become `range`, and then `mean` is taken off
    and it is divided by `std`, one for all `channels` or one for each; () = 0 to 1, 0 and 1. At
    least one of the three has to be stated. `gives` says what the output is, see
    `networks.encoded.arrange`, and `extra_tokens` how many stand before the patches' tokens.
    `l2` are the penalties of a linear head that are tried; `hidden` is the width of "mlp". `source`
    says in words where the encoder comes from.
    """

    file: str = ""
    sha256: str = ""
    source: str = ""
    input: str = ""
    output: str = ""
    gives: Gives = "embedding"
    extra_tokens: int = 1
    channels: int = 3
    range: tuple[float, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    l2: tuple[float, ...] = PENALTIES
    hidden: int = 128

    def __post_init__(self) -> None:
        expect(self.channels in (1, 3), "encoder.channels", self.channels, "1 or 3")
        expect(self.extra_tokens >= 0, "encoder.extra_tokens", self.extra_tokens, "0 or more")
        expect(self.hidden >= 1, "encoder.hidden", self.hidden, "at least 1")
        if not _SHA256.fullmatch(self.sha256):
            raise RecipeError("encoder.sha256: expected 64 hexadecimal digits in lower case.")
        if self.range and (len(self.range) != 2 or self.range[0] == self.range[1]):
            raise RecipeError(f"encoder.range: found {list(self.range)}; expected [black, white].")
        for key, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (0, 1, self.channels):
                expected = f"one number, or one for each of {self.channels} channels"
                raise RecipeError(f"encoder.{key}: found {len(values)}; expected {expected}.")
        for value in self.std:
            expect(value > 0, "encoder.std", value, "above 0")
        for value in self.l2:
            expect(value > 0, "encoder.l2", value, "above 0")
        if not self.l2:
            raise RecipeError("encoder.l2: found none; expected a penalty or several.")

    def check_stated(self) -> None:
        """RecipeError where it does not say which encoder, or how films are normalised."""
        if not self.file:
            raise RecipeError("encoder.file: missing; name the encoder's ONNX file.")
        if not (self.range or self.mean or self.std):
            words = "state the normalisation that the encoder was trained with"
            raise RecipeError(f"encoder: {words}: range, or mean and std, or all three.")


def check_used(changed: Iterable[str], head: Literal["own", "average", "mlp"]) -> None:
    """Refuse settings that a head on an encoder would not heed.

    Parameters
    ----------
    changed
        "group.key" of every value that is not the default.
    head
        The recipe's.

    Raises
    ------
    RecipeError
        Names the first of them.
    """
    for key in changed:
        if not _is_heeded(*key.split(".", 1), is_mlp=head == "mlp"):
            of = '"mlp"' if head == "mlp" else "one linear layer"
            raise RecipeError(f"{key}: an encoder's head ({of}) makes no use of it; leave it out.")


def _is_heeded(group: str, name: str, *, is_mlp: bool) -> bool:
    if group == "release":
        return True
    if group == "encoder":
        return name != ("l2" if is_mlp else "hidden")
    if is_mlp and group == "optim":
        return name not in _IDLE_OPTIM
    return name in _USED.get(group, ()) or (is_mlp and name == "dropout")
