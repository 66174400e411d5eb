"""Times as the tables write them: China Standard Time with its offset, or days alone."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from suyuan.simulate.arrow_text import chosen, formatted, shortened
from suyuan.simulate.world import IntArray

_OFFSET = 8 * 3600


def day_text(seconds: float) -> str:
    """Day in China of a second since 1970."""
    return str(np.datetime64(int(seconds) + _OFFSET, "s").astype("datetime64[D]"))


def time_text(seconds: float) -> str:
    """ISO 8601 with the offset of China Standard Time."""
    return f"{np.datetime64(int(seconds) + _OFFSET, 's')}+08:00"


def optional_day(seconds: float) -> str | None:
    """Day, or None for a time below 0."""
    return None if seconds < 0 else day_text(seconds)


def optional_days(seconds: Sequence[float]) -> list[str | None]:
    """Days of a column; below 0 is unknown."""
    return [optional_day(second) for second in seconds]


def time_column(seconds: IntArray, known: NDArray[np.bool_], day_only: NDArray[np.bool_]) -> pa.Array:
    """Times of a column, some of them unknown, some of them days alone."""
    local = pa.array(seconds + _OFFSET, mask=~known).cast(pa.timestamp("s"))
    full = formatted(local, "%Y-%m-%dT%H:%M:%S+08:00")
    if not day_only.any():
        return full
    return chosen(pa.array(day_only), shortened(full, 10), full)
