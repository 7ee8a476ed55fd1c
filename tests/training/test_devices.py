import pytest
import torch

from plainfilm.errors import RunError
from plainfilm.training.devices import ACCELERATORS, pick_device


def there(*names: str) -> dict[str, object]:
    """A machine with these accelerators."""
    return {name: lambda name=name: name in names for name in ACCELERATORS}


@pytest.mark.parametrize(
    ("names", "expected"),
    [((), "cpu"), (("mps",), "mps"), (("xpu", "mps"), "xpu"), (("cuda", "mps"), "cuda")],
)
def test_the_accelerator_that_is_there_is_taken(names: tuple[str, ...], expected: str) -> None:
    """S2-11: CUDA, XPU or MPS; without any the CPU."""
    assert pick_device("auto", there(*names)).type == expected  # type: ignore[arg-type]
    assert pick_device("cpu", there(*names)).type == "cpu"  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ACCELERATORS)
def test_a_device_that_is_not_there_is_refused(name: str) -> None:
    """S2-11."""
    with pytest.raises(RunError, match=f"found no {name.upper()} device that torch can use"):
        pick_device(name, there())  # type: ignore[arg-type]


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(RunError, match="found 'tpu'; expected one of auto, cpu, cuda, xpu, mps"):
        pick_device("tpu")


def test_this_machine_has_some_device() -> None:
    """S2-11: torch is really asked; no crash without a GPU."""
    assert torch.zeros(1, device=pick_device("auto")).item() == 0
