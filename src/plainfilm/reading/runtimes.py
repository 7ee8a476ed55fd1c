"""What runs graphs, loaded so that it tells its makers nothing.

On its own, onnxruntime from 1.29 on keeps an identifier of the machine in the user's cache and
sends what it runs to its maker; OpenVINO sends that it was imported. Neither is asked for here. So
all of plainfilm gets both from this module, and from no other.

Whoever wants to tell sets ORT_DISABLE_TELEMETRY=0. A program of one's own that imports onnxruntime
before plainfilm has to set it to 1 itself: it is looked at once, at that import.

References
----------
onnxruntime, "Privacy" (its repository, docs/Privacy.md) and pull request 27379, "Add POSIX
telemetry".
"""

import os
import sys
from typing import Any

OPT_OUT = "ORT_DISABLE_TELEMETRY"
"""The environment variable that onnxruntime looks at while it is imported."""

_TOLD = "0"  # all else counts as no: onnxruntime takes an empty variable for a yes
if os.environ.get(OPT_OUT) != _TOLD:
    os.environ[OPT_OUT] = "1"

import onnxruntime  # noqa: E402 - it looks at the variable while it is imported
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors  # noqa: E402

__all__ = ["OPT_OUT", "load_openvino", "onnxruntime", "ort_errors"]

if os.environ[OPT_OUT] != _TOLD:  # Windows knows no such variable
    onnxruntime.disable_telemetry_events()

_TELLS = "openvino_telemetry"


def load_openvino() -> Any:
    """OpenVINO's module; ImportError where it is not installed.

    The package by which it tells is hidden while it is imported, and OpenVINO does without.
    """
    before = {_TELLS: sys.modules[_TELLS]} if _TELLS in sys.modules else {}
    sys.modules[_TELLS] = None  # type: ignore[assignment]  # it then cannot be imported
    try:
        import openvino  # not above: an extra
    finally:
        del sys.modules[_TELLS]
        sys.modules.update(before)
    return openvino
