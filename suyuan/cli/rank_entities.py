"""``suyuan rank firms|sellers|actors|products|rights|sites``: who and what to look at first."""

from typing import Annotated, Any

import typer

from suyuan.cli.console import people_console
from suyuan.cli.output import (
    NOT_A_FINDING,
    AsOfOption,
    JsonOption,
    StoreOption,
    note,
    print_json,
    usage_errors,
)
from suyuan.service.risk_ranking import BASE, RankingRequest, RiskRanking
from suyuan.service.workspace import Workspace

app = typer.Typer()

_TOP = 20
_REASONS = 2


@app.command()
def entities(
    context: typer.Context,
    division: Annotated[
        str | None,
        typer.Option(
            metavar="CODE", help="Only in this province, city or district (GB/T 2260). 仅限该行政区划"
        ),
    ] = None,
    as_of: AsOfOption = None,
    top: Annotated[int, typer.Option(min=0, help="How many rows; 0 for all. 行数，0为全部")] = _TOP,
    refit: Annotated[bool, typer.Option("--refit", help="Fit anew, even if a fit is kept. 重新拟合")] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rank by the probability of an infringing finding within 180 days after the cut-off. 重点关注排序"""
    with usage_errors():
        request = RankingRequest(str(context.obj), division=division, as_of=as_of, top=top, refit=refit)
    with Workspace.open(store) as workspace:
        report = RiskRanking(workspace).report(request)
    if as_json:
        print_json(report)
    else:
        _print_report(report)


def _print_report(report: dict[str, Any]) -> None:
    console = people_console()
    model = report["model"]
    console.print(
        f"Inspection priority 重点关注, {report['kind']}, data up to 数据截至 {report['as_of']}. Score 评分 = "
        f"probability of an infringing finding within {model['horizon_days']} days, in %."
    )
    console.print(
        f"Model 模型: {model['model']}, {model['trained_on']['rows']:,} rows 训练行 "
        f"of {model['trained_on']['cut_offs']} earlier cut-offs, "
        f"{model['trained_on']['positive']:,} followed by a finding 后有认定."
    )
    if model["model"] == "prior":
        note(
            "Too few findings to fit: the scorecard is the prior one, fitted to simulated markets; take the order, "
            "not the level. 认定过少，使用模拟市场得出的先验评分卡；只看次序，不看数值。"
        )
    console.print(
        "Place, score (90 %), id, name, label; strongest reasons 名次、评分、主体、名称、称谓；主要理由"
    )
    for row in report["rows"]:
        reasons = [one for one in row["reasons"] if one["feature"] != BASE][:_REASONS]
        score = f"{row['score']:.1f} ({row['low']:.1f}-{row['high']:.1f})"
        name = f"  {row['name']}" if row["name"] else ""
        console.print(f"{row['rank']:>4}  {score:<17} {row['id']}{name}  {row['display_label']}")
        for one in reasons:
            console.print(f"        {one['contribution']:+.2f} {one['text']}")
    console.print(
        f"Ranked 已排序: {report['ranked']:,}. Not ranked 未排序: {len(report['not_ranked']):,} "
        "(closed, or too little evidence; not low 已关闭或记录不足, 并非低风险)."
    )
    note(NOT_A_FINDING)
