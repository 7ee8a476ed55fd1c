"""The page against Python in one run: probabilities, processor time of a reading, bytes of a visit.

Run: python benchmarks/browser.py [FILM or FOLDER ...] [--each N] [--repeat N]

Of a folder of data sets, every film is read, or N of each kind of file of each set. What is outside
the bundle's population is read all the same, by both. The static site reads in Chromium, with its
half-precision weights and with the bundle's own, and `Reader` with one thread. Needs the built
page, the package playwright and Chromium.
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
from plainfilm.findings import Prediction  # noqa: E402
from plainfilm.images import read_radiograph  # noqa: E402
from plainfilm.reading import Reader  # noqa: E402
from plainfilm.reading.bundle import Bundle  # noqa: E402
from plainfilm.reading.shelf import open_bundle  # noqa: E402
from plainfilm.serve.site import write_site  # noqa: E402

DRAWN = REPOSITORY / "docs" / "examples" / "drawn-chest.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
TOGETHER = 20  # films open in the page at once
# Published first visits of in-browser chest readers, in MB: "Chester: A Web Delivered Locally
# Computed Chest X-Ray Disease Prediction System" (Cohen et al.) tells its page's own figure, and a
# later thesis on networks in the browser its range.
PREDECESSORS = {"Chester": (150, 150), "a later thesis": (200, 600)}


def whole_weights(bundle: Bundle, site: Path) -> None:
    """Let a site hand out the bundle's own network instead of the halved one."""
    (site / "bundle" / "network.onnx").write_bytes(bundle.network)
    settings = json.loads((site / "app.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256(bundle.network).hexdigest()
    settings["site"]["network"] = {"url": "bundle/network.onnx", "bytes": len(bundle.network),
                                   "sha256": digest, "encoding": "onnx"}  # fmt: skip
    (site / "app.json").write_text(json.dumps(settings), encoding="utf-8")


def page_answers(page: Any, paths: list[Path]) -> list[dict[str, Any] | None]:
    """What the page says of each film, read all the same where it refuses; None where unread."""
    for button in page.get_by_role("button", name="Close all films").all():
        button.click()
    page.locator("#open").set_input_files(paths)
    rows = page.locator(".films tbody tr")
    rows.nth(len(paths) - 1).wait_for()
    wait_for_rows(page)
    for index in range(len(paths)):
        if "Refused" in rows.nth(index).inner_text():
            insist(page, rows.nth(index))
    is_read = ["not read" not in rows.nth(index).inner_text() for index in range(len(paths))]
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    found = iter(json.loads(Path(download.value.path()).read_text(encoding="utf-8")))
    return [next(found) if one else None for one in is_read]


def wait_for_rows(page: Any) -> None:
    """Wait until no film is left to read; readings are long, and many."""
    page.locator(".films").get_by_text("waiting", exact=True).first.wait_for(
        state="detached", timeout=600_000
    )


def insist(page: Any, row: Any) -> None:
    """Press "Read it all the same" for the film of a row."""
    row.get_by_role("button").click()
    page.locator("#findings .refused").wait_for()
    page.get_by_role("button", name="Read it all the same").click()
    page.locator("#findings").wait_for()


def compared(reader: Reader, path: Path, found: dict[str, Any] | None) -> str | float:
    """The largest difference of a film's probabilities, or that both refuse, or who does not."""
    try:
        expected = read_all_the_same(reader, path)
    except PlainfilmError:
        return "not a film for both" if found is None else "read by the page alone"
    if found is None:
        return "read by Python alone"
    if expected.refused is not None or found["refused"] is not None:
        both = expected.refused is not None and found["refused"] is not None
        return "refused by both" if both else "refused by one"
    pairs = zip(expected.results, found["findings"], strict=True)
    return max(abs(one.probability - other["probability"]) for one, other in pairs)


def read_all_the_same(reader: Reader, path: Path) -> Prediction:
    """What Python says of a film, as one outside the population where it refuses it."""
    film = read_radiograph(path)
    found = reader.read(film)
    return found if found.refused is None else reader.read(film, override_population=True)


def sampled(folder: Path, n: int) -> list[Path]:
    """At most `n` films of each kind of file from each data set below a folder, evenly spaced."""
    kinds: dict[tuple[str, str], list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        kind = path.suffix.lower().replace("jpeg", "jpg")
        if kind in (".dcm", ".png", ".jpg"):
            kinds.setdefault((path.relative_to(folder).parts[0], kind), []).append(path)
    return [
        paths[(2 * k + 1) * len(paths) // (2 * min(n, len(paths)))]
        for paths in kinds.values()
        for k in range(min(n, len(paths)))
    ]


def browser_seconds(session: Any) -> float:
    """Processor time that the browser's processes have taken."""
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    return sum(float(process["cpuTime"]) for process in processes)


def cpu_ratio(reader: Reader, page: Any, session: Any, repeat: int) -> tuple[float, float]:
    """Median processor milliseconds of one reading: the page's and Python's, turn by turn."""
    film = read_radiograph(DRAWN)
    page_answers(page, [DRAWN])
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
    parser.add_argument("--each", type=int, default=sys.maxsize, metavar="N",
                        help="of a folder, N films of each kind of each set (all)")  # fmt: skip
    parser.add_argument("--repeat", type=int, default=15, help="readings timed (15)")
    options = parser.parse_args()
    films = [film for path in options.films
             for film in (sampled(path, options.each) if path.is_dir() else [path])]  # fmt: skip
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
                told(weights, answers(reader, page, films))
                session = browser.new_browser_cdp_session()
                if weights == "half":
                    size(n_bytes, n_first, cpu_ratio(reader, page, session, options.repeat))
                else:
                    graph_ratio(reader, page, session, site, options.repeat)
        browser.close()


def answers(reader: Reader, page: Any, films: list[Path]) -> dict[Path, str | float]:
    """What `compared` says of each film, some films at a time: a page has not room for all."""
    found = {}
    for first in range(0, len(films), TOGETHER):
        some = films[first : first + TOGETHER]
        for path, answer in zip(some, page_answers(page, some), strict=True):
            found[path] = compared(reader, path, answer)
    return found


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


def spread(low: float, high: float) -> str:
    """ "about 150", or "200 to 600"."""
    return f"about {low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"


def size(n_bytes: int, n_first: int, ratio: tuple[float, float]) -> None:
    """Print bytes and processor time."""
    page_ms, python_ms = ratio
    others = ", ".join(f"{who} {spread(*mb)} MB" for who, mb in PREDECESSORS.items())
    print(f"site {n_bytes / 1e6:.1f} MB, first visit until ready {n_first / 1e6:.1f} MB; "
          f"published: {others}")  # fmt: skip
    print(f"one reading: browser {page_ms:.0f} ms, Python {python_ms:.0f} ms of processor time "
          f"({page_ms / python_ms:.1f} to 1)")  # fmt: skip


if __name__ == "__main__":
    main()
