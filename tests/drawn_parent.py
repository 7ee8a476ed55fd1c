"""A bundle that was really exported: two small networks, untrained but for their statistics."""

from dataclasses import replace

import torch
from torch import nn

from plainfilm.evaluation.calibration import Platt
from plainfilm.networks import Classifier, build
from plainfilm.reading.bundle import Bundle, MapScale
from plainfilm.training.golden import make_golden
from plainfilm.training.graph import Fit, ReadingGraph
from plainfilm.training.onnx_file import run_onnx, to_onnx
from tiny_bundle import tiny_bundle

SIZE = 32
RECIPE = '[data]\nsize = 32\n\n[network]\nname = "{name}"\n\n[release]\nname = "tiny"\n'


def stirred(network: Classifier, seed: int) -> Classifier:
    """The network with statistics and scales that no two channels share."""
    chance = torch.Generator().manual_seed(seed)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
            layer.bias.data.copy_(0.1 * torch.randn(layer.bias.shape, generator=chance))
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) and layer.running_var is not None:
            for values in (layer.weight.data, layer.bias.data, layer.running_mean):
                assert values is not None
                values.copy_(0.5 * torch.randn(values.shape, generator=chance))
            layer.running_var.copy_(0.5 + torch.rand(layer.running_var.shape, generator=chance))
    return network.eval()


def exported_bundle(
    name: str = "film-net", n_networks: int = 2, size: int = SIZE, head: str = "own"
) -> Bundle:
    """Two findings; the same for the same arguments."""
    torch.manual_seed(0)
    networks = [stirred(build(name, 2, head=head, size=size), seed) for seed in range(n_networks)]
    graph = ReadingGraph(networks, Fit(size), (Platt(1.5, -0.25),) * 2, None)
    content = to_onnx(graph)
    golden = make_golden(size, lambda film: run_onnx(content, [film])[0])
    tiny = tiny_bundle(2, familiarity=False)
    recipe = RECIPE.format(name=name).replace("[release]", f'head = "{head}"\n\n[release]')
    source = replace(tiny.header.provenance, recipe_toml=recipe.replace("\n\nhead", "\nhead"))
    _, height, width = golden.outputs[0]["map"].shape
    header = replace(
        tiny.header,
        input=replace(tiny.header.input, size=size),
        map=MapScale(height, width, 1.0),
        provenance=source,
    )
    return Bundle(header, content, golden, card="# tiny\n")
