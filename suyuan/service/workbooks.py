"""Excel workbooks of tables."""

from pathlib import Path
from typing import Final

import pyarrow as pa
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from suyuan.errors import LimitError

_ROWS_MAX: Final = 1_048_575
"""Rows below the header that a worksheet holds."""


def write_workbook(content: pa.Table, path: Path) -> None:
    """One worksheet with a header row. Texts are written as texts, so none is taken for a formula.

    Raises
    ------
    LimitError
        More rows than a worksheet holds.
    """
    if content.num_rows > _ROWS_MAX:
        raise LimitError("rows in one worksheet; export as csv or parquet", _ROWS_MAX, content.num_rows)
    with xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_formulas": False}) as workbook:
        sheet = workbook.add_worksheet()
        bold = workbook.add_format({"bold": True})
        for position, name in enumerate(content.column_names):
            sheet.write_string(0, position, name, bold)
        for number, row in enumerate(
            zip(*(column.to_pylist() for column in content.columns), strict=True), start=1
        ):
            _write_row(sheet, number, row)


def _write_row(sheet: Worksheet, number: int, row: tuple[object, ...]) -> None:
    for position, value in enumerate(row):
        if isinstance(value, bool):
            sheet.write_boolean(number, position, value)
        elif isinstance(value, int | float):
            sheet.write_number(number, position, value)
        elif value is not None:
            sheet.write_string(number, position, str(value))
