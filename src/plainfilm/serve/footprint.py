"""The process that tells what reading takes: the most memory it ever had, as bytes on stdout.

Run as `python -m plainfilm.serve.footprint BUNDLE ENGINE WORKERS THREADS MAX_BATCH`; `tuning`
starts one for each setting, since of several engines in one process nobody can say whose memory it
was. It holds Python, the engine and the bundle; a server has its web framework and its decoding
children on top. It writes nothing where the system does not tell.
"""

import sys
from pathlib import Path

from plainfilm.reading import Bundle
from plainfilm.reading.engine import EngineName
from plainfilm.serve.memory import peak_bytes
from plainfilm.serve.tuning import Setting, ask, draw_film, engine_for

SECONDS = 0.2  # of reading: each thread reads two films at least


def main() -> None:
    """Read with one setting, then tell."""
    bundle, engine, *numbers = sys.argv[1:]
    setting = Setting(EngineName(engine), *map(int, numbers))
    reading = engine_for(Bundle.load(Path(bundle)), setting)
    ask(reading, draw_film(), setting.workers, SECONDS)
    found = peak_bytes()
    sys.stdout.write("" if found is None else str(found))


if __name__ == "__main__":
    main()
