"""`Network`: the recipe's settings of the network and of what it starts from."""

from dataclasses import dataclass

from plainfilm.errors import RecipeError
from plainfilm.networks import Head, Normalisation, hub
from plainfilm.networks.weights import ENDINGS, Adapt
from plainfilm.training.toml import expect

SCRATCH = "scratch"


@dataclass(frozen=True)
class Network:
    """Which network, and what it starts from.

    `head` is what follows the last feature map: "own", as the network's paper has it; "average",
    an average and one linear layer; "mlp", fast.ai's. `dropout` acts in the head. `init` is
    "scratch"; or a finished run's folder, whose body (and head, where the findings are the same)
    is taken over; or a file of weights or its address on a hub, of which `init_adapt` says what
    may differ, see `networks.weights`. `frozen_before` names the part of the network that learns
    with all that follows, what comes before it staying as it is: "head", or a part of the body;
    "" = all learns. `distil_from` lists finished runs whose mean probability
    the network learns beside the labels; `distil_table` is a table of a published network's
    probabilities, of which it learns likewise ("" = none).
    """

    name: str = "film-net"
    head: Head = "own"
    normalise: Normalisation = "film"
    dropout: float = 0.0
    init: str = SCRATCH
    init_adapt: tuple[Adapt, ...] = ()
    frozen_before: str = ""
    distil_from: tuple[str, ...] = ()
    distil_table: str = ""

    def __post_init__(self) -> None:
        expect(0 <= self.dropout < 1, "network.dropout", self.dropout, "in [0, 1)")
        if self.init_adapt and not self.begins_with_file:
            raise RecipeError(
                f"network.init_adapt: goes with a file of weights only; init is {self.init!r}. "
                "Leave it out: --set 'network.init_adapt=[]'."
            )

        if self.frozen_before and self.init == SCRATCH:
            words = "a body drawn at random would stay so; say what it begins with (network.init)"
            raise RecipeError(f"network.frozen_before: {words}.")

    @property
    def begins_with_file(self) -> bool:
        """Whether `init` names a file of weights, here or on a hub."""
        return self.init.startswith(hub.PREFIX) or self.init.endswith(ENDINGS)
