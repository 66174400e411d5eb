"""The one console for people: names, ids and reasons of a store are printed as they stand, brackets and all."""

from rich.console import Console
from rich.text import Text


def people_console() -> Console:
    """Standard output, on which no text is markup; what is to be bold comes as :func:`strong`."""
    return Console(soft_wrap=True, emoji=False, markup=False)


def strong(title: str, rest: str = "") -> Text:
    """A line that begins with a bold title.

    Examples
    --------
    >>> strong("[b]:1", "  2 records").plain
    '[b]:1  2 records'
    """
    return Text.assemble((title, "bold"), rest)
