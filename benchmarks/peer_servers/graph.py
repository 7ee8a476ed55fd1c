"""What all peers share: the bundle's graph in onnxruntime, one thread, and what it is asked."""

import io
import os

import numpy as np
import onnxruntime
from PIL import Image


class Graph:
    """The graph that GRAPH names; films fitted or not."""

    def __init__(self, threads: int | None = 1) -> None:
        options = onnxruntime.SessionOptions()
        if threads is not None:
            options.intra_op_num_threads = options.inter_op_num_threads = threads
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            os.environ["GRAPH"], options, providers=["CPUExecutionProvider"]
        )

    def of_tensor(self, content: bytes) -> list[float]:
        """Of a fitted film, as float32."""
        side = int((len(content) // 4) ** 0.5)
        return self._run(np.frombuffer(content, "<f4").reshape(1, 1, side, side))

    def of_png(self, content: bytes) -> list[float]:
        """Of a film as an 8-bit PNG."""
        return self.of_image(Image.open(io.BytesIO(content)))

    def of_image(self, image: Image.Image) -> list[float]:
        """Of a picture."""
        return self._run(np.asarray(image.convert("L"), np.float32)[None, None] / 255)

    def _run(self, film: np.ndarray) -> list[float]:
        (found,) = self._session.run(["probability"], {"radiographs": film})
        return [float(each) for each in found[0]]
