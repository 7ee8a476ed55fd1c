"""The tree of errors: one root, and its picture in the docstring is true."""

import inspect

import pytest

from plainfilm import errors


def test_every_error_is_a_plainfilm_error_with_a_sentence() -> None:
    for name, error in inspect.getmembers(errors, inspect.isclass):
        assert issubclass(error, errors.PlainfilmError), name
        assert error.__doc__, name


def test_the_picture_in_the_docstring_names_every_error() -> None:
    for name, _ in inspect.getmembers(errors, inspect.isclass):
        assert name in (errors.__doc__ or "")


def test_a_missing_extra_names_the_command_that_installs_it() -> None:
    with pytest.raises(errors.PlainfilmError, match=r"pip install 'plainfilm\[train\]'"):
        raise errors.MissingExtra("torch", "train")
