"""Where a training runs: `pick_device`, by name or by what there is."""

from collections.abc import Callable, Mapping

import torch

from plainfilm.errors import RunError

# Those of NVIDIA and AMD, of Intel, of Apple; "auto" takes the first that is there.
ACCELERATORS: Mapping[str, Callable[[], bool]] = {
    "cuda": torch.cuda.is_available,
    "xpu": torch.xpu.is_available,
    "mps": torch.backends.mps.is_available,
}


def pick_device(
    name: str, accelerators: Mapping[str, Callable[[], bool]] = ACCELERATORS
) -> torch.device:
    """The device of a name; "auto": the first accelerator that is there, else the CPU.

    Parameters
    ----------
    accelerators
        Whether torch can use each.

    Raises
    ------
    RunError
        The name is unknown, or torch finds no such device.
    """
    if name == "auto":
        return torch.device(
            next((each for each, is_there in accelerators.items() if is_there()), "cpu")
        )
    if name not in ("cpu", *accelerators):
        expected = f"auto, cpu, {', '.join(accelerators)}"
        raise RunError(f"device: found {name!r}; expected one of {expected}.")
    if name != "cpu" and not accelerators[name]():
        raise RunError(f"device: found no {name.upper()} device that torch can use; take cpu.")
    return torch.device(name)
