"""Numba's compiler with the types it leaves out."""

import os
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

import numba
from numba.core.options import DefaultOptions

from suyuan.graph.kernelcache import kernel_folder

P = ParamSpec("P")
R = TypeVar("R")

if "NUMBA_CACHE_DIR" not in os.environ and (_folder := kernel_folder()) is not None:
    numba.config.CACHE_DIR = str(_folder)  # pyright: ignore

_UNCOUNTED: Final = {"_nrt": False} if hasattr(DefaultOptions, "_nrt") else {}
"""Numba has the option but does not document it; without it the same code is only slower."""


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The function compiled to machine code; the result is cached between runs and the GIL is let go."""
    return numba.njit(cache=True, nogil=True)(function)  # pyright: ignore


def uncounted(function: Callable[P, R]) -> Callable[P, R]:
    """The same without counting references to arrays: for hot loops over tuples of many arrays.

    Such a loop would spend most of its time on counting. The function must make no array and return none, nor
    call another compiled function that does; its arrays are kept alive by its caller.
    """
    return numba.njit(cache=True, nogil=True, **_UNCOUNTED)(function)  # pyright: ignore
