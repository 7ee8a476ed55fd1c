"""What a run's network itself says of a film: the maps that need torch."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from plainfilm.datasets.fit import fit
from plainfilm.errors import RunError
from plainfilm.findings import FeatureMap
from plainfilm.radiograph import Pixels
from plainfilm.reading.header_parts import FitPolicy
from plainfilm.training.checkpoint import load_classifier
from plainfilm.training.encoder_network import encoder_of
from plainfilm.training.guided import gradcam_at, guided_gradcam
from plainfilm.training.record import read_record

METHODS = {"gradcam": gradcam_at, "guided": guided_gradcam}


@dataclass(frozen=True, eq=False)
class RunMap:
    """A map float32 (h, w), and the fit policy by which it lies over the film."""

    values: FeatureMap
    policy: FitPolicy


def run_map(run: Path, pixels: Pixels, finding: str, method: str, stage: int = -1) -> RunMap:
    """A map of one finding by the network of a finished run.

    Parameters
    ----------
    run
        The folder that `train` left.
    pixels
        float32 (H, W) in [0, 1]; fitted as the films that the run learned from.
    finding
        Its name.
    method
        A key of `METHODS`.
    stage
        Of the network, see `gradcam_at`.

    Raises
    ------
    RunError
        The run is not finished, is on an encoder, knows no such finding, or its network has no
        such stage.
    """
    record, classifier = read_record(run), load_classifier(run)
    names = record.label_set.names
    if finding not in names:
        raise RunError(f"{run.name}: {finding!r} is none of its findings, {', '.join(names)}")
    if encoder_of(classifier) is not None:
        words = "its encoder has no gradients; take the bundle's map, or --method occlusion"
        raise RunError(f"{run.name}: {words}")
    policy = FitPolicy(record.films.policy)
    square = fit(pixels, record.films.size, policy.value).astype(np.float32) / 255
    film = torch.from_numpy(square)[None, None]
    values = METHODS[method](classifier, film, names.index(finding), stage)
    return RunMap(values.numpy(), policy)
