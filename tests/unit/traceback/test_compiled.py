"""Compiled kernels against the same lines run by the interpreter."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import suyuan
from suyuan.traceback.baselines import reached_origins
from suyuan.traceback.cases import first_movements
from suyuan.traceback.explanation import Parts
from suyuan.traceback.parameters import TraceLimits, TraceParameters, UnknownTimes
from suyuan.traceback.preparation import prepare
from suyuan.traceback.results import TraceResult
from suyuan.traceback.trace import trace, walk_from
from tests.unit.traceback.worlds import Move, World

SITES = ("A", "B", "C", "D", "E")


def some_world(seed: int) -> World:
    """Thirty movements that use everything: missing times, lots, repacking, makers, circles."""
    random = np.random.default_rng(seed)

    def pick(*choices: Any) -> Any:
        return choices[int(random.integers(len(choices)))]

    moves: list[Move] = []
    for number in range(30):
        left = int(random.integers(0, 20))
        known = pick("both", "both", "both", "left", "came", "none")
        moves.append(
            Move(
                name=f"m{number}",
                start=pick(*SITES),
                end=pick(*SITES),
                left=left if known in ("both", "left") else None,
                came=left + int(random.integers(0, 3)) if known in ("both", "came") else None,
                product=pick(None, "P", "P", "Q"),
                lot=pick(None, None, "1", "2"),
                quantity=pick(None, 1.0, 2.0, 5.0),
            )
        )
    return World(
        tuple(moves),
        {"A": "factory", "B": None, "C": "warehouse", "D": "wholesale_market"},
        makes=(("B", "Q"),),
        repacked=(("C", ("P", "1"), ("P", "2")), ("D", ("P", "2"), ("Q", "1"))),
    )


def explained(result: TraceResult) -> list[Any]:
    """What a trace says besides, as plain values."""
    said = result.explanation
    if said is None:
        return []
    return [
        [[list(way.movements), round(way.probability, 12)] for way in said.ways if way],
        [[one.site, round(one.share, 12), one.dominates] for one in said.choke_points],
        [[one.position, one.question, round(one.expected_gain_bits, 9)] for one in said.next_inspections],
    ]


def answers() -> list[Any]:
    """Everything traces say of some worlds, as plain values."""
    found: list[Any] = []
    for seed, longest in ((1, None), (2, 5.0)):
        graph = some_world(seed).graph()
        for mode in UnknownTimes:
            prepared = prepare(graph, TraceParameters(max_dwell_days=longest), unknown_times=mode)
            for kind, position in (("Shipment", 3), ("Shipment", 17), ("Site", 2), ("Lot", 0)):
                for direction in ("backward", "forward"):
                    result = trace(
                        prepared,
                        kind,
                        position,
                        direction=direction,  # pyright: ignore
                        limits=TraceLimits(max_hops=6),
                        explain=Parts.EVERYTHING,
                    )
                    found.append(
                        {
                            "origins": [[o.site, round(o.probability, 12)] for o in result.origins],
                            "unresolved": [
                                [u.site, u.gap, round(u.probability, 12)] for u in result.unresolved
                            ],
                            "paths": [[list(p.movements), round(p.probability, 12)] for p in result.paths],
                            "movements": result.reach.movements.tolist(),
                            "hops": result.reach.hops.tolist(),
                            "latest": result.reach.latest.tolist(),
                            "sites": result.reach.sites.tolist(),
                            "lots": result.reach.lots.tolist(),
                            "events": result.reach.events.tolist(),
                            "cut": result.truncated_counts,
                            "explained": explained(result),
                        }
                    )
                start = first_movements(prepared, kind, position)
                origins = reached_origins(prepared, walk_from(prepared, start).visits, start.movements)
                found.append([origins.sites.tolist(), origins.hops.tolist(), origins.paths.tolist()])
    return found


def test_compiled_and_interpreted_kernels_give_one_answer() -> None:
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        pytest.skip("kernels are interpreted in this run")
    script = (
        "import json; from tests.unit.traceback.test_compiled import answers; print(json.dumps(answers()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(suyuan.__file__).parents[1],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads(json.dumps(answers()))
