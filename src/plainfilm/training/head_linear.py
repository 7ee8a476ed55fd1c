"""One linear layer on frozen embeddings: logistic regression with a penalty chosen by validation.

References
----------
Liu and Nocedal 1989, Mathematical Programming 45:503: L-BFGS.
"""

import time
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from plainfilm.errors import RunError
from plainfilm.training.head_fit import Bench, FittedHead, copied

MAX_STEPS = 400  # for one penalty; a few dozen are usual


def fit_linear(bench: Bench, penalties: Sequence[float]) -> FittedHead:
    """One linear layer, by the penalty under which the validation loss is lowest.

    The loss plus half the penalty times the squared weights is minimised for one penalty after the
    other, each from where the one before ended; the log has a row for each. Nothing is drawn.

    Raises
    ------
    RunError
        There are several penalties and no validation film, or a loss is not finite.
    """
    if len(penalties) > 1 and not len(bench.val):
        raise RunError("no film in split 'val' to choose a penalty by; give one (encoder.l2).")
    layer = nn.Linear(bench.seen.shape[1], bench.train.labels.shape[1], dtype=torch.float64)
    for value in layer.parameters():
        nn.init.zeros_(value)
    rows, states = [], []
    for number, penalty in enumerate(penalties, start=1):
        begun = time.perf_counter()
        loss = _descend(layer, bench, penalty)
        rows.append(bench.row(number, loss, 0.0, layer, begun))
        states.append(copied(layer))
    losses = [torch.inf if row.val_loss is None else row.val_loss for row in rows]
    best = losses.index(min(losses))  # the first of equals
    words = f"penalty {penalties[best]:g}"
    if len(penalties) > 1:
        words += f", of {len(penalties)} the one with the lowest validation loss"
    return FittedHead(bench.folded(states[best]), tuple(rows), rows[best], words)


def _descend(layer: nn.Linear, bench: Bench, penalty: float) -> float:
    """Move the layer to the minimum; the loss there, without the penalty."""
    batch = bench.train.batch()
    targets = bench.target.of(batch).double()
    search = torch.optim.LBFGS(
        layer.parameters(),
        max_iter=MAX_STEPS,
        tolerance_grad=1e-7,
        tolerance_change=1e-10,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        return bench.target.loss(layer(bench.seen), batch, targets)

    def closure() -> float:
        search.zero_grad()
        whole = loss() + penalty / 2 * layer.weight.square().sum()
        whole.backward()  # type: ignore[no-untyped-call]
        return float(whole.detach())

    search.step(closure)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        return float(loss())
