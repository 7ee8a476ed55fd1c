"""2,000 bootstrap draws of patients over 22,433 films and 14 findings: how long do they take?

    python benchmarks/bootstrap.py FOLDER [DRAWS] > benchmarks/results/bootstrap.txt

FOLDER as in published_auroc.py, whose published probabilities these are. Measured is what
`evaluate` computes of each finding (AUROC, average precision, the rates at a threshold, F1, kappa,
MCC, calibration errors, Brier, calibration line), their means, micro AUROC and average precision,
and F1 in its four averages over findings, all with intervals from the same draws of patients. The
claim: under 30 seconds on two cores. One thread is used, so where nothing else runs, the time is
that of the CPU; OMP_NUM_THREADS bounds the matrix products.
"""

import itertools
import os
import platform
import resource
import sys
import time
from pathlib import Path

import numpy as np

from plainfilm.evaluation.answers import answers_of
from plainfilm.evaluation.averages import average_numbers
from plainfilm.evaluation.bootstrap import draw_patients
from plainfilm.evaluation.finding_numbers import finding_numbers, means
from plainfilm.evaluation.table import FORMAT, About, Predictions
from published_auroc import FINDINGS, Published, load


def table_of(published: Published) -> Predictions:
    """The published probabilities as a table of predictions; thresholds are findings' shares."""
    n, shares = len(published.patients), published.labels.mean(axis=0)
    nothing = np.full(n, "")
    about = About(
        FORMAT, "published", "1", "", FINDINGS, FINDINGS, tuple(shares.tolist()), "shares", None,
        True, "none", "none", None, "chestxray14", "test", "",
    )  # fmt: skip
    return Predictions(
        about, nothing, published.patients,
        dict.fromkeys(("study", "split", "view", "sex", "body_part"), nothing), published.age,
        published.labels, published.probabilities, published.probabilities, np.full(n, np.nan),
        nothing,
    )  # fmt: skip


def main(folder: Path, n_draws: int = 2000) -> None:
    published = load(folder)
    answers = answers_of(table_of(published), 0)
    print(f"{platform.machine()}, {os.cpu_count()} cores, numpy {np.__version__}, OMP_NUM_THREADS "
          f"{os.environ.get('OMP_NUM_THREADS', 'not set')}")  # fmt: skip
    marks = [("start", time.perf_counter(), time.process_time())]
    draws = draw_patients(published.patients, n_draws, seed=0)
    marks.append(("draws", time.perf_counter(), time.process_time()))
    numbers = [finding_numbers(answers, column, draws) for column in range(len(FINDINGS))]
    mean = means(numbers)
    marks.append(("findings", time.perf_counter(), time.process_time()))
    averages = average_numbers(answers, draws)
    marks.append(("averages", time.perf_counter(), time.process_time()))
    print(f"{len(published.patients)} films of {draws.counts.shape[1]} patients, {n_draws} draws")
    for before, after in itertools.pairwise(marks):
        wall, cpu = after[1] - before[1], after[2] - before[2]
        print(f"{after[0]:10} {wall:6.1f} s   {cpu:6.1f} s of CPU")
    print(f"{'all':10} {marks[-1][1] - marks[0][1]:6.1f} s   "
          f"{marks[-1][2] - marks[0][2]:6.1f} s of CPU")  # fmt: skip
    print(f"others on this machine: load {os.getloadavg()[0]:.1f} at the end")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"largest memory {peak:.0f} MiB")
    print(f"mean AUROC {mean['auroc']}")
    print(f"micro AUROC {averages['micro_auroc']}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
