"""`Team`: the processes that train one network together; alone knows torch.distributed.

Every process sees its own films of each batch, and all agree on everything else: what is added up
here is equal in all of them, so their weights stay equal. The chief, process 0, alone writes.
"""

import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, Protocol

import torch
import torch.distributed as dist
import torch.distributed.nn  # its defaults hold the group there is at its import: none, here
from torch import Tensor

from plainfilm.errors import PlainfilmError, RunError, ToldElsewhere

Backend = Literal["auto", "gloo", "nccl"]

WAIT_S = 600.0  # for a process that says nothing: a slow disk may keep one this long
POLL_S = 0.05
NAMES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")  # what torchrun sets


class Store(Protocol):
    """What torch's stores can do: words that all processes see, by name."""

    def set(self, key: str, value: str, /) -> None:
        """Write a word, over an older one."""
        ...

    def get(self, key: str, /) -> bytes:
        """A word; waits until somebody wrote it."""
        ...

    def check(self, keys: list[str], /) -> bool:
        """Whether all of them were written."""
        ...


@dataclass(frozen=True)
class Team:
    """One process among `size`; process number `rank`, from 0."""

    rank: int = 0
    size: int = 1

    @property
    def is_chief(self) -> bool:
        """Whether this process writes and speaks for all."""
        return self.rank == 0

    def share(self, n: int) -> range:
        """Which of n things are this process's: all processes together have each once."""
        return range(self.rank, n, self.size)

    def total(self, part: Tensor) -> Tensor:
        """The sum over all processes; a gradient comes back to every process's part."""
        return part if self.size == 1 else _total(part)

    def whole(self, rows: Tensor, n: int) -> Tensor:
        """All n rows, of which `rows` are this process's share; its gradient is that share's."""
        return rows if self.size == 1 else _whole(rows, n, self)

    @torch.no_grad()
    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its sum over all processes, in one message."""
        if self.size == 1 or not tensors:
            return
        flat = _added_up(torch.cat([tensor.flatten() for tensor in tensors]))
        parts = torch.split(flat, [tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def from_chief(self, content: bytes) -> bytes:
        """The chief's bytes, in every process; what the others give counts for nothing."""
        if self.size == 1:
            return content
        size = torch.tensor([len(content)])
        _reach(lambda: dist.broadcast(size, 0))
        packed = torch.zeros(int(size), dtype=torch.uint8)
        if self.is_chief:
            packed = torch.frombuffer(bytearray(content), dtype=torch.uint8)
        if len(packed):
            _reach(lambda: dist.broadcast(packed, 0))
        return packed.numpy().tobytes()

    def everyones(self, text: str) -> tuple[str, ...]:
        """The texts of all processes, by their number."""
        content = text.encode()
        sizes = self.whole(torch.tensor([len(content)]), self.size).tolist()
        row = torch.zeros(1, max(1, *sizes), dtype=torch.uint8)
        row[0, : len(content)] = torch.tensor(list(content), dtype=torch.uint8)
        rows = self.whole(row, self.size).numpy()
        texts = (row[:size].tobytes() for row, size in zip(rows, sizes, strict=True))
        return tuple(text.decode() for text in texts)

    @contextmanager
    def together(self) -> Iterator[None]:
        """A part in which any process may refuse to go on; then all stop, and the chief tells why.

        Within it no process may wait for another.

        Raises
        ------
        PlainfilmError
            In the chief: its own, or that of the first who refused. ToldElsewhere in the others.
        """
        mine: PlainfilmError | OSError | None = None
        try:
            yield
        except (PlainfilmError, OSError) as error:
            if self.size == 1:
                raise
            mine = error
        if self.size > 1:
            self._compare("" if mine is None else _words(mine), mine)

    @contextmanager
    def alike(self) -> Iterator[None]:
        """A part in which all processes refuse alike, so that the chief alone tells it."""
        try:
            yield
        except PlainfilmError as error:
            if self.is_chief:
                raise
            raise ToldElsewhere(str(error)) from error

    def _compare(self, refusal: str, mine: Exception | None) -> None:
        refusals = self.everyones(refusal)
        if not any(refusals):
            return
        if self.is_chief and mine is not None:
            raise mine
        rank, words = next((i, each) for i, each in enumerate(refusals) if each)
        told = f"process {rank} of {self.size}: {words}"
        raise RunError(told) if self.is_chief else ToldElsewhere(told)


ALONE = Team()


@contextmanager
def join(backend: Backend = "auto") -> Iterator[Team]:
    """The team this process was started in by torchrun; `ALONE` where there is no other process.

    Parameters
    ----------
    backend
        How gradients travel: "gloo" over the network, "nccl" between GPUs, one for each process;
        "auto": nccl where there are GPUs.

    Raises
    ------
    RunError
        The environment is half set, a GPU is missing, or the others do not answer.
    """
    if int(os.environ.get("WORLD_SIZE") or 1) == 1:
        yield ALONE
        return
    missing = [name for name in NAMES if not os.environ.get(name)]
    if missing:
        raise RunError(f"WORLD_SIZE is set and {missing[0]} is not; start with torchrun.")
    team = Team(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]))
    chosen = _choose(backend)
    _connect(team, chosen)
    yield team
    dist.destroy_process_group()  # not after an error: it may wait for those that are gone


def _choose(backend: Backend) -> str:
    """Gloo or nccl, and a GPU of its own for this process."""
    n_gpus = torch.cuda.device_count()
    usable = n_gpus > 0 and dist.is_nccl_available()
    if backend == "nccl" and not usable:
        raise RunError("backend: found no GPU that nccl can use; take gloo.")
    chosen = "nccl" if usable and backend != "gloo" else "gloo"
    local = int(os.environ.get("LOCAL_RANK") or 0)
    if chosen == "nccl" and local >= n_gpus:
        found = f"{n_gpus} GPUs and a process number {local + 1} on this machine"
        raise RunError(f"backend: found {found}; give torchrun --nproc-per-node {n_gpus}.")
    if n_gpus:
        torch.cuda.set_device(local % n_gpus)
    return chosen


def _connect(team: Team, backend: str) -> None:
    wait = timedelta(seconds=WAIT_S)
    at_agent = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    try:
        store = dist.TCPStore(  # type: ignore[attr-defined]
            os.environ["MASTER_ADDR"],
            int(os.environ["MASTER_PORT"]),
            is_master=team.is_chief and not at_agent,
            multi_tenant=True,
            timeout=wait,
        )
        name = agree(store, team, backend)
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if backend == "nccl" else "gloo",
            store=dist.PrefixStore(name, store),  # type: ignore[attr-defined]
            rank=team.rank,
            world_size=team.size,
            timeout=wait,
        )
    except (RuntimeError, ValueError) as error:
        found = f"process {team.rank} of {team.size} cannot reach the others"
        raise RunError(f"{found} at MASTER_ADDR ({_first_line(error)}).") from error


def agree(store: Store, team: Team, backend: str) -> str:
    """A name for this attempt that its processes share, and no earlier attempt has.

    torchrun's store outlives the processes, so that those of a second attempt would read addresses
    of the first and wait for them; and torchrun's count of restarts may differ between machines. So
    each process calls with a word never used before, and the chief answers every word it hears.

    Raises
    ------
    RunError
        A process would use another backend than the chief, or does not answer.
    """
    if not team.is_chief:
        word = uuid.uuid4().hex
        store.set(f"call/{team.rank}", word)
        name, _, chiefs = store.get(f"answer/{word}").decode().partition(" ")
        store.set(f"{name}/heard/{team.rank}", "")
        if chiefs != backend:
            found = f"process {team.rank} would use {backend}, the chief {chiefs}"
            raise RunError(f"backend: {found}; give all the same --backend.")
        return name
    name, silent = uuid.uuid4().hex, set(range(1, team.size))
    deadline = time.monotonic() + WAIT_S
    while silent:
        if time.monotonic() > deadline:
            raise RunError(f"{len(silent)} of {team.size} processes did not answer the chief.")
        for rank in sorted(silent):
            if store.check([f"call/{rank}"]):
                store.set(f"answer/{store.get(f'call/{rank}').decode()}", f"{name} {backend}")
            if store.check([f"{name}/heard/{rank}"]):
                silent.remove(rank)
        time.sleep(POLL_S)
    return name


class _Total(torch.autograd.Function):
    @staticmethod
    def forward(_context: Any, part: Tensor) -> Tensor:
        return _added_up(part.clone())

    @staticmethod
    def backward(_context: Any, *gradients: Tensor) -> Tensor:
        return _added_up(gradients[0].clone())


class _Whole(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, rows: Tensor, n: int, team: Team) -> Tensor:
        context.team = team
        whole = rows.new_zeros(n, *rows.shape[1:])
        whole[team.rank :: team.size] = rows
        return _added_up(whole)  # to each row only zeros are added: it stays as it was

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return gradients[0][context.team.rank :: context.team.size], None, None


_total: Callable[[Tensor], Tensor] = _Total.apply
_whole: Callable[[Tensor, int, Team], Tensor] = _Whole.apply


def _added_up(tensor: Tensor) -> Tensor:
    tensor = tensor.contiguous()
    _reach(lambda: dist.all_reduce(tensor))
    return tensor


def _reach(message: Callable[[], object]) -> None:
    try:
        message()
    except RuntimeError as error:
        words = (
            "another process of this training has ended. Start the same command again: "
            "it goes on from the last checkpoint."
        )
        raise (RunError if dist.get_rank() == 0 else ToldElsewhere)(words) from error


def _words(error: Exception) -> str:
    return (error.strerror or "unknown") if isinstance(error, OSError) else str(error)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
