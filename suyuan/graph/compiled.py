"""Numba's compiler with the types it leaves out."""

import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

from suyuan.graph.kernelcache import kernel_folder

P = ParamSpec("P")
R = TypeVar("R")

if "NUMBA_CACHE_DIR" not in os.environ and (_folder := kernel_folder()) is not None:
    numba.config.CACHE_DIR = str(_folder)  # pyright: ignore


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The function compiled to machine code; the result is cached between runs and the GIL is let go."""
    return numba.njit(cache=True, nogil=True)(function)  # pyright: ignore
