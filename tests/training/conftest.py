"""The fixtures of `trained_runs`."""

from trained_runs import environment, finished, one_thread, prepared

__all__ = ["environment", "finished", "one_thread", "prepared"]
