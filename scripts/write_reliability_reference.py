"""Write docs/reference/reliability.md: what the server holds, by benchmarks/results/*.json.

Those are written by benchmarks/serving.py, faults.py, peers.py, attacks.py and fuzz.py; a test
holds the page and them equal.
"""

import json
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
RESULTS = REPOSITORY / "benchmarks" / "results"
PAGE = REPOSITORY / "docs" / "reference" / "reliability.md"

HEAD = """# What the server holds

Written by `python scripts/write_reliability_reference.py`; a test holds the two equal.

Each row is the last run of `python benchmarks/serving.py` (L), `benchmarks/faults.py` (F, B3),
`benchmarks/peers.py` (L9: other servers, installed there by pip), `benchmarks/fuzz.py` (B1) or
`benchmarks/attacks.py` (F4, B2, B4, B5, P: tests, and what they try), on the machine named, with
its load average at the end of the run: where that is above the number of cores, others computed at
the same time and figures by the clock are upper bounds. DenseNet-121 has weights of chance and the
published network's cost; `chest14-demo` is shipped. Clients, server and the bare engine shared the
cores. A row that was not reached says so.

What a file costs before anything of ours begins bounds L1: of a film of 1024 pixels libjpeg-turbo
takes 3 ms and zlib 4 to 5 ms (Pillow's decoders alone, processor time). Beside DenseNet-121 that
leaves .95 and .92; beside the 8 ms of `chest14-demo` .73 and .63, so that no server which decodes
comes to .80 there."""

NEVER = """## Not run

- Eight hours without a rest (L5), thirty minutes at 70 % (L3: one).
- An archive of 112,120 films (L8); 2,000 films were scored, see above.
- Answers larger than a socket's buffer in F7: one may break off with the replica that gives it.
- A PACS that is down for an hour (F5): there is no DICOM network service yet.
- Slow clients by the thousand (B3: 60, as many as the proxy lets one address have), gRPC; a million
  damaged files (B1)."""

NO_PEERS = "- Other servers on the same model and load (L9), though it is scripted."


def reference() -> str:
    """The whole page."""
    rows: dict[str, Any] = {}
    for name in ("serving", "faults", "peers", "attacks"):
        path = RESULTS / f"{name}.json"
        rows |= json.loads(path.read_text("utf-8")) if path.exists() else {}
    lines = ["| | what | target | seen | reached | load |", "|---|---|---|---|---|---|"]
    for name, row in sorted(rows.items()):
        reached = "yes" if row["reached"] else "**no**"
        what = f"{row['what']} ({row['machine']})"
        cells = (name.split()[0], what, row["target"], row["seen"], reached, str(row["load"]))
        lines.append(f"| {' | '.join(cells)} |")
    missing = [] if any(name.startswith("L9") for name in rows) else [NO_PEERS]
    return "\n".join([HEAD, "", *lines, "", NEVER, *missing, ""])


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
