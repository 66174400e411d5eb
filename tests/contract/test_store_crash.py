"""A load killed at random moments, over and over, ends like one that was left alone."""

import random
import time
from collections.abc import Callable

import pytest

from suyuan.graph.store.base import Store
from suyuan.graph.store.opening import open_store
from tests.contract.building import load, rows_of
from tests.contract.other_process import STEPS, rows_of_step
from tests.contract.test_store_processes import kill, ready, start

TABLES_WRITTEN = ("shipments", "firms", "products")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_load_killed_at_random_moments(empty_url: Callable[[], str]) -> None:
    wanted, url = _left_alone(empty_url), empty_url()
    store = open_store(url)
    _load_old(store)
    before, seq = _digests(store), store.seq()
    moments = random.Random(7)
    kills = 0
    while kills < 40:
        process = start(url, "load")
        ready(process)
        time.sleep(moments.uniform(0, 0.5))
        kill(process)
        if store.seq() > seq:
            break
        kills += 1
        assert _digests(store) == before
        assert store.view().search("new 0") == []
    assert kills >= 5, "the load was too quick to be killed"
    process = start(url, "load")
    process.communicate(timeout=300)
    assert process.returncode == 0
    assert _digests(store) == wanted
    assert store.check(deep=True) == []
    store.close()


def _load_old(store: Store) -> None:
    for step in range(0, STEPS, 2):
        load(store, rows_of_step(step, "old"))


def _left_alone(empty_url: Callable[[], str]) -> dict[str, object]:
    store = open_store(empty_url())
    _load_old(store)
    for step in range(STEPS):
        load(store, rows_of_step(step, "new"))
    found = _digests(store)
    store.close()
    return found


def _digests(store: Store) -> dict[str, object]:
    return {table: rows_of(store, table, "digest") for table in TABLES_WRITTEN}
