"""An encoder's ONNX file, read and made ready to stand in a bundle's graph: `open_encoder`.

What a bundle may not hold (weights in other files, operators that are not ONNX's own, loops) is
refused here, before anything runs it; so is what is no encoder: another input than films of the
stated size, an output that is not one finite answer for each film.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from plainfilm.datasets.seen import FOR_PROGRAMS
from plainfilm.errors import CorruptBundle, MissingExtra, RunError
from plainfilm.networks.encoded import Tones, arrange
from plainfilm.radiograph import Pixels
from plainfilm.reading.bundle import LIMITS
from plainfilm.reading.engine import ORT_ERRORS, session_options
from plainfilm.reading.graph_file import check_graph_file
from plainfilm.reading.runtimes import onnxruntime
from plainfilm.training.encoder_parts import free_batch, part_between, to_opset
from plainfilm.training.encoder_settings import Encoder
from plainfilm.training.golden import draw_chest, draw_wedge

try:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from onnx import TensorProto, inliner
except ImportError as missing:
    raise MissingExtra("onnx", "train") from missing

ROOM = 16 * 2**20  # of a bundle's graph, for all that is not the encoder
MAX_GAP = 1e-4  # between a film alone and in a batch, or between two opsets; of the largest value
LEAST_SPREAD = 1e-5  # over different films; likewise. Less, and it looks at nothing

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class EncoderFile:
    """An encoder as a bundle's graph can hold it.

    Parameters
    ----------
    name
        Of the file.
    sha256
        Of the file, as it was read.
    model
        An ONNX model of the opset of bundles, with one input (N, C, S, S) and one output.
    shape
        What it gives for one film.
    n_weights
        How many numbers its constants hold.
    learned
        Lists of the films that it learned from, as `bundles encoder` writes them; else empty.
    """

    name: str
    sha256: str
    model: onnx.ModelProto
    shape: tuple[int, ...]
    n_weights: int
    learned: dict[str, str]

    @property
    def session(self) -> "Session":
        """It, ready to run."""
        return Session(self.name, self.model)


class Session:
    """An ONNX model of one input and one output, ready to run; RunError where it cannot."""

    def __init__(self, name: str, model: onnx.ModelProto, threads: int = 0) -> None:
        self.name = name
        options = session_options(threads)
        try:
            self._session = onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except ORT_ERRORS as error:
            raise RunError(f"{name}: cannot be built ({_first_line(error)}).") from error

    def run(self, pixels: Array) -> Array:
        """What it gives for (N, C, S, S): one row for each film.

        Raises
        ------
        RunError
            It fails, or there are not as many rows as films, or something is not finite.
        """
        try:
            (given,) = self._session.run(None, {self._session.get_inputs()[0].name: pixels})
        except ORT_ERRORS as error:
            advice = "if it takes one film at a time, export it with a free batch axis"
            raise RunError(f"{self.name}: fails ({_first_line(error)}); {advice}.") from error
        if given.ndim < 2 or len(given) != len(pixels):
            found = f"gives {tuple(given.shape)} for {len(pixels)} films"
            raise RunError(f"{self.name}: {found}; expected one row for each.")
        if not np.isfinite(given).all():
            raise RunError(f"{self.name}: gives NaN or infinity; it is no use as an encoder.")
        return np.asarray(given, np.float32)


def open_encoder(settings: Encoder, size: int) -> EncoderFile:
    """The encoder that a recipe names, checked on drawn films.

    Parameters
    ----------
    settings
        The recipe's [encoder].
    size
        S, the side of the films that it will be given.

    Raises
    ------
    RunError
        There is no such file, or it is another than the pinned one, too large for a bundle, not
        ONNX, not self-contained, or no encoder as the recipe describes it.
    """
    path = Path(settings.file)
    content = _content(path, settings.sha256)
    whole = _model(path.name, content)
    try:
        part = part_between(whole, settings.input, settings.output)
        _check_ends(part, settings.channels, size)
        free_batch(part)
        model = to_opset(part)
        check_graph_file(model.SerializeToString())
    except (ValueError, CorruptBundle) as error:
        words = str(error).removeprefix("network.onnx: ").rstrip(".")
        raise RunError(f"{path.name}: {words}.") from error
    given = _try_out(path.name, model, part, settings, size)
    n_weights = sum(int(np.prod(tensor.dims)) for tensor in model.graph.initializer)
    learned = {each.key: each.value for each in whole.metadata_props if each.key in FOR_PROGRAMS}
    return EncoderFile(path.name, digest_of(content), model, given.shape[1:], n_weights, learned)


def digest_of(content: bytes) -> str:
    """The SHA-256 of a file's bytes, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _content(path: Path, pin: str) -> bytes:
    most = LIMITS["network.onnx"] - ROOM
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= most else b""
    except OSError as error:
        raise RunError(f"encoder.file: {path.name} cannot be read ({error.strerror}).") from error
    if size > most:
        found = f"{size / 2**20:,.0f} MiB"
        raise RunError(f"{path.name}: {found}; a bundle holds at most {most // 2**20} MiB of it.")
    found = digest_of(content)
    if pin and found != pin:
        words = f"its SHA-256 is {found}, and encoder.sha256 is {pin}"
        raise RunError(f"{path.name}: {words}; it is another encoder.")
    return content


def _model(name: str, content: bytes) -> onnx.ModelProto:
    try:
        model = onnx.load_model_from_string(content)
        if model.functions:  # what an exporter wrote as functions of its own
            model = inliner.inline_local_functions(model)
        check_graph_file(model.SerializeToString())
        onnx.checker.check_model(model)
    except DecodeError as error:
        raise RunError(f"{name}: not an ONNX file.") from error
    except CorruptBundle as error:
        words = str(error).removeprefix("network.onnx: ")
        advice = "; save it as one file (external_data=False)" if "another file" in words else ""
        raise RunError(f"{name}: {words}; a bundle cannot hold it{advice}.") from error
    except (onnx.checker.ValidationError, RuntimeError) as error:
        raise RunError(f"{name}: not a whole ONNX file ({_first_line(error)}).") from error
    return model


def _check_ends(model: onnx.ModelProto, channels: int, size: int) -> None:
    """ValueError where the input is no film of this size, or the output no float32."""
    taken, given = model.graph.input[0], model.graph.output[0]
    for end in (taken, given):
        kind = end.type.tensor_type.elem_type
        if kind != TensorProto.FLOAT:
            found = TensorProto.DataType.Name(kind).lower()
            raise ValueError(f"{end.name} is {found}; expected float32. Export it so")
    sides = [axis.dim_value or None for axis in taken.type.tensor_type.shape.dim]
    expected = (None, channels, size, size)
    fits = len(sides) == 4 and all(
        side in (None, wanted) for side, wanted in zip(sides[1:], expected[1:], strict=True)
    )
    if not fits:
        found = " x ".join("N" if side is None else str(side) for side in sides)
        words = f"{taken.name} takes {found}; the recipe gives it N x {channels} x {size} x {size}"
        raise ValueError(f"{words} (encoder.channels, data.size)")


def _try_out(
    name: str, model: onnx.ModelProto, part: onnx.ModelProto, settings: Encoder, size: int
) -> Array:
    """What it gives for drawn films, where that is what an encoder gives."""
    films = _drawn(settings, size)
    session = Session(name, model)
    given = session.run(films)
    scale = float(np.abs(given).max())
    alone = np.concatenate([session.run(film[None]) for film in films])
    if alone.shape != given.shape or not np.abs(alone - given).max() <= MAX_GAP * scale:
        words = "a film's answer changes with the films beside it"
        raise RunError(f"{name}: {words}; expected one answer for each film by itself.")
    if not np.ptp(given, axis=0).max() > LEAST_SPREAD * scale:
        raise RunError(f"{name}: gives the same for every film; it is no use as an encoder.")
    if not np.abs(Session(name, part).run(films) - given).max() <= MAX_GAP * scale:
        words = "answers otherwise in the opset of bundles"
        raise RunError(f"{name}: {words}; export it with opset_version=20.")
    try:
        arrange(settings.gives, given.shape[1:], settings.extra_tokens)
    except ValueError as error:
        raise RunError(f"{name}: {error}.") from error
    return given


def _drawn(settings: Encoder, size: int) -> Array:
    shape = (size, size)
    drawn: Sequence[Pixels] = (draw_chest(shape), draw_chest(shape, 1), draw_wedge(shape))
    films: Array = tones_of(settings)(torch.from_numpy(np.stack(drawn)[:, None])).numpy()
    return films


def tones_of(settings: Encoder) -> Tones:
    """What is done to a fitted film before the encoder."""
    black, white = settings.range or (0.0, 1.0)
    return Tones(settings.channels, (black, white), settings.mean or (0.0,), settings.std or (1.0,))


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:200]
