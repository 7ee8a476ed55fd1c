"""Trainings of several real processes, started by torchrun over loopback."""

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

NOBODY = (-1, 0)  # the process that dies, and at which step
TIME_LIMIT_S = 240  # of a training that takes seconds; a busy machine may need many

# argv: folder with a folder for each process, rank that dies (-1 = none), at which step, then what
# follows `plainfilm`. A process dies once, in the first attempt.
PROGRAM = """
import os, signal, sys
from pathlib import Path
from plainfilm.cli import main
from plainfilm.training.learner import Learner

places, dies, when = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rank, attempt = int(os.environ["RANK"]), os.environ["TORCHELASTIC_RESTART_COUNT"]
os.chdir(Path(places, str(rank)))
learn = Learner.learn

def counted(self, batch, pace, step):
    if rank == dies and step == when and attempt == "0":
        os.kill(os.getpid(), signal.SIGKILL)
    return learn(self, batch, pace, step)

Learner.learn = counted
status = main(sys.argv[4:])
if status == 0 and sys.platform == "linux":
    threads = [task.joinpath("comm").read_text() for task in Path("/proc/self/task").iterdir()]
    if any("gloo" in name for name in threads):  # at the end of Python they may call abort()
        sys.exit("threads of the process group are left")
sys.exit(status)
"""


@dataclass(frozen=True)
class Machine:
    """Where a torchrun runs: the words that bring a command there, and its network card."""

    entered_by: tuple[str, ...] = ()
    card: str = "lo"


HERE = Machine()


@dataclass(frozen=True)
class Ended:
    """How a torchrun ended, with what it and its processes said on stderr."""

    status: int
    said: str

    @property
    def errors(self) -> list[str]:
        """Our own lines among it."""
        return re.findall(r"plainfilm: error: (.*?)\r?\n", self.said)


def places(folder: Path, n: int = 2) -> Path:
    """A folder with an empty working folder for each process."""
    for rank in range(n):
        (folder / str(rank)).mkdir(parents=True)
    return folder


def launch(
    where: Path,
    words: list[str],
    launcher: tuple[str, ...],
    dies: tuple[int, int] = NOBODY,
    gpus: bool = False,
    machine: Machine = HERE,
) -> "subprocess.Popen[bytes]":
    """Start a torchrun with the options `launcher`, in a process group of its own."""
    program = where / "program.py"
    program.write_text(PROGRAM)
    tests = Path(__file__).resolve().parent
    paths = (str(tests.parent / "src"), str(tests), os.environ.get("PYTHONPATH", ""))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    if not gpus:
        environment["CUDA_VISIBLE_DEVICES"] = ""
    if sys.platform == "linux":
        environment["GLOO_SOCKET_IFNAME"] = machine.card
    return subprocess.Popen(
        [*machine.entered_by, sys.executable, "-m", "torch.distributed.run", *launcher,
         str(program), str(where), *map(str, dies), *words],
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def finish(process: "subprocess.Popen[bytes]") -> Ended:
    """Wait for its end, which is bounded: then it and all that it started are killed."""
    try:
        said = process.communicate(timeout=TIME_LIMIT_S)[1]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said = process.communicate()[1] + b"\nran past its time\n"
    return Ended(process.returncode, said.decode(errors="replace"))


def torchrun(
    where: Path,
    words: list[str],
    *,
    n: int = 2,
    restarts: int = 0,
    dies: tuple[int, int] = NOBODY,
    gpus: bool = False,
) -> Ended:
    """Run `plainfilm` with these words in n processes, each in its own folder of `where`."""
    launcher = ("--standalone", f"--nproc-per-node={n}", f"--max-restarts={restarts}")
    return finish(launch(where, words, launcher, dies, gpus))
