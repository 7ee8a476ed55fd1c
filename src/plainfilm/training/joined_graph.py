"""Several bundles' graphs in, one graph out, which answers with their mean: `join_graphs`.

```
radiographs ─┬─ first graph ──┬─ probabilities ─ mean ── probability
(N, 1, H, W) ├─ second graph ─┤                     └─── score: its logit
             └─ …             ├─ maps ─ mean ─────────── map
                              └─ familiarities ─ least ─ familiarity
```
"""

from collections.abc import Sequence

from plainfilm.errors import BundleError, MissingExtra
from plainfilm.training.graph import INPUT

try:
    import onnx
    from onnx import TensorProto, compose, helper
except ImportError as missing:
    raise MissingExtra("onnx", "train") from missing

HIGHEST = 1 - 1e-6  # of a probability whose logit is taken; float32 has no 1 - 1e-8
LOWEST = 1e-6

_COMBINED = {"probability": "Mean", "map": "Mean", "familiarity": "Min"}


def join_graphs(graphs: Sequence[bytes], outputs: Sequence[str], *, exclusive: bool) -> bytes:
    """One ONNX file that runs all graphs on the same radiographs and combines what they say.

    Parameters
    ----------
    graphs
        ONNX files of bundles, of the same findings and the same opset.
    outputs
        Which of "probability", "score", "map" and "familiarity" the joined graph gives.
    exclusive
        Whether a film shows exactly one finding: the score is then the logarithm of the mean
        probability, else its logit, from -13.8 to 13.8.

    Raises
    ------
    BundleError
        The graphs are of different opsets.
    """
    models = [onnx.load_from_string(graph) for graph in graphs]
    opsets = [{each.domain: each.version for each in model.opset_import} for model in models]
    if any(each != opsets[0] for each in opsets):
        found = ", ".join(str(each.get("", "?")) for each in opsets)
        raise BundleError(f"the graphs are of opsets {found}; expected one. Export them anew.")
    parts = [
        compose.add_prefix_graph(model.graph, f"member{i}/") for i, model in enumerate(models, 1)
    ]
    nodes = [
        helper.make_node("Identity", [INPUT], [f"member{i}/{INPUT}"])
        for i in range(1, 1 + len(parts))
    ]
    for part in parts:
        nodes += part.node
    nodes += _combining(len(parts), outputs, exclusive=exclusive)
    first = models[0].graph
    graph = helper.make_graph(
        nodes,
        first.name,
        list(first.input),
        [each for each in first.output if each.name in outputs],
        initializer=[*(tensor for part in parts for tensor in part.initializer), *_bounds()],
    )
    model = helper.make_model(graph, opset_imports=models[0].opset_import)
    model.ir_version = max(each.ir_version for each in models)
    model.producer_name = models[0].producer_name
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _combining(n: int, outputs: Sequence[str], *, exclusive: bool) -> "list[onnx.NodeProto]":
    """Nodes from the members' outputs to the joined ones."""
    nodes = [
        helper.make_node(kind, [f"member{i}/{name}" for i in range(1, n + 1)], [name])
        for name, kind in _COMBINED.items()
        if name in outputs
    ]
    nodes.append(helper.make_node("Clip", ["probability", "lowest", "highest"], ["inside"]))
    if exclusive:
        return [*nodes, helper.make_node("Log", ["inside"], ["score"])]
    return [
        *nodes,
        helper.make_node("Sub", ["one", "inside"], ["rest"]),
        helper.make_node("Div", ["inside", "rest"], ["odds"]),
        helper.make_node("Log", ["odds"], ["score"]),
    ]


def _bounds() -> "list[onnx.TensorProto]":
    values = {"lowest": LOWEST, "highest": HIGHEST, "one": 1.0}
    return [
        helper.make_tensor(name, TensorProto.FLOAT, (), [value]) for name, value in values.items()
    ]
