"""Compiled functions that are copied into their callers: small steps of hot loops that take large tuples."""

from collections.abc import Callable

import numba

from suyuan.graph.compiled import P, R


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """The function compiled; other compiled functions hold its code instead of calling it.

    A call counts references to every array of a tuple it is given, which costs more than a short step itself.
    """
    return numba.njit(cache=True, nogil=True, inline="always")(function)  # pyright: ignore
