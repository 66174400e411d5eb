"""Parameters fitted on simulated markets, for the benchmarks that judge them on other markets.

python -m benchmarks.fitted        fits them anew and keeps them in benchmarks/fitted_parameters.json
"""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.traceback_accuracy import CASES, confirmed_origin, loaded
from suyuan.service.fitting import fit_markets, market_of
from suyuan.service.parametersets import ParameterSet
from suyuan.simulate.market import MarketOptions

SEEDS: Final = (21, 22, 23, 24, 25)
"""Markets that are fitted to; no benchmark judges by them."""

FILE: Final = Path(__file__).with_name("fitted_parameters.json")


def fitted_on(seeds: Sequence[int] = SEEDS, cases: int = CASES) -> ParameterSet:
    """Parameters fitted to the cases of some markets of the usual kind."""
    markets = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as name:
            snapshot, truth = loaded(MarketOptions(seed=seed, cases=cases), Path(name))
        markets.append(market_of(snapshot, [confirmed_origin(snapshot, *case) for case in truth]))
    return fit_markets(markets)


def kept() -> ParameterSet:
    """The set that was fitted last and kept."""
    return ParameterSet.read(FILE)


def main() -> None:
    """Fit, keep, print the figures of the fit."""
    found = fitted_on()
    text = json.dumps(found.to_json(), ensure_ascii=False, indent=2)
    FILE.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
