"""A bundle in a Triton repository: the graph's bytes, and a configuration that says what it is."""

import re
from pathlib import Path

import pytest

from plainfilm.errors import BundleError
from plainfilm.reading.runtimes import onnxruntime
from plainfilm.serve.triton import triton_config, write_triton_model
from tiny_bundle import tiny_bundle

BUNDLE = tiny_bundle(n_findings=2)


def dims(text: str) -> dict[str, list[int]]:
    found = re.findall(r'name: "(\w+)", data_type: TYPE_FP32, dims: \[ ([-\d, ]+) \]', text)
    return {name: [int(number) for number in numbers.split(",")] for name, numbers in found}


def test_the_configuration_is_that_of_the_graph() -> None:
    session = onnxruntime.InferenceSession(BUNDLE.network)
    told = dims(triton_config(BUNDLE.header))

    of_graph = {
        each.name: [side if isinstance(side, int) else -1 for side in each.shape]
        for each in (*session.get_inputs(), *session.get_outputs())
    }
    assert told == of_graph


def test_braces_and_brackets_close() -> None:
    text = triton_config(BUNDLE.header)
    assert all(text.count(a) == text.count(b) for a, b in ("{}", "[]"))
    assert text.count('"') % 2 == 0


def test_a_model_is_a_folder_with_a_numbered_version(tmp_path: Path) -> None:
    folder = write_triton_model(BUNDLE, tmp_path)

    assert folder.name == BUNDLE.header.name
    assert (folder / "1" / "model.onnx").read_bytes() == BUNDLE.network
    assert (folder / "config.pbtxt").read_text(encoding="utf-8") == triton_config(BUNDLE.header)


def test_a_model_that_is_there_stays(tmp_path: Path) -> None:
    write_triton_model(BUNDLE, tmp_path)
    with pytest.raises(BundleError, match="is there already"):
        write_triton_model(BUNDLE, tmp_path)
