"""Rights, their holders, and who is licensed."""

from dataclasses import dataclass

import numpy as np

from suyuan.simulate import names
from suyuan.simulate.codes import patent_number, random_stream, trade_mark_number
from suyuan.simulate.options import MarketOptions
from suyuan.simulate.people import Population
from suyuan.simulate.world import World

_KINDS = ("trade_mark", "design", "utility_model", "invention")
_PATENT_KIND = {"invention": 1, "utility_model": 2, "design": 3}
TERM_YEARS = {"trade_mark": 10, "design": 15, "utility_model": 10, "invention": 20}
"""Patent Law Art. 42 and Trade Mark Law Art. 39; designs filed before 2021-06-01 have 10 years."""


@dataclass(frozen=True, slots=True)
class Right:
    """One right: its number as printed, the product it covers, the year it was filed."""

    right_id: str
    right_type: str
    number: str
    title: str
    holder: int
    product: int
    filed: np.datetime64
    lapsed: bool
    recordal_no: str | None

    @property
    def term_end(self) -> np.datetime64:
        """Last day of the term."""
        years = TERM_YEARS[self.right_type]
        if self.right_type == "design" and self.filed < np.datetime64("2021-06-01"):
            years = 10
        month = self.filed.astype("datetime64[M]") + np.timedelta64(12 * years, "M")
        return month.astype("datetime64[D]") + (
            self.filed - self.filed.astype("datetime64[M]").astype("datetime64[D]")
        )


@dataclass(frozen=True, slots=True)
class Licence:
    """Who may make or sell under a right; `licensee` is a canonical id, `factory` -1 for a shop."""

    licence_id: str
    right: Right
    licensee: str
    factory: int


@dataclass(frozen=True, slots=True)
class Rights:
    """All rights of the market, by product."""

    holders: list[str]
    brands: list[str]
    rights: list[Right]
    of_product: list[list[Right]]
    licences: list[Licence]

    def first_of_product(self, product: int) -> str:
        """Right id of the product's mark."""
        return self.of_product[product][0].right_id

    def recordal_of(self, right_id: str) -> str | None:
        """Customs recordal of a right, if there is one."""
        return self.rights[int(right_id[1:]) - 1].recordal_no


def build_rights(options: MarketOptions, world: World, population: Population) -> Rights:
    """A mark and up to three patents a product; licences for some factories that make it and a few shops."""
    stream = random_stream(options.seed, "rights")
    n_holders = max(2, world.n_products // 2)
    brands = [names.brand(stream) for _ in range(n_holders)]
    holders = [f"{brand}知识产权控股有限公司" for brand in brands]
    rights: list[Right] = []
    of_product: list[list[Right]] = []
    for product in range(world.n_products):
        kinds = [kind for kind in _KINDS if kind == "trade_mark" or stream.random() < 0.45]
        own = [_right(stream, len(rights) + place, kind, product, brands) for place, kind in enumerate(kinds)]
        rights.extend(own)
        of_product.append(own)
    licences = _licences(stream, options, world, population, of_product)
    return Rights(holders, brands, rights, of_product, licences)


def _right(stream: np.random.Generator, number: int, kind: str, product: int, brands: list[str]) -> Right:
    holder = product % len(brands)
    filed = np.datetime64("2012-01-01") + np.timedelta64(int(stream.integers(0, 4000)), "D")
    year = int(str(filed)[:4])
    goods = names.PRODUCT_KINDS[product % len(names.PRODUCT_KINDS)][0]
    is_mark = kind == "trade_mark"
    printed = trade_mark_number(number) if is_mark else patent_number(year, _PATENT_KIND[kind], number)
    recorded = stream.random() < 0.6
    return Right(
        right_id=f"R{number + 1}",
        right_type=kind,
        number=printed,
        title=brands[holder] if is_mark else f"一种{goods}" if kind != "design" else goods,
        holder=holder,
        product=product,
        filed=filed,
        lapsed=bool(stream.random() < 0.06) and not is_mark,
        recordal_no=f"{'T' if is_mark else 'P'}{max(year + 2, 2018)}{90_000 + number}" if recorded else None,
    )


def _licences(
    stream: np.random.Generator,
    options: MarketOptions,
    world: World,
    population: Population,
    of_product: list[list[Right]],
) -> list[Licence]:
    """Licences to make for the firms of licensed factories, to sell for a few shops."""
    licensed = stream.random(world.n_factories) < options.licensed_share
    licences: list[Licence] = []
    for product, makers in enumerate(world.makes):
        for factory in makers[licensed[makers]].tolist():
            licensee = population.operators[factory]
            if licensee is None or stream.random() < 0.4:
                continue
            for right in of_product[product]:
                licences.append(Licence(f"LC{len(licences) + 1:05d}", right, licensee, factory))
    honest = [shop for shop in population.shops if population.owners[shop.owner].offending < 0.1]
    for shop in honest[:: max(1, len(honest) // max(1, len(of_product)))]:
        product = int(stream.integers(world.n_products))
        licences.append(Licence(f"LC{len(licences) + 1:05d}", of_product[product][0], shop.canonical_id, -1))
    return licences
