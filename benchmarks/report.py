"""The table of all benchmarks, on the screen and as a page that keeps what was measured before."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import Final, Self

from benchmarks.measure import Row

HEAD: Final = ("benchmark", "what", "ours", "against", "ratio", "target", "", "when", "note")
INTRODUCTION: Final = """# Benchmarks

Made by `make bench` (`python -m benchmarks [NAME...]`). Ratios count: both sides of a line ran in the same process
or the same minute, after their answers were compared; absolute times depend on the machine and on what else it was
doing. "When" is the day, the commit and the load average at the start; "+" marks a working copy with changes.
Losses are kept in.

"""
MACHINE: Final = re.compile(r"^Machine: (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table with where it comes from; all text."""

    benchmark: str
    what: str
    ours: str
    opponent: str
    ratio: str
    target: str
    verdict: str
    when: str
    note: str

    @classmethod
    def of(cls, name: str, row: Row, when: str) -> Self:
        """The line of a row just measured."""
        texts = (name, row.what, row.ours, row.opponent, row.ratio, row.target, row.verdict(), when, row.note)
        return cls(*(" ".join(text.replace("|", "/").split()) for text in texts))

    def markdown(self) -> str:
        """As a row of a Markdown table."""
        return f"| {' | '.join(astuple(self))} |"


def lines_of(page: str) -> Iterator[Line]:
    """The lines of a page written before."""
    for text in page.splitlines():
        cells = [cell.strip() for cell in text.strip().strip("|").split(" | ")]
        cells += [""] * (len(HEAD) - len(cells))
        if text.startswith("| ") and len(cells) == len(HEAD) and cells[0] != HEAD[0]:
            yield Line(*cells)


def updated(page: str, lines: Sequence[Line], machine: str, names: Sequence[str]) -> str:
    """The page with new lines in place of the old ones of the same benchmarks.

    Old lines that another machine gave are dropped.
    """
    before = MACHINE.search(page)
    fresh = {line.benchmark for line in lines}
    kept = list(lines_of(page)) if before and before.group(1) == machine else []
    merged = [line for line in kept if line.benchmark not in fresh and line.benchmark in names] + list(lines)
    merged.sort(key=lambda line: names.index(line.benchmark))
    table = [f"| {' | '.join(HEAD)} |", f"|{' --- |' * len(HEAD)}", *(line.markdown() for line in merged)]
    return f"{INTRODUCTION}Machine: {machine}\n\n" + "\n".join(table) + "\n"


def print_table(lines: Sequence[Line]) -> None:
    """The table in columns, notes left out."""
    shown = [HEAD[1:7], *((a.what, a.ours, a.opponent, a.ratio, a.target, a.verdict) for a in lines)]
    widths = [max(len(cells[column]) for cells in shown) for column in range(6)]
    for cells in shown:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
