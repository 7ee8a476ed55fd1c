"""What a run's folder tells while its training goes on: the log, its curves, run.json, alarms."""

import sys
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from plainfilm.training.checkpoint import Progress
from plainfilm.training.curves import write_curves
from plainfilm.training.ending import alarms, end_words
from plainfilm.training.optim_settings import Optim
from plainfilm.training.record import RunRecord, write_log, write_record


def publish(out: Path, record: RunRecord, progress: Progress, optim: Optim) -> None:
    """Write log and run.json as the checkpoint has them, so that a resumed run repeats no row.

    Copies of films and cautions, before the first epoch, and an alarm of the last are told on
    stderr, too.
    """
    rows, kept = progress.rows, progress.kept
    ended, told = end_words(optim, progress.val_losses), alarms([row.loss for row in rows])
    write_log(out, rows)
    write_curves(out, rows)
    record = replace(
        record,
        seconds=sum(row.seconds for row in rows),
        epochs=len(rows),
        finished=bool(ended),
        ended=ended,
        alarms=told,
        kept_epoch=kept.epoch if kept else 0,
        val_auroc=kept.val_auroc if kept else None,
    )
    write_record(out, record)
    for words in () if rows else (record.copies, *(f"caution: {c}" for c in record.cautions)):
        if words:
            tqdm.write(words, file=sys.stderr)
    if told and told[-1].startswith(f"epoch {len(rows)}:"):
        tqdm.write(told[-1], file=sys.stderr)
