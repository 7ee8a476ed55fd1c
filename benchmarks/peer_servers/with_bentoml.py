"""BentoML: a service of two workers, one thread each."""

from pathlib import Path
from typing import Annotated

import bentoml
from bentoml.validators import ContentType
from graph import Graph
from PIL.Image import Image


@bentoml.service(workers=2)
class Films:
    """Probabilities of films."""

    def __init__(self) -> None:
        self.graph = Graph()

    @bentoml.api
    def tensor(
        self, film: Annotated[Path, ContentType("application/octet-stream")], /
    ) -> list[float]:
        """The probabilities of a fitted film."""
        return self.graph.of_tensor(film.read_bytes())

    @bentoml.api
    def png(self, film: Image, /) -> list[float]:
        """The probabilities of a film as PNG."""
        return self.graph.of_image(film)
