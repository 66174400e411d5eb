"""Measures of whole graphs against the reference outputs of LDBC Graphalytics, and their properties."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse import csgraph

from suyuan.analytics.measures import UNREACHED, components, distances_from, hops_from, page_rank

GRAPHS = Path("graphalytics/graphalytics-validation/src/main/resources/validation-graphs")
FAR = 2**63 - 1
"""How the reference writes that there is no way."""

Edges = list[tuple[int, int, float]]


def lines(file: Path) -> list[list[str]]:
    return [line.split() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def neighbours(file: Path) -> tuple[list[int], Edges]:
    """Nodes and edges of a file with a node and its neighbours a line."""
    rows = [[int(word) for word in line] for line in lines(file)]
    edges = [(first, other, 1.0) for first, *others in rows for other in others]
    return sorted({node for row in rows for node in row}), edges


def weighted(stem: Path) -> tuple[list[int], Edges]:
    """Nodes and edges of a pair of files ``.v`` and ``.e``."""
    nodes = [int(line[0]) for line in lines(stem.with_name(f"{stem.name}.v"))]
    edges = lines(stem.with_name(f"{stem.name}.e"))
    return sorted(nodes), [(int(first), int(other), float(weight)) for first, other, weight in edges]


def graph_of(
    nodes: list[int], edges: Iterable[tuple[int, int, float]], *, directed: bool
) -> sparse.csr_array:
    place = {node: number for number, node in enumerate(nodes)}
    cells = {(place[first], place[other]): weight for first, other, weight in edges}
    if not directed:
        cells |= {(other, first): weight for (first, other), weight in cells.items()}
    size = len(nodes)
    rows, columns = np.array(list(cells)).T
    return sparse.csr_array((np.array(list(cells.values())), (rows, columns)), shape=(size, size))


def expected(file: Path) -> dict[int, str]:
    return {int(node): value for node, value in lines(file)}


def names(directed: bool) -> tuple[str, str]:
    return ("dir", "directed") if directed else ("undir", "undirected")


BOTH = pytest.mark.parametrize("directed", [True, False])


@BOTH
def test_components_are_those_of_the_reference(samples: Path, directed: bool) -> None:
    short, long = names(directed)
    for nodes_edges, wanted in (
        (neighbours(samples / GRAPHS / f"wcc/{short}-input"), samples / GRAPHS / f"wcc/{short}-output"),
        (
            neighbours(samples / GRAPHS / f"example/example-{long}-input"),
            samples / GRAPHS / f"example/example-{long}-WCC",
        ),
    ):
        nodes, edges = nodes_edges
        found = components(graph_of(nodes, edges, directed=directed))
        same = np.array([int(expected(wanted)[node]) for node in nodes])
        assert ((found[:, None] == found) == (same[:, None] == same)).all()


@BOTH
@pytest.mark.parametrize(
    ("inputs", "outputs", "rounds"),
    [
        ("pr/{short}-input", "pr/{short}-output", None),
        ("example/example-{long}-input", "example/example-{long}-PR", 2),
    ],
)
def test_ranks_are_those_of_the_reference(
    samples: Path, directed: bool, inputs: str, outputs: str, rounds: int | None
) -> None:
    short, long = names(directed)
    nodes, edges = neighbours(samples / GRAPHS / inputs.format(short=short, long=long))
    wanted = expected(samples / GRAPHS / outputs.format(short=short, long=long))
    found = page_rank(graph_of(nodes, edges, directed=directed), rounds=rounds)
    assert found == pytest.approx([float(wanted[node]) for node in nodes], rel=1e-4)


@BOTH
def test_hops_are_those_of_the_reference(samples: Path, directed: bool) -> None:
    short, _ = names(directed)
    nodes, edges = neighbours(samples / GRAPHS / f"bfs/{short}-input")
    wanted = expected(samples / GRAPHS / f"bfs/{short}-output")
    found = hops_from(graph_of(nodes, edges, directed=directed), nodes.index(1))
    reference = [int(wanted[node]) for node in nodes]
    assert found.tolist() == [UNREACHED if hops == FAR else hops for hops in reference]


@BOTH
@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        ("sssp/{short}-input", "sssp/{short}-output"),
        ("example/example-{long}", "example/example-{long}-SSSP"),
    ],
)
def test_distances_are_those_of_the_reference(
    samples: Path, directed: bool, inputs: str, outputs: str
) -> None:
    short, long = names(directed)
    nodes, edges = weighted(samples / GRAPHS / inputs.format(short=short, long=long))
    wanted = expected(samples / GRAPHS / outputs.format(short=short, long=long))
    source = next(node for node in nodes if float(wanted[node]) == 0.0)
    found = distances_from(graph_of(nodes, edges, directed=directed), nodes.index(source))
    assert found == pytest.approx([float(wanted[node]) for node in nodes], rel=1e-4)


GRAPH = st.integers(1, 8).flatmap(
    lambda n: st.lists(
        st.tuples(st.integers(0, n - 1), st.integers(0, n - 1), st.floats(0.1, 5.0)), max_size=20
    ).map(lambda edges: (list(range(n)), edges))
)


@settings(deadline=None)
@given(GRAPH)
def test_components_are_those_of_scipy_named_by_their_least_node(graph: tuple[list[int], Edges]) -> None:
    nodes, edges = graph
    matrix = graph_of(nodes, edges, directed=True) if edges else sparse.csr_array((len(nodes), len(nodes)))
    _, label = csgraph.connected_components(matrix, directed=True, connection="weak")
    assert components(matrix).tolist() == [int(np.flatnonzero(label == name)[0]) for name in label]


@settings(deadline=None)
@given(GRAPH)
def test_ranks_sum_to_1_and_restart_where_told(graph: tuple[list[int], Edges]) -> None:
    nodes, edges = graph
    matrix = graph_of(nodes, edges, directed=True) if edges else sparse.csr_array((len(nodes), len(nodes)))
    assert page_rank(matrix).sum() == pytest.approx(1.0)
    restart = np.zeros(len(nodes))
    restart[0] = 2.0
    found = page_rank(matrix, restart=restart)
    assert found.sum() == pytest.approx(1.0)
    assert (found[hops_from(matrix, 0) == UNREACHED] == 0.0).all()


def test_a_graph_without_nodes_has_no_ranks() -> None:
    assert len(page_rank(sparse.csr_array((0, 0)))) == 0
    assert len(components(sparse.csr_array((0, 0)))) == 0
