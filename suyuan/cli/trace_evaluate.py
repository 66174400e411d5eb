"""``suyuan trace evaluate``: how often traces find the known origin."""

from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE
from rich.table import Table

from suyuan.cli.console import people_console
from suyuan.cli.output import JsonOption, StoreOption, print_json
from suyuan.cli.trace_options import ParametersOption, parameters_from
from suyuan.service.confirmed import confirmed_by
from suyuan.service.evaluating import evaluated
from suyuan.service.workspace import Workspace

app = typer.Typer()


@app.command()
def evaluate(
    truth: Annotated[
        Path,
        typer.Argument(metavar="TRUTH.csv", help="Known origins: columns case (or listing_id) and factory."),
    ],
    parameters: ParametersOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """How often traces find the known origin, beside simpler scores. 评估"""
    given = parameters_from(parameters)
    with Workspace.open(store) as workspace:
        snapshot = workspace.snapshot()
        figures = evaluated(snapshot, confirmed_by(truth, snapshot), given)
    if as_json:
        print_json(figures)
        return
    table = Table("Score", "top-1", "top-3", "MRR", box=SIMPLE)
    for name, one in {"origin mass": figures, **figures["baselines"]}.items():
        table.add_row(name, *(f"{one[column]:.3f}" for column in ("top1", "top3", "mrr")))
    console = people_console()
    console.print(f"{figures['cases']} cases; calibration error {figures['ece']:.3f}.")
    console.print(table)
