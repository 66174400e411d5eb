"""Random sequences of runs, compared with dictionaries after each."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suyuan.graph.store.base import Scope, Store, View
from suyuan.graph.store.opening import open_store
from tests.contract.building import Row, id_of, values_of, write
from tests.contract.oracle import Oracle

End = Literal["finish", "abandon", "leave"]
COLUMNS = {
    "sites": ["name", "operator"],
    "shipments": [
        "from_site",
        "to_site",
        "product_id",
        "lot_id",
        "departed_at",
        "departed_at_precision",
        "quantity",
    ],
    "products": ["name", "right_ids"],
}

keys = st.sampled_from(["A", "B", "C:1", "D 2"])
names = st.none() | st.sampled_from(["义乌", "义乌 玩具", "toy", "x" * 40])
sites = st.fixed_dictionaries(
    {"site_id": keys, "name": names, "operator": st.none() | st.sampled_from(["Firm:A", "Seller:p:B"])}
)
shipments = st.fixed_dictionaries(
    {
        "shipment_id": keys,
        "from_site": st.none() | keys,
        "to_site": st.none() | keys,
        "product_id": st.none() | keys,
        "lot_id": st.none() | keys,
        "departed_at": st.none() | st.tuples(st.integers(-(10**15), 10**15), st.just(0)),
        "quantity": st.none() | st.floats(0, allow_infinity=False),
    }
)
products = st.fixed_dictionaries(
    {"product_id": keys, "name": names, "right_ids": st.none() | st.lists(keys, max_size=3)}
)


def some(rows: st.SearchStrategy[Any], key: str) -> st.SearchStrategy[list[dict[str, object]]]:
    return st.lists(rows, max_size=4, unique_by=lambda row: row[key])


steps = st.fixed_dictionaries(
    {
        "sites": some(sites, "site_id"),
        "shipments": some(shipments, "shipment_id"),
        "products": some(products, "product_id"),
    }
)
runs = st.lists(
    st.tuples(
        st.lists(steps, min_size=1, max_size=3), st.sampled_from(["finish", "finish", "abandon", "leave"])
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=runs)
def test_a_store_behaves_like_dictionaries(
    empty_url: Callable[[], str], plan: list[tuple[list[dict[str, list[Row]]], End]]
) -> None:
    store = open_store(empty_url())
    try:
        oracle, known = Oracle(), list[tuple[int, Oracle]]()
        for parts, end in plan:
            trial = deepcopy(oracle)
            ended_at = _one_run(store, trial, parts, end)
            if ended_at is not None:
                oracle = trial
                known.append((ended_at, deepcopy(trial)))
            _assert_same(store.view(), oracle)
        for ended_at, then in known:
            _assert_same(store.view(Scope(known_at=ended_at)), then, search=False)
        assert store.check(deep=True) == []
    finally:
        store.close()


def _one_run(store: Store, oracle: Oracle, parts: list[dict[str, list[Row]]], end: End) -> int | None:
    with store.writer(f"{end}") as writer:
        for part in parts:
            write(writer, part)
            oracle.put(part)
        if end == "finish":
            return writer.finish({}).ended_at
        if end == "abandon":
            writer.abandon()
    return None


def _assert_same(view: View, oracle: Oracle, *, search: bool = True) -> None:
    for table, columns in COLUMNS.items():
        wanted = {
            id_of(table, row): _values(row, columns)
            for (name, _), row in oracle.records.items()
            if name == table
        }
        assert values_of(view.batches(table, columns), columns) == wanted
        assert view.counts().get(table, 0) == len(wanted)
    nodes = oracle.nodes()
    assert {node.id: dict(node.properties) for node in view.nodes(sorted(nodes)).values()} == nodes
    for node_id, edges in view.neighbours(sorted(nodes), first=1_000).items():
        assert [edge.id for edge in edges] == [edge.id for edge in oracle.neighbours(node_id)]
    if search:
        for text in ("义", "toy", "义乌", "A"):
            assert [(hit.rank, hit.id) for hit in view.search(text, first=100)] == oracle.search(text)


def _values(row: Row, columns: list[str]) -> tuple[object, ...]:
    time = row.get("departed_at")
    values = dict(row)
    if isinstance(time, tuple):
        values["departed_at"], values["departed_at_precision"] = time
    return tuple(values.get(column) for column in columns)
