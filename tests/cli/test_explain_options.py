"""Each option of `explain` has its place in what the room takes."""

from dataclasses import fields

from plainfilm.cli import plainfilm
from plainfilm.explaining import How, Wanted

# The command line says some in fewer letters.
SAID = {"data": "prepared", "report": "measured", "added": "is_added"}


def test_what_is_wanted_and_how_can_be_said() -> None:
    options = {option.name for option in plainfilm.commands["explain"].params}

    said = {SAID.get(str(name), str(name)) for name in options}
    assert {field.name for field in (*fields(Wanted), *fields(How))} <= said
