"""What a simulated market is asked to be: its size, how goods mix, and how much of the record is lost."""

from dataclasses import dataclass
from typing import Literal, get_args

from suyuan.errors import ParameterError

Mixing = Literal["fifo", "proportional", "age", "outside", "partly_fifo"]
TableFormat = Literal["csv", "parquet"]

SELLERS_DEFAULT = 240
MOVEMENTS_DEFAULT = 26_000
MOVEMENTS_PER_SELLER = MOVEMENTS_DEFAULT / SELLERS_DEFAULT
FACTORIES_PER_MOVEMENT = 68 / MOVEMENTS_DEFAULT
CASES_DEFAULT = 400

_SHARES = (
    "missing_rate",
    "product_unknown_rate",
    "lot_unknown_rate",
    "undated_rate",
    "quantity_unknown_rate",
    "day_only_rate",
    "fifo_share",
    "makes_known_share",
    "factory_role_unknown_rate",
    "licensed_share",
    "wrong_lead_share",
    "rule2_share",
    "seizure_share",
    "exhibit_share",
    "relabel_share",
    "decoy_share",
    "re_emergence_share",
    "twin_share",
    "typo_rate",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketOptions:
    """A market to simulate. The same options always give the same bytes.

    Parameters
    ----------
    seed : int
        >= 0; every random draw derives from it.
    sellers : int or None
        Shops, >= 10; None follows `movements` (240 for 26,000).
    movements : int or None
        About how many shipments are recorded, >= 500; None follows `sellers`.
    factories : int or None
        Factories, >= 8; None follows `movements` (68 for 26,000).
    days : int
        Length of the simulated time, days, >= 120.
    cases : int
        Cases with a known truth, >= 1; small markets may hold fewer listings than cases.
    mixing : str
        How an outgoing movement takes its goods from the lots in stock: `fifo`; `proportional` to what is
        left of each lot; `age`, random with weight falling by `age_scale_days`; `partly_fifo`, first in first
        out with probability `fifo_share`, otherwise proportional; `outside`, last in first out with a fifth
        of each lot kept back, which the mixing model of the traceback cannot express.
    fifo_share, age_scale_days : float
        See `mixing`.
    hub_size : float
        How many times the usual number of goods passes each market, warehouse, forwarder and port, from 0.2 to 5:
        the same goods go over fewer or more of them.
    missing_rate, product_unknown_rate, lot_unknown_rate, undated_rate : float
        Shares in [0, 1] of movements not recorded at all, and of recorded ones without product, without lot,
        without departure or arrival (or both).
    quantity_unknown_rate, day_only_rate : float
        Shares of recorded movements without quantity, and with dates but no time of day.
    quantity_noise : float
        Standard deviation of the logarithm of recorded over true quantity, >= 0.
    makes_known_share : float
        Share of factories whose products are recorded (all of them, or none).
    factory_role_unknown_rate : float
        Share of factories recorded without a role.
    licensed_share : float
        Share of factories that hold a licence for part of what they make.
    rule2_share, seizure_share, exhibit_share : float
        Shares of the cases that are listings without test purchase, seizures, exhibits; the rest are listings
        with a test purchase.
    confirmed : int
        Confirmed origins written besides the cases, none of them a case unless `confirm_cases`.
    confirm_cases : bool
        Take the confirmed origins from the cases themselves.
    wrong_lead_share : float
        Share of leads about lawful listings.
    relabel_share : float
        Share of warehouses that repack what comes in under own lot numbers.
    decoy_share : float
        Share of shops that show a courier's phone or an agent's address as their own.
    re_emergence_share : float
        Share of shops with a finding whose owner opens a new one afterwards.
    twin_share : float
        Share of owners with an honest namesake.
    typo_rate : float
        Probability that an address or name is written with a slip.
    table_format : str
        `csv` or `parquet`.

    Raises
    ------
    ParameterError
        For any value outside what is said above.
    """

    seed: int = 1
    sellers: int | None = None
    movements: int | None = None
    factories: int | None = None
    days: int = 540
    cases: int = CASES_DEFAULT
    mixing: Mixing = "partly_fifo"
    fifo_share: float = 0.7
    age_scale_days: float = 6.0
    hub_size: float = 1.0
    missing_rate: float = 0.15
    product_unknown_rate: float = 0.20
    lot_unknown_rate: float = 0.70
    undated_rate: float = 0.05
    quantity_unknown_rate: float = 0.04
    day_only_rate: float = 0.03
    quantity_noise: float = 0.08
    makes_known_share: float = 0.65
    factory_role_unknown_rate: float = 0.04
    licensed_share: float = 0.30
    rule2_share: float = 0.14
    seizure_share: float = 0.08
    exhibit_share: float = 0.06
    confirmed: int = 40
    confirm_cases: bool = False
    wrong_lead_share: float = 0.20
    relabel_share: float = 0.12
    decoy_share: float = 0.08
    re_emergence_share: float = 0.45
    twin_share: float = 0.06
    typo_rate: float = 0.10
    table_format: TableFormat = "csv"

    def __post_init__(self) -> None:
        for name in _SHARES:
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ParameterError(name, value, "a share from 0 to 1")
        if self.missing_rate > 0.9:
            raise ParameterError(
                "missing_rate", self.missing_rate, "at most 0.9, or no market is left to trace"
            )
        if self.rule2_share + self.seizure_share + self.exhibit_share > 1.0:
            raise ParameterError("rule2_share", self.rule2_share, "shares of cases that sum to at most 1")
        if self.mixing not in get_args(Mixing):
            raise ParameterError("mixing", self.mixing, "one of " + ", ".join(get_args(Mixing)))
        if self.table_format not in get_args(TableFormat):
            raise ParameterError("table_format", self.table_format, "csv or parquet")
        self._check_sizes()

    def _check_sizes(self) -> None:
        lowest = {"seed": 0, "days": 120, "cases": 1, "confirmed": 0}
        optional = {"sellers": 10, "movements": 500, "factories": 8}
        for name, least in (lowest | optional).items():
            value: int | None = getattr(self, name)
            if value is not None and value < least:
                raise ParameterError(name, value, f"a whole number of at least {least}")
        if self.age_scale_days <= 0:
            raise ParameterError("age_scale_days", self.age_scale_days, "a number of days above 0")
        if not 0.2 <= self.hub_size <= 5.0:
            raise ParameterError("hub_size", self.hub_size, "a number from 0.2 to 5")
        if self.quantity_noise < 0:
            raise ParameterError("quantity_noise", self.quantity_noise, "0 or more")

    @property
    def movement_target(self) -> int:
        """Recorded movements to aim at."""
        if self.movements is not None:
            return self.movements
        if self.sellers is not None:
            return max(500, round(self.sellers * MOVEMENTS_PER_SELLER))
        return MOVEMENTS_DEFAULT

    @property
    def seller_count(self) -> int:
        """Shops, before those opened again after a finding."""
        return (
            self.sellers
            if self.sellers is not None
            else max(10, round(self.movement_target / MOVEMENTS_PER_SELLER))
        )

    @property
    def factory_count(self) -> int:
        """Factories of the market."""
        return (
            self.factories
            if self.factories is not None
            else max(8, round(self.movement_target * FACTORIES_PER_MOVEMENT))
        )

    @property
    def scale(self) -> float:
        """Size of the market against the default one of 26,000 movements."""
        return self.factory_count / 68
