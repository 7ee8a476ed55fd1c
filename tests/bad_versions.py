"""Bundles that must never answer: nine kinds of spoilt versions, and pickles in every place."""

import os
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx

from plainfilm.reading.bundle import Bundle
from tiny_bundle import tiny_bundle


def _cut(path: Path) -> None:
    whole = (path / "network.onnx").read_bytes()
    (path / "network.onnx").write_bytes(whole[: len(whole) // 2])


def _altered(path: Path) -> None:
    whole = bytearray((path / "network.onnx").read_bytes())
    whole[len(whole) // 2] ^= 1
    (path / "network.onnx").write_bytes(whole)


def _missing(path: Path) -> None:
    (path / "network.onnx").unlink()


def _no_json(path: Path) -> None:
    (path / "bundle.json").write_text("{", encoding="utf-8")


def _whole(path: Path) -> None:
    """Nothing more: what is wrong is in the files, whose hashes are right."""


def _not_a_number() -> Bundle:
    return _with_weights(lambda values: np.full_like(values, np.nan))


def _other_weights() -> Bundle:
    return _with_weights(lambda values: values + np.float32(0.1))


def _with_weights(change: Callable[[np.ndarray], np.ndarray]) -> Bundle:
    bundle = tiny_bundle(14)
    model = onnx.load_from_string(bundle.network)
    (head,) = (each for each in model.graph.initializer if each.name == "head")
    head.CopyFrom(onnx.numpy_helper.from_array(change(onnx.numpy_helper.to_array(head)), "head"))
    return replace(bundle, network=model.SerializeToString())


def _other_findings() -> Bundle:
    return replace(tiny_bundle(14), network=tiny_bundle(2).network)


def _weights_elsewhere() -> Bundle:
    bundle = tiny_bundle(14)
    model = onnx.load_from_string(bundle.network)
    (kernel,) = (each for each in model.graph.initializer if each.name == "kernel")
    onnx.external_data_helper.set_external_data(kernel, "../../../../etc/hostname")
    kernel.ClearField("raw_data")
    kernel.data_location = onnx.TensorProto.EXTERNAL
    return replace(bundle, network=model.SerializeToString())


def _pickle() -> Bundle:
    return replace(tiny_bundle(14), network=pickle.dumps({"weights": [1.0]}))


def _good() -> Bundle:
    return tiny_bundle(14)


BAD: dict[str, tuple[Callable[[], Bundle], Callable[[Path], None]]] = {
    "network cut off": (_good, _cut),
    "network altered": (_good, _altered),
    "network missing": (_good, _missing),
    "bundle.json is no JSON": (_good, _no_json),
    "other weights than its golden outputs": (_other_weights, _whole),
    "NaN": (_not_a_number, _whole),
    "other findings than promised": (_other_findings, _whole),
    "weights in another file": (_weights_elsewhere, _whole),
    "a pickle for a network": (_pickle, _whole),
}


def put_bad(path: Path, kind: str) -> None:
    """A version that is spoilt in this way."""
    make, spoil = BAD[kind]
    path.mkdir(parents=True)
    for name, content in make().files.items():  # not by save, which would refuse some
        (path / name).write_bytes(content)
    spoil(path)


class _Touch:
    def __init__(self, call: Callable[..., object], *words: object) -> None:
        self.call, self.words = call, words

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.call, self.words


def pickles(trace: Path) -> Iterator[bytes]:
    """Pickles in every protocol that leave a file at `trace` where one is loaded."""
    calls = (
        _Touch(os.system, f"touch {trace}"),
        _Touch(os.mkdir, str(trace)),
        _Touch(eval, f"open({str(trace)!r}, 'w')"),
    )
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        for call in calls:
            yield pickle.dumps(call, protocol)


def pickled_files(bundle: Bundle, content: bytes) -> Iterator[dict[str, bytes]]:
    """The bundle's files with a pickle in the place of each; of the network, with its hash, too."""
    for name in bundle.files:
        yield {**bundle.files, name: content}
    yield dict(replace(bundle, network=content).files)
