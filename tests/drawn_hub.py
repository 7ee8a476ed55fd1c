"""A model hub of one's own: the few endpoints of the Hugging Face hub's API that files need.

Reading: a repository's record, its tree, its files (whole or in part). Writing, for who brings the
token: `preupload`, where every file is said to be small, and `commit`, which brings them inside.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

COMMIT = "c0ffee" + "0" * 34
ZEROS = "0" * 40


@dataclass
class Hub:
    """What the hub holds: repository "OWNER/NAME" to path to content; and where it stands."""

    url: str = ""
    token: str = "hf_a-token"  # who writes must bring it
    closed: bool = False  # True: every listing is refused, as where access is missing
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@contextmanager
def hub() -> Iterator[Hub]:
    """A hub on the loopback, empty, until the block ends."""
    held = Hub()
    handler = type("Bound", (_Handler,), {"held": held})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        held.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield held
        server.shutdown()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    held: Hub

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.held.asked.append(path)
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/[^/]+)?", path):
            self._record(found[1])
        elif found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/main(?:/(.+))?", path):
            self._tree(found[1], found[2] or "")
        elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/main/(.+)", path):
            self._content(found[1], found[2])
        else:
            self._refuse(404, "EntryNotFound")

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        found = re.fullmatch(r"/api/models/([^/]+/[^/]+)/(preupload|commit)/main", self.path)
        if self.headers.get("Authorization") != f"Bearer {self.held.token}":
            self._refuse(401, "")
        elif found is None or found[1] not in self.held.files:
            self._refuse(404, "RepoNotFound")
        elif found[2] == "preupload":
            paths = [each["path"] for each in json.loads(body)["files"]]
            small = {"uploadMode": "regular", "shouldIgnore": False, "oid": None}
            self._json({"files": [{"path": path, **small} for path in paths]})
        else:
            self._commit(found[1], body)

    def _commit(self, repository: str, body: bytes) -> None:
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                content = base64.b64decode(line["value"]["content"])
                self.held.files[repository][line["value"]["path"]] = content
        url = f"{self.held.url}/{repository}/commit/{COMMIT}"
        self._json({"commitUrl": url, "commitOid": COMMIT, "pullRequestUrl": None})

    def _record(self, repository: str) -> None:
        if repository not in self.held.files:
            return self._refuse(404, "RepoNotFound")
        return self._json({"id": repository, "sha": COMMIT, "private": False, "siblings": []})

    def _tree(self, repository: str, folder: str) -> None:
        if self.held.closed:
            return self._refuse(403, "")
        inside = f"{folder}/" if folder else ""
        files = self.held.files.get(repository, {})
        rows = [
            {"type": "file", "path": path, "size": len(content), "oid": ZEROS}
            for path, content in files.items()
            if path.startswith(inside) and "/" not in path.removeprefix(inside)
        ]
        return self._json(rows) if rows or not folder else self._refuse(404, "EntryNotFound")

    def _content(self, repository: str, path: str) -> None:
        content = self.held.files.get(repository, {}).get(path)
        if content is None:
            return self._refuse(404, "EntryNotFound")
        digest = hashlib.sha256(content).hexdigest()
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if part is None:
            return self._answer(200, content, ETag=f'"{digest}"')
        first, last = int(part[1]), int(part[2] or len(content) - 1)
        span = f"bytes {first}-{last}/{len(content)}"
        return self._answer(206, content[first : last + 1], **{"Content-Range": span})

    def _json(self, content: object) -> None:
        self._answer(200, json.dumps(content).encode(), **{"Content-Type": "application/json"})

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, b"{}", **({"X-Error-Code": code} if code else {}))

    def _answer(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        told = {"Content-Length": str(len(content)), "X-Repo-Commit": COMMIT, **headers}
        for name, value in told.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
