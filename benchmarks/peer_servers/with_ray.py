"""Ray Serve: a plain deployment of two replicas, one thread each."""

import os
import sys
import time
from pathlib import Path

import ray
from ray import serve
from starlette.requests import Request
from starlette.responses import JSONResponse


@serve.deployment(num_replicas=2, ray_actor_options={"num_cpus": 1}, max_ongoing_requests=16)
class Films:
    """Probabilities of films."""

    def __init__(self) -> None:
        from graph import Graph

        self.graph = Graph()

    async def __call__(self, request: Request) -> JSONResponse:
        """The probabilities of a film."""
        content = await request.body()
        png = request.url.path == "/png"
        found = self.graph.of_png(content) if png else self.graph.of_tensor(content)
        return JSONResponse(found)  # of a stated length, as the clients here want it


if __name__ == "__main__":
    here = str(Path(__file__).resolve().parent)
    told = {"PYTHONPATH": here, "GRAPH": os.environ["GRAPH"]}
    ray.init(address="local", log_to_driver=False, include_dashboard=False,
             runtime_env={"env_vars": told})  # fmt: skip
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    serve.run(Films.bind())
    while True:
        time.sleep(60)
