"""How often-tried calls are refused."""

from collections.abc import Callable

from plainfilm.errors import BundleError


def refusal(call: Callable[[], object]) -> str | None:
    """The message with which the call refuses a bundle; None = it went through."""
    try:
        call()
    except BundleError as error:
        return str(error)
    return None
