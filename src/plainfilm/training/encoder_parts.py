"""Cuts and conversions of an ONNX model that is to stand in another: `part_between`, `to_opset`."""

from collections.abc import Iterable, Sequence

from plainfilm.errors import MissingExtra
from plainfilm.training.onnx_file import MAX_IR_VERSION, OPSET

try:
    import onnx
    from onnx import GraphProto, NodeProto, ValueInfoProto, version_converter
except ImportError as missing:
    raise MissingExtra("onnx", "train") from missing

_OWN = ("", "ai.onnx")


def part_between(model: onnx.ModelProto, taken: str, given: str) -> onnx.ModelProto:
    """The part of a model from one input to one output; the model is left as it is.

    Parameters
    ----------
    taken, given
        Names; "" = the only one that there is.

    Raises
    ------
    ValueError
        No such input or output, or several and none is named.
    """
    part = onnx.ModelProto()
    part.CopyFrom(model)
    graph = part.graph
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [each for each in graph.input if each.name not in constants]  # old files list both
    source = _chosen(inputs, taken, "input")
    target = _chosen(list(graph.output), given, "output")
    nodes = needed_nodes(graph.node, [target.name])
    read = {name for node in nodes for name in node.input}
    stray = sorted(each.name for each in inputs if each is not source and each.name in read)
    if stray:
        raise ValueError(f"needs {', '.join(stray)} beside {source.name}; expected films alone")
    if source.name not in read:
        raise ValueError(f"its output {target.name} does not depend on {source.name}")
    kept = [tensor for tensor in graph.initializer if tensor.name in read]
    ends = [ValueInfoProto.FromString(each.SerializeToString()) for each in (source, target)]
    del graph.node[:], graph.initializer[:], graph.input[:], graph.output[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.initializer.extend(kept)
    graph.input.append(ends[0])
    graph.output.append(ends[1])
    return part


def needed_nodes(nodes: Sequence[NodeProto], wanted: Iterable[str]) -> list[NodeProto]:
    """The nodes on which these values depend, of nodes that stand in the order of their work."""
    needed, kept = set(wanted), []
    for node in reversed(nodes):
        if needed & set(node.output):
            needed |= set(node.input)
            kept.append(node)
    return kept[::-1]


def free_batch(model: onnx.ModelProto) -> None:
    """Leave open how many films the input takes, and what the output's sides are."""
    sides = model.graph.input[0].type.tensor_type.shape.dim
    if sides:
        sides[0].ClearField("dim_value")
        sides[0].dim_param = "N"
    for side in model.graph.output[0].type.tensor_type.shape.dim:
        side.ClearField("dim_value")
        side.ClearField("dim_param")
    del model.graph.value_info[:]


def to_opset(model: onnx.ModelProto, opset: int = OPSET) -> onnx.ModelProto:
    """The model in the opset of bundles; whether it still answers alike is the caller's to try.

    Raises
    ------
    ValueError
        It cannot be converted.
    """
    found = max((o.version for o in model.opset_import if o.domain in _OWN), default=0)
    converted = onnx.ModelProto()
    converted.CopyFrom(model)
    try:
        if found < opset:
            converted = version_converter.convert_version(model, opset)
        del converted.opset_import[:]
        converted.opset_import.add(domain="", version=opset)  # later versions widen types only
        converted.ir_version = min(converted.ir_version, MAX_IR_VERSION)
        onnx.checker.check_model(converted, full_check=True)
    except (RuntimeError, onnx.checker.ValidationError) as error:
        reason = str(error).strip().split("\n", 1)[0][:120]
        words = f"its opset is {found} and cannot be made {opset} ({reason})"
        raise ValueError(f"{words}; export it with opset_version={opset}") from error
    return converted


def topologically(nodes: Sequence[NodeProto], given: Iterable[str]) -> list[NodeProto]:
    """The nodes, each after those whose values it takes, otherwise in their order.

    Parameters
    ----------
    given
        Names that no node gives: inputs and constants.

    Raises
    ------
    ValueError
        They take each other's values in a circle.
    """
    known = {*given, ""}
    ordered: list[NodeProto] = []
    waiting = list(nodes)
    while waiting:
        later = []
        for node in waiting:
            if known.issuperset(node.input):
                ordered.append(node)
                known.update(node.output)
            else:
                later.append(node)
        if len(later) == len(waiting):
            raise ValueError(f"found a circle of {len(later)} operators; expected a straight graph")
        waiting = later
    return ordered


def names_of_constants(graph: GraphProto) -> set[str]:
    """Names of a graph's inputs and constants."""
    return {tensor.name for tensor in graph.initializer} | {each.name for each in graph.input}


def _chosen(ends: Sequence[ValueInfoProto], name: str, kind: str) -> ValueInfoProto:
    known = ", ".join(each.name for each in ends) or "none"
    if not name and len(ends) == 1:
        return ends[0]
    if not name:
        raise ValueError(f"has {len(ends)} {kind}s, {known}; name one (encoder.{kind})")
    for each in ends:
        if each.name == name:
            return each
    raise ValueError(f"has no {kind} {name!r} (encoder.{kind}); expected one of {known}")
