"""A market with a known truth, written as tables of the exchange format.

Examples
--------
>>> from pathlib import Path
>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     summary = simulate_market(MarketOptions(movements=600, cases=5), Path(folder))
>>> summary.cases
5
"""

from dataclasses import dataclass
from pathlib import Path

from suyuan.simulate.building import Progress, build_market, quiet
from suyuan.simulate.calendar import day_text
from suyuan.simulate.case_tables import write_case_tables
from suyuan.simulate.goods_tables import write_goods_tables
from suyuan.simulate.market_tables import write_market_tables
from suyuan.simulate.options import MarketOptions
from suyuan.simulate.party_tables import write_party_tables
from suyuan.simulate.records import shipment_columns
from suyuan.simulate.right_tables import write_right_tables
from suyuan.simulate.tables import TableWriter
from suyuan.simulate.world import DAY, EPOCH

__all__ = ["MarketOptions", "MarketSummary", "simulate_market"]


@dataclass(frozen=True, slots=True)
class MarketSummary:
    """What was made.

    Attributes
    ----------
    tables : rows of each table
    movements_true, movements_recorded : movements that took place, and those among them that are recorded
    cases, factories, products, sellers, owners : how many
    """

    tables: dict[str, int]
    movements_true: int
    movements_recorded: int
    cases: int
    factories: int
    products: int
    sellers: int
    owners: int


def simulate_market(options: MarketOptions, out: Path, progress: Progress | None = None) -> MarketSummary:
    """Simulate a market and write it as tables with `truth.csv` and `truth_actors.csv` beside them.

    Parameters
    ----------
    options : MarketOptions
    out : Path
        Folder to write into; made if it is not there, tables in it are replaced.
    progress : callable, optional
        Told the stage and the share done, 0 to 1.

    Returns
    -------
    MarketSummary

    Notes
    -----
    The same options give the same bytes. About half a minute and 1 GB for a million movements.
    """
    tell = progress or quiet
    market = build_market(options, tell)
    writer = TableWriter(out, options.table_format, day_text(EPOCH + options.days * DAY))
    tell("shipments", 0.5)
    writer.write(
        "shipments",
        shipment_columns(options, market.world, market.flow, market.records, market.site_ids),
        ends="arrived_at",
    )
    tell("tables", 0.8)
    for write in (
        write_goods_tables,
        write_market_tables,
        write_party_tables,
        write_right_tables,
        write_case_tables,
    ):
        write(market, writer)
    tell("done", 1.0)
    return MarketSummary(
        tables=dict(writer.rows),
        movements_true=len(market.flow),
        movements_recorded=market.records.movement.shape[0],
        cases=len(market.cases.case_ids),
        factories=market.world.n_factories,
        products=market.world.n_products,
        sellers=len(market.population.shops),
        owners=len(market.population.owners),
    )
