"""What was found wrong: codes, and where."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from suyuan.ingest.text import BoolArray, IntArray, as_mask

Code = Literal[
    "missing_key",
    "bad_type",
    "bad_time",
    "bad_enum",
    "bad_identifier",
    "out_of_range",
    "contradiction",
    "duplicate_key",
    "unknown_reference",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """Cells of one column that break the same rule.

    Attributes
    ----------
    column : name, None where the row as a whole is meant
    positions : int64, shape (n,), places in the batch
    values : text, shape (n,), what stood there
    """

    column: str | None
    code: Code
    positions: IntArray
    values: pa.Array


def finding(column: str | None, code: Code, flags: BoolArray, values: pa.Array) -> list[Finding]:
    """The flagged cells as a finding; an empty list if there is none."""
    if not flags.any():
        return []
    return [Finding(column, code, np.flatnonzero(flags), pc_text(values.filter(as_mask(flags))))]


def pc_text(values: pa.Array) -> pa.Array:
    """Values as text for people."""
    return values if pa.types.is_string(values.type) else values.cast(pa.string())
