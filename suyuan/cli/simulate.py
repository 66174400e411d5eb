"""``suyuan simulate``: an invented market with a known truth."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from suyuan.cli.output import JsonOption, note, print_json, progress_bar, usage_errors
from suyuan.simulate.market import MarketOptions, simulate_market

app = typer.Typer()
_DEFAULT = MarketOptions()

_Share = typer.Option(min=0.0, max=1.0)


@app.command()
def simulate(
    out: Annotated[Path, typer.Argument(help="Folder to write; made if it is not there.")],
    seed: Annotated[
        int, typer.Option(min=0, help="The same seed and options give the same files.")
    ] = _DEFAULT.seed,
    sellers: Annotated[int | None, typer.Option(help="Shops; follows --movements if not given.")] = None,
    movements: Annotated[
        int | None, typer.Option(help="About how many shipments; 26,000 if nothing is given.")
    ] = None,
    cases: Annotated[int, typer.Option(min=1, help="Cases with a known factory.")] = _DEFAULT.cases,
    mixing: Annotated[
        str, typer.Option(help="How stock mixes: fifo, proportional, age, partly_fifo or outside.")
    ] = _DEFAULT.mixing,
    fifo_share: Annotated[float, _Share] = _DEFAULT.fifo_share,
    missing_rate: Annotated[float, _Share] = _DEFAULT.missing_rate,
    product_unknown_rate: Annotated[float, _Share] = _DEFAULT.product_unknown_rate,
    lot_unknown_rate: Annotated[float, _Share] = _DEFAULT.lot_unknown_rate,
    undated_rate: Annotated[float, _Share] = _DEFAULT.undated_rate,
    table_format: Annotated[str, typer.Option("--format", help="csv or parquet.")] = _DEFAULT.table_format,
    as_json: JsonOption = False,
) -> None:
    """Write exchange tables of an invented market, with truth.csv and truth_actors.csv."""
    given: dict[str, Any] = {
        "seed": seed,
        "sellers": sellers,
        "movements": movements,
        "cases": cases,
        "mixing": mixing,
        "fifo_share": fifo_share,
        "missing_rate": missing_rate,
        "product_unknown_rate": product_unknown_rate,
        "lot_unknown_rate": lot_unknown_rate,
        "undated_rate": undated_rate,
        "table_format": table_format,
    }
    with usage_errors(), progress_bar("Simulating") as progress:
        summary = simulate_market(MarketOptions(**given), out, progress)
    if as_json:
        print_json({"out": str(out), **asdict(summary)})
        return
    note(f"Wrote {sum(summary.tables.values()):,} rows in {len(summary.tables)} tables to {out}.")
