"""Tables for people that stay readable in a terminal of 80 columns."""

from collections.abc import Collection
from typing import Final

from rich.box import SIMPLE
from rich.cells import cell_len
from rich.table import Table

_GAP: Final = (0, 1)


def table_for_people(
    *heads: str, whole: Collection[str] = (), numbers: Collection[str] = (), close: bool = False
) -> Table:
    r"""An empty table of which no head is cut.

    Parameters
    ----------
    heads : such as "Findings 认定"
    whole : heads of columns whose cells are never cut, such as ids
    numbers : heads of columns that are aligned to the right
    close : one space between columns and the two languages of a head on two lines, for tables of many columns

    Examples
    --------
    >>> [column.header for column in table_for_people("#", "In force 生效", close=True).columns]
    ['#', 'In force\n生效']
    """
    table = Table(box=SIMPLE, padding=0 if close else _GAP)
    for head in heads:
        lines = head.rsplit(" ", 1) if close and not head.isascii() else [head]
        parts = lines if close or head in whole else head.split()
        table.add_column(
            "\n".join(lines),
            min_width=max(cell_len(part) for part in parts),
            no_wrap=head in whole,
            overflow="fold",
            justify="right" if head in numbers else "left",
        )
    return table
