"""A bundle's graph as a model of a Triton repository: NAME/1/model.onnx and its config.pbtxt.

Triton runs the graph and nothing else: the gate, the words and the report stay behind.

References
----------
Triton Inference Server, user guide, "Model repository" and "Model configuration".
"""

from pathlib import Path

from plainfilm.errors import BundleError
from plainfilm.reading.bundle import Bundle, BundleHeader
from plainfilm.reading.facts import columns, width
from plainfilm.whole_files import write_whole

VERSION = 1
CONFIG, GRAPH = "config.pbtxt", "model.onnx"


def write_triton_model(bundle: Bundle, repository: Path) -> Path:
    """Write the bundle's graph into a Triton repository; the model's folder.

    Raises
    ------
    BundleError
        There is a model of this name already, or the disk refuses.
    """
    folder = repository / bundle.header.name
    if folder.exists():
        raise BundleError(
            f"{folder.name}: is there already; take another repository, or remove it first"
        )
    try:
        (folder / str(VERSION)).mkdir(parents=True)
        write_whole(folder / str(VERSION) / GRAPH, bundle.network)
        write_whole(folder / CONFIG, triton_config(bundle.header).encode())
    except OSError as error:
        raise BundleError(f"{folder.name}: cannot be written ({error.strerror})") from error
    return folder


def triton_config(header: BundleHeader) -> str:
    """The config.pbtxt of a bundle: any number of films of any size, on a CPU.

    Triton wants every input of a graph: where a bundle is told facts, zeros say that nothing is
    known.
    """
    k, told = len(header.label_set), header.input.fact_names
    inputs = ['{ name: "radiographs", data_type: TYPE_FP32, dims: [ -1, 1, -1, -1 ] }']
    if told:
        inputs.append(f'{{ name: "facts", data_type: TYPE_FP32, dims: [ -1, {width(told)} ] }}')
    outputs = [("probability", f"-1, {k}"), ("score", f"-1, {k}")]
    if header.map is not None:
        outputs.append(("map", f"-1, {k}, {header.map.height}, {header.map.width}"))
    if header.familiarity is not None:
        outputs.append(("familiarity", "-1"))
    lines = [
        f'name: "{header.name}"',
        'platform: "onnxruntime_onnx"',
        "max_batch_size: 0",
        f"input [{', '.join(inputs)}]",
        "output [",
        ",\n".join(f'  {{ name: "{n}", data_type: TYPE_FP32, dims: [ {d} ] }}' for n, d in outputs),
        "]",
        _parameter("plainfilm.findings", ",".join(header.label_set.names)),
        *([_parameter("plainfilm.facts", ",".join(columns(told)))] if told else []),
        _parameter("intra_op_thread_count", "1"),
        "instance_group [{ kind: KIND_CPU }]",
    ]
    return "\n".join(lines) + "\n"


def _parameter(key: str, value: str) -> str:
    return f'parameters {{ key: "{key}", value: {{ string_value: "{value}" }} }}'
