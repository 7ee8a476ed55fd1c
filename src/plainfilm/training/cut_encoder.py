"""A bundle's network without its head, as an encoder for other findings: `cut_encoder`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from plainfilm.datasets.seen import FOR_PROGRAMS
from plainfilm.errors import BundleError, MissingExtra
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.container import check_free
from plainfilm.training.encoder_file import digest_of
from plainfilm.training.encoder_parts import needed_nodes
from plainfilm.training.encoder_settings import NAME, Encoder
from plainfilm.training.toml import setting_of
from plainfilm.whole_files import write_whole

try:
    import onnx
    from onnx import NodeProto, TensorProto, helper
except ImportError as missing:
    raise MissingExtra("onnx", "train") from missing

OUTPUT = "features"

# What stands between several networks' maps and their mean.
_AVERAGING = ("ReduceMean", "Concat", "Unsqueeze", "Mean", "Identity", "Gather")


@dataclass(frozen=True)
class CutEncoder:
    """An ONNX file's bytes, and what a recipe that builds on it says, as TOML."""

    content: bytes
    recipe: str


def cut_encoder(bundle: Bundle, file: str) -> CutEncoder:
    """The last feature map of a bundle's network, or networks side by side.

    The file's metadata lists the films that the bundle learned from, as the bundle does.

    Parameters
    ----------
    file
        What the recipe shall call the file.

    Raises
    ------
    BundleError
        The bundle has no map, or its head is not a linear layer on its feature map.
    """
    model = onnx.load_model_from_string(bundle.network)
    graph = model.graph
    givers = {name: node for node in graph.node for name in node.output}
    name = bundle.header.name
    if "map" not in givers:
        raise BundleError(f"{name}: has no map, so its last feature map cannot be found")
    maps = list(dict.fromkeys(_feature_maps("map", givers, name)))
    joined = helper.make_node("Concat", maps, [OUTPUT], axis=1)
    nodes = [*needed_nodes(graph.node, maps), joined]
    read = {each for node in nodes for each in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in read]
    given = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["N", None, None, None])
    cut = helper.make_graph(nodes, "encoder", list(graph.input), [given], initializer=kept)
    made = helper.make_model(cut, opset_imports=model.opset_import, ir_version=model.ir_version)
    details = bundle.header.provenance.details
    helper.set_model_props(made, {key: details[key] for key in FOR_PROGRAMS if key in details})
    onnx.checker.check_model(made, full_check=True)
    content: bytes = made.SerializeToString(deterministic=True)
    return CutEncoder(content, "\n".join(_recipe(bundle, file, content)) + "\n")


def save_encoder(cut: CutEncoder, path: Path, *, overwrite: bool = False) -> None:
    """Write the ONNX file, whole or not at all.

    Raises
    ------
    BundleError
        Something is there and `overwrite` is False, or the disk refuses.
    """
    check_free(path, overwrite=overwrite)
    try:
        write_whole(path, cut.content)
    except OSError as error:
        raise BundleError(f"{path.name}: cannot be written ({error.strerror})") from error


def _feature_maps(value: str, givers: Mapping[str, NodeProto], name: str) -> Iterator[str]:
    """What the maps are linear in, each network's: the input of their last convolution."""
    node = givers.get(value)
    if node is not None and node.op_type == "Conv":
        yield node.input[0]
    elif node is not None and node.op_type in _AVERAGING:
        # the others of these are axes and places, which nobody gives
        inner = node.input if node.op_type in ("Concat", "Mean") else node.input[:1]
        for each in inner:
            yield from _feature_maps(each, givers, name)
    else:
        raise BundleError(f"{name}: its head is no linear layer, so it cannot be cut off")


def _recipe(bundle: Bundle, file: str, content: bytes) -> Iterator[str]:
    header, found = bundle.header, bundle.id
    encoder = Encoder(
        file=file,
        sha256=digest_of(content),
        source=f"{found.name} {found.version} ({found.sha256}), learned from {header.learned_from}",
        gives="map",
        channels=1,
        range=(0.0, 1.0),
    )
    yield from ("[data]", setting_of("size", header.input.size).replace("=", " = "), "")
    yield from ("[network]", f'name = "{NAME}"', "", "[encoder]")
    for key in ("file", "sha256", "source", "gives", "channels", "range"):
        yield setting_of(key, vars(encoder)[key]).replace("=", " = ", 1)
    licence = setting_of("weights", header.licences.weights or "not stated")
    yield from ("", "[release.licences]", licence.replace("=", " = ", 1))
