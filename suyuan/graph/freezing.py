"""Snapshots are never written to: their arrays say so."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from suyuan.graph.snapshot import GraphSnapshot


def frozen(snapshot: GraphSnapshot) -> GraphSnapshot:
    """The same snapshot, its arrays marked read-only.

    Notes
    -----
    A saved snapshot is mapped read-only too, so compiled kernels meet one type of array however it came.
    """
    for array in _arrays(snapshot):
        array.flags.writeable = False
    return snapshot


def _arrays(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from _arrays(getattr(value, field.name))
    elif isinstance(value, dict):
        for part in value.values():
            yield from _arrays(part)
