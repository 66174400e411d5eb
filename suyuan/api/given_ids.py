"""Ids that callers give."""

from typing import Final

from suyuan.errors import ParameterError
from suyuan.graph.ids import normal_id

ID_MAX: Final = 1000
_SHOWN: Final = 40


def canonical_id(name: str, given: str) -> str:
    """The canonical spelling of an id; ``name`` is that of the argument, for errors.

    Raises
    ------
    RecordError, ParameterError
    """
    if len(given) > ID_MAX:
        raise ParameterError(name, beginning(given), f"an id of at most {ID_MAX} characters")
    return normal_id(given)


def beginning(text: str) -> str:
    """As much of a long text as an error shows."""
    return text[:_SHOWN] + "…"
