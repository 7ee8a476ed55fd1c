"""Every option of `explain` is what the room understands."""

from dataclasses import fields

from plainfilm.cli import plainfilm
from plainfilm.explaining import How, Wanted


def test_what_is_wanted_and_how_can_be_said() -> None:
    options = {option.name for option in plainfilm.commands["explain"].params}

    assert {field.name for field in fields(Wanted)} <= options
    assert {field.name for field in fields(How)} <= options
