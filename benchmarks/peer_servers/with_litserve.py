"""LitServe: two worker processes, one thread each; a film is a file in a form."""

import sys

import litserve
from fastapi import Request
from graph import Graph


class Films(litserve.LitAPI):
    """Probabilities of films."""

    def setup(self, _device: str) -> None:
        """Open the graph, in each worker."""
        self.graph = Graph()

    def decode_request(self, request: Request) -> tuple[str, bytes]:
        """The field that the film came in, and its bytes."""
        ((kind, film),) = request.items()
        return kind, film.file.read()

    def predict(self, asked: tuple[str, bytes]) -> list[float]:
        """The probabilities."""
        kind, content = asked
        return self.graph.of_tensor(content) if kind == "tensor" else self.graph.of_png(content)

    def encode_response(self, found: list[float]) -> dict[str, list[float]]:
        """As JSON."""
        return {"probability": found}


if __name__ == "__main__":
    server = litserve.LitServer(Films(), accelerator="cpu", workers_per_device=2)
    server.run(port=int(sys.argv[1]), host="127.0.0.1", generate_client_file=False,
               log_level="warning")  # fmt: skip
