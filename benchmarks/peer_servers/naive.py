"""FastAPI and onnxruntime as a first try has them: one process, a thread pool, default threads."""

import sys

import uvicorn
from fastapi import Body, FastAPI
from graph import Graph

app, graph = FastAPI(), Graph(threads=None)


@app.post("/tensor")
def tensor(content: bytes = Body(media_type="application/octet-stream")) -> list[float]:
    """The probabilities of a fitted film."""
    return graph.of_tensor(content)


@app.post("/png")
def png(content: bytes = Body(media_type="image/png")) -> list[float]:
    """The probabilities of a film as PNG."""
    return graph.of_png(content)


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
