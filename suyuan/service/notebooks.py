"""Use case: frames of a notebook into a store, by the ordinary way in."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from suyuan.errors import ParameterError
from suyuan.graph.store.base import Store
from suyuan.graph.tables import TABLES
from suyuan.ingest.natives import values_as_array
from suyuan.ingest.report import RunReport
from suyuan.ingest.run import IngestOptions, ingest

if TYPE_CHECKING:
    import pandas as pd


def ingest_frames(
    store: Store,
    frames: "Mapping[str, pd.DataFrame]",
    options: IngestOptions = IngestOptions(),  # noqa: B008
    *,
    name: str = "notebook",
) -> RunReport:
    """Reads frames of the exchange format into a store, with the same checks and report as files.

    Parameters
    ----------
    frames : by table; index and missing values are left out
    name : what provenance calls their source: ``notebook/firms.parquet``

    Raises
    ------
    ParameterError
        A frame is named after no table.
    IngestError, StoreError
    """
    for table in frames:
        if table not in TABLES:
            raise ParameterError("frames", table, f"names of tables: {', '.join(TABLES)}")
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / name
        folder.mkdir()
        for table, frame in frames.items():
            pq.write_table(_content(frame), folder / f"{table}.parquet")
        return ingest(store, [folder], options)


def _content(frame: "pd.DataFrame") -> pa.Table:
    columns: dict[str, pa.Array] = {}
    for column in frame.columns:
        values = frame[column]
        pairs = zip(values.tolist(), values.isna().tolist(), strict=True)
        columns[str(column)] = values_as_array([None if missing else value for value, missing in pairs])
    return pa.table(columns)
