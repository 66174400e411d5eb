"""Small worlds for property tests: a few sites and at most eight movements, as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from suyuan.graph.rows import snapshot_of_rows
from suyuan.graph.snapshot import GraphSnapshot

DAY = 86_400_000_000
EPOCH = 1_735_689_600_000_000
SITES = "ABCDE"


@dataclass(frozen=True)
class Move:
    """A movement; times are days, None is unknown."""

    name: str
    start: str
    end: str
    left: float | None
    came: float | None
    product: str | None = None
    lot: str | None = None
    quantity: float | None = 1.0
    unit: str | None = None

    def row(self, shift: int = 0) -> dict[str, Any]:
        return {
            "shipment_id": self.name,
            "from_site": self.start,
            "to_site": self.end,
            "departed_at": None if self.left is None else EPOCH + shift + int(self.left * DAY),
            "arrived_at": None if self.came is None else EPOCH + shift + int(self.came * DAY),
            "product_id": self.product,
            "lot_id": self.lot,
            "quantity": self.quantity,
            "unit": self.unit,
        }


@dataclass(frozen=True)
class World:
    """Movements, roles and makers of sites, and repackings (site, lot in, lot out), lots being (product, lot)."""

    moves: tuple[Move, ...]
    roles: Mapping[str, str | None]
    makes: tuple[tuple[str, str], ...] = ()
    repacked: tuple[tuple[str, tuple[str, str], tuple[str, str]], ...] = ()

    def tables(self, shift: int = 0) -> dict[str, list[dict[str, Any]]]:
        return {
            "sites": [{"site_id": site, "role": role} for site, role in self.roles.items()],
            "site_products": [
                {"site_id": site, "product_id": product, "relation": "makes"} for site, product in self.makes
            ],
            "shipments": [move.row(shift) for move in self.moves],
            "transformations": [
                {
                    "event_id": str(number),
                    "site_id": site,
                    "input_lots": [f"Lot:{before[0]}:{before[1]}"],
                    "output_lots": [f"Lot:{after[0]}:{after[1]}"],
                }
                for number, (site, before, after) in enumerate(self.repacked)
            ],
        }

    def graph(self, shift: int = 0) -> GraphSnapshot:
        return snapshot_of_rows(self.tables(shift))

    def reversed(self) -> "World":
        """Every movement the other way, time running backward, repackings undone."""
        moves = tuple(
            replace(
                move,
                start=move.end,
                end=move.start,
                left=None if move.came is None else 1000 - move.came,
                came=None if move.left is None else 1000 - move.left,
            )
            for move in self.moves
        )
        repacked = tuple((site, after, before) for site, before, after in self.repacked)
        return replace(self, moves=moves, repacked=repacked)


def positions(graph: GraphSnapshot, kind: str, names: Sequence[str]) -> list[int]:
    return [graph.nodes[kind].position(f"{kind}:{name}") for name in names]


def name_of(graph: GraphSnapshot, kind: str, position: int) -> str:
    return graph.nodes[kind].id_at(position).partition(":")[2]


def names(graph: GraphSnapshot, kind: str, found: Any) -> set[str]:
    return {name_of(graph, kind, int(position)) for position in found}


@st.composite
def moves(draw: st.DrawFn, number: int, *, undated: bool, products: tuple[str | None, ...]) -> Move:
    start = draw(st.sampled_from(SITES))
    end = draw(st.sampled_from(SITES))
    left = draw(st.integers(0, 20))
    came = left + draw(st.integers(1, 4))
    known = draw(st.sampled_from(("both", "both", "left", "came", "none"))) if undated else "both"
    return Move(
        name=f"m{number}",
        start=start,
        end=end,
        left=left if known in ("both", "left") else None,
        came=came if known in ("both", "came") else None,
        product=draw(st.sampled_from(products)),
        lot=draw(st.sampled_from((None, None, "1", "2"))),
        quantity=draw(st.sampled_from((None, 1.0, 2.0, 3.0, 5.0, 8.0))),
    )


@st.composite
def worlds(
    draw: st.DrawFn, *, undated: bool = False, products: tuple[str | None, ...] = (None, "P", "P", "Q")
) -> World:
    count = draw(st.integers(1, 8))
    chosen = tuple(draw(moves(number, undated=undated, products=products)) for number in range(count))
    roles = {
        site: draw(st.sampled_from((None, "factory", "warehouse", "wholesale_market", "port")))
        for site in SITES
    }
    makes = draw(st.sets(st.tuples(st.sampled_from(SITES), st.sampled_from("PQ")), max_size=2))
    lots = st.tuples(st.sampled_from("PQ"), st.sampled_from("12"))
    repacked = draw(st.lists(st.tuples(st.sampled_from(SITES), lots, lots), max_size=2))
    return World(chosen, roles, tuple(sorted(makes)), tuple(repacked))
