"""Drawn tables of predictions for every test of this room."""

from collections.abc import Callable

import pytest

from drawn_tables import draw_table
from plainfilm.evaluation.table import Predictions

MakeTable = Callable[..., Predictions]


@pytest.fixture
def make_table() -> MakeTable:
    """A function that draws a table; see `draw_table`."""
    return draw_table
