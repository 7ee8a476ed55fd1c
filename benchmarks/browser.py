"""The page against Python in one run: probabilities, processor time of a reading, bytes of a visit.

Run: python benchmarks/browser.py [FILM ...] [--repeat N]

Films are read by the static site in Chromium, with its half-precision weights and with the bundle's
own, and by `Reader` with one thread. Needs the built page, the package playwright and Chromium.
Processor time in the browser is that of all its processes while a film is read again, so it holds
the page's own work too; `Reader.read` is timed beside it, turn by turn.
"""

import argparse
import hashlib
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "tests"))

from page_sites import handed_out  # noqa: E402
from plainfilm.errors import PlainfilmError  # noqa: E402
from plainfilm.images import read_radiograph  # noqa: E402
from plainfilm.reading import Reader  # noqa: E402
from plainfilm.reading.bundle import Bundle  # noqa: E402
from plainfilm.reading.shelf import open_bundle  # noqa: E402
from plainfilm.serve.site import write_site  # noqa: E402

DRAWN = REPOSITORY / "docs" / "examples" / "drawn-chest.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# Published first visits of in-browser chest readers, in MB: "Chester: A Web Delivered Locally
# Computed Chest X-Ray Disease Prediction System" (Cohen et al.) tells its page's own figure, and a
# later thesis on networks in the browser its range.
PREDECESSORS = {"Chester": "about 150", "a later thesis": "200 to 600"}


def whole_weights(bundle: Bundle, site: Path) -> None:
    """Let a site hand out the bundle's own network instead of the halved one."""
    (site / "bundle" / "network.onnx").write_bytes(bundle.network)
    settings = json.loads((site / "app.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256(bundle.network).hexdigest()
    settings["site"]["network"] = {"url": "bundle/network.onnx", "bytes": len(bundle.network),
                                   "sha256": digest, "encoding": "onnx"}  # fmt: skip
    (site / "app.json").write_text(json.dumps(settings), encoding="utf-8")


def page_answer(page: Any, path: Path) -> dict[str, Any] | None:
    """What the page says of a film; None where it does not read it."""
    for button in page.get_by_role("button", name="Close all films").all():
        button.click()
    page.locator("#open").set_input_files(path)
    page.locator("#findings, .problem").first.wait_for(timeout=60_000)
    if page.locator(".problem").count() > 0:
        return None
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    found: dict[str, Any] = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    return found


def compared(reader: Reader, page: Any, path: Path) -> str | float:
    """The largest difference of a film's probabilities, or that both refuse, or who does not."""
    found = page_answer(page, path)
    try:
        expected = reader.read(read_radiograph(path))
    except PlainfilmError:
        return "not a film for both" if found is None else "read by the page alone"
    if found is None:
        return "read by Python alone"
    if expected.refused is not None or found["refused"] is not None:
        both = expected.refused is not None and found["refused"] is not None
        return "refused by both" if both else "refused by one"
    pairs = zip(expected.results, found["findings"], strict=True)
    return max(abs(one.probability - other["probability"]) for one, other in pairs)


def browser_seconds(session: Any) -> float:
    """Processor time that the browser's processes have taken."""
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    return sum(float(process["cpuTime"]) for process in processes)


def cpu_ratio(reader: Reader, page: Any, session: Any, repeat: int) -> tuple[float, float]:
    """Median processor milliseconds of one reading: the page's and Python's, turn by turn."""
    film = read_radiograph(DRAWN)
    page_answer(page, DRAWN)
    page.get_by_text("About this film").first.wait_for()
    theirs, ours = [], []
    for turn in range(repeat):
        page.get_by_label("Age in years").fill(str(20 + turn))
        before = browser_seconds(session)
        page.get_by_role("button", name="Read again").click()
        page.locator("#findings").get_by_text(f"Read as: age {20 + turn},").wait_for()
        theirs.append(browser_seconds(session) - before)
        began = time.process_time()
        reader.read(film, age_years=20 + turn)
        ours.append(time.process_time() - began)
        if not page.get_by_label("Age in years").is_visible():
            page.get_by_text("About this film").first.click()
    return 1000 * statistics.median(theirs), 1000 * statistics.median(ours)


START = """async ([worker, engine]) => {
  const get = async url => new Uint8Array(await (await fetch(url)).arrayBuffer());
  const [machine, graph] = await Promise.all([get(engine), get('bundle/network.onnx')]);
  const started = new Worker(worker, { type: 'module' });
  window.asked = request => new Promise(done => {
    started.onmessage = event => done(event.data.error ?? 'done');
    started.postMessage({ id: 1, ...request });
  });
  return window.asked({ kind: 'start', machine, graph });
}"""
RUN = """async ([height, width, times]) => {
  const pixels = Float32Array.from({ length: height * width }, (_, i) => (i % 251) / 250);
  let said = 'done';
  for (let i = 0; i < times && said === 'done'; i++)
    said = await window.asked({ kind: 'run', pixels, height, width });
  return said;
}"""


def graph_ratio(reader: Reader, page: Any, session: Any, site: Path, repeat: int) -> None:
    """Print the processor milliseconds of the graph alone, turn by turn; whole weights."""
    film = read_radiograph(DRAWN).pixels[None, None]
    height, width = film.shape[2:]
    assets = site / "assets"
    names = [f"assets/{next(assets.glob(kind)).name}" for kind in ("worker-*.js", "onnxruntime-*")]
    for said in (page.evaluate(START, names), page.evaluate(RUN, [height, width, 3])):
        if said != "done":
            sys.exit(f"the engine did not run: {said}")
    theirs, ours = [], []
    for _ in range(repeat):
        before = browser_seconds(session)
        page.evaluate(RUN, [height, width, 10])
        theirs.append((browser_seconds(session) - before) / 10)
        began = time.process_time()
        for _ in range(10):
            reader.engine.run(film)
        ours.append((time.process_time() - began) / 10)
    page_ms, python_ms = (1000 * statistics.median(times) for times in (theirs, ours))
    print(f"the graph alone: browser {page_ms:.1f} ms, onnxruntime {python_ms:.1f} ms of processor "
          f"time ({page_ms / python_ms:.1f} to 1)")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("films", type=Path, nargs="*", default=[DRAWN])
    parser.add_argument("--repeat", type=int, default=15, help="readings timed (15)")
    options = parser.parse_args()
    browser_path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser_path is None:
        sys.exit(f"no browser found; expected one of {', '.join(BROWSERS)}")
    bundle, reader = open_bundle("chest14-demo"), Reader("chest14-demo", threads=1)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as running:
        browser = running.chromium.launch(executable_path=browser_path, args=FLAGS)
        for weights in ("half", "whole"):
            site = Path(scratch) / weights
            n_bytes = write_site(bundle, site)
            if weights == "whole":
                whole_weights(bundle, site)
            with handed_out(site) as place:
                page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="en-GB")
                received: list[int] = []
                page.on("requestfinished", lambda r, to=received: to.append(
                    r.sizes()["responseBodySize"]))  # fmt: skip
                page.goto(place.url)
                page.locator("#open-here").wait_for(state="attached", timeout=60_000)
                n_first = sum(received)
                answers = {path: compared(reader, page, path) for path in options.films}
                told(weights, answers)
                session = browser.new_browser_cdp_session()
                if weights == "half":
                    size(n_bytes, n_first, cpu_ratio(reader, page, session, options.repeat))
                else:
                    graph_ratio(reader, page, session, site, options.repeat)
        browser.close()


def told(weights: str, answers: dict[Path, str | float]) -> None:
    """Print the largest difference, and what was not compared."""
    numbers = [answer for answer in answers.values() if isinstance(answer, float)]
    worst = f"{max(numbers):.1e}" if numbers else "none"
    print(f"{weights} weights: {len(numbers)} films, largest difference of a probability {worst}")
    words = [answer for answer in answers.values() if isinstance(answer, str)]
    for each in sorted(set(words)):
        print(f"  {words.count(each)} {each}")
    for path, answer in answers.items():
        if isinstance(answer, str) and "both" not in answer:
            print(f"  {path.name}: {answer}")


def size(n_bytes: int, n_first: int, ratio: tuple[float, float]) -> None:
    """Print bytes and processor time."""
    page_ms, python_ms = ratio
    others = ", ".join(f"{who} {mb} MB" for who, mb in PREDECESSORS.items())
    print(f"site {n_bytes / 1e6:.1f} MB, first visit until ready {n_first / 1e6:.1f} MB; "
          f"published: {others}")  # fmt: skip
    print(f"one reading: browser {page_ms:.0f} ms, Python {python_ms:.0f} ms of processor time "
          f"({page_ms / python_ms:.1f} to 1)")  # fmt: skip


if __name__ == "__main__":
    main()
