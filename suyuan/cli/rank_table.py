"""``suyuan rank table``: the scorecard on any labelled table."""

from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from suyuan.cli.console import people_console
from suyuan.cli.output import NOT_A_FINDING, JsonOption, note, print_json
from suyuan.cli.tables import table_for_people
from suyuan.service.table_ranking import BASE, TableRequest, rank_table

app = typer.Typer()

_SHOWN = 10
_REASONS = 2


@app.command()
def table(
    train: Annotated[
        list[Path],
        typer.Option(metavar="A.csv", help="Labelled rows to learn from; may be given several times."),
    ],
    score: Annotated[Path, typer.Option(metavar="B.csv", help="Rows to rank.")],
    label: Annotated[
        str,
        typer.Option(metavar="COL", help="Column with the label, 0 or 1; never read from B for fitting."),
    ],
    time: Annotated[
        str | None,
        typer.Option(
            metavar="COL", help="Column with the time of a row; rows of A after the first of B are left out."
        ),
    ] = None,
    entity: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COL", help="Column that names who is behind a row; may be given several times."
        ),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(metavar="COL...", help="Columns to leave out, such as what was known only afterwards."),
    ] = None,
    more: Annotated[list[str] | None, typer.Argument(metavar="COL", hidden=True)] = None,
    as_json: JsonOption = False,
) -> None:
    """Rank the rows of a table, and the firms behind them, by a scorecard learnt from labelled rows. 表格风险排序"""
    if more and not drop:
        raise typer.BadParameter(f"{' '.join(more)!r} belongs to no option; expected only options.")
    request = TableRequest(
        train=tuple(train),
        score=score,
        label=label,
        time=time,
        entities=tuple(dict.fromkeys(entity or [])),
        drop=tuple(dict.fromkeys([*(drop or []), *(more or [])])),
    )
    report = rank_table(request)
    _warn(report["model"])
    if as_json:
        print_json(report)
    else:
        _print_report(report)


def _warn(model: dict[str, Any]) -> None:
    for name in model["suspicious"]:
        note(
            f"Column {name!r} alone tells nearly every label; if it was filled in after the finding, --drop it. "
            f"仅凭列“{name}”即可判定几乎全部标签；如其在认定之后填写，请用 --drop 排除。"
        )
    if model["left_out"]:
        note(
            f"{model['left_out']:,} training rows after the first row of --score are left out. "
            f"已排除晚于首个待评分行的训练行 {model['left_out']:,} 行。"
        )


def _print_report(report: dict[str, Any]) -> None:
    console = people_console()
    model = report["model"]
    console.print(
        f"{model['kind']}: learnt from {model['trained_on']['rows']:,} rows 训练行, "
        f"{model['trained_on']['positive']:,} positive 阳性; {len(report['rows']):,} rows ranked 排序行."
    )
    if report["auroc"] is not None:
        console.print(
            f"AUROC {report['auroc']:.4f}, precision 精确率: best 1 % {report['precision_at_1']:.3f}, "
            f"best 5 % {report['precision_at_5']:.3f}; calibration error 校准误差 {report['calibration_error']:.3f}"
        )
    best = sorted(report["rows"], key=lambda row: (-row["score"], row["key"]))[:_SHOWN]
    rows = table_for_people("Row 行", "Score 评分", numbers=("Row 行", "Score 评分"))
    for row in best:
        rows.add_row(str(row["key"]), f"{row['score']:.1f}")
    console.print(rows)
    for column, entities in groupby(report["entities"], key=lambda one: one["column"]):
        console.print(_entity_table(column, list(entities)))
    if report["not_ranked"]:
        console.print(
            f"Not ranked 未排序: {len(report['not_ranked']):,}, fewer than {model['least_rows']} rows 记录不足."
        )
    note(NOT_A_FINDING)


def _entity_table(column: str, entities: list[dict[str, Any]]) -> Table:
    numbers = ("Score 评分", "Rows 行数")
    shown = table_for_people(column, *numbers, "Reasons 理由", numbers=numbers)
    for one in entities[:_SHOWN]:
        reasons = [reason for reason in one["reasons"] if reason["feature"] != BASE][:_REASONS]
        texts = "; ".join(f"{reason['contribution']:+.2f} {reason['feature']}" for reason in reasons)
        name = one["id"].removeprefix(f"{column}:")
        shown.add_row(name, f"{one['score']:.1f}", str(one["rows"]), texts)
    return shown
