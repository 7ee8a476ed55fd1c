"""The end of a child process and of all that it started, of which nothing stays behind."""

import os
import signal
import subprocess
from contextlib import suppress


def end_group(leader: subprocess.Popen[bytes]) -> None:
    """Kill a process that was started in a session of its own, and whatever it started there.

    What it started is nobody's once it has ended, and goes to the machine's first process; in a
    container that is often this server. Who does not take note of the end of such a one leaves its
    place in the table of processes taken, and that table is short in a container.
    """
    with suppress(ProcessLookupError):
        os.killpg(leader.pid, signal.SIGKILL)
    leader.wait()
    with suppress(ChildProcessError):  # none of them is ours: the usual case
        while True:
            os.waitpid(-leader.pid, 0)
