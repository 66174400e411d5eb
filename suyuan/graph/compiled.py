"""Numba's compiler with the types it leaves out."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The function compiled to machine code; the result is cached between runs and the GIL is let go."""
    return numba.njit(cache=True, nogil=True)(function)  # pyright: ignore
