"""An update equals working everything out anew; what became of each actor."""

from dataclasses import fields
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.analytics.actor_updates import Moved, changes, update
from suyuan.analytics.actors import ActorResolution, actor_id, resolve
from suyuan.analytics.candidates import LinkSettings
from suyuan.analytics.evidence import Claim, evidence_of
from suyuan.analytics.judgements import Judgement, Verdict, verdicts_of

RECORDS = [f"Seller:a:{number}" for number in range(12)]
KINDS = ("phone", "email", "address", "address_slip", "site", "picture")
SMALL = LinkSettings(most_owners=5)


def assert_equal(one: Any, other: Any, where: str = "") -> None:
    """Field by field, arrays bit by bit."""
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype, where
        assert one.tolist() == other.tolist(), where
    elif isinstance(one, pa.Array):
        assert one.equals(other), where
    elif hasattr(one, "__dataclass_fields__"):
        for field in fields(one):
            assert_equal(getattr(one, field.name), getattr(other, field.name), f"{where}.{field.name}")
    else:
        assert one == other, where


CLAIM = st.tuples(st.sampled_from(RECORDS), st.sampled_from(KINDS), st.sampled_from("123"))
STEP = st.tuples(
    st.sets(CLAIM, max_size=10),
    st.sets(CLAIM, max_size=10),
    st.sets(st.sampled_from(RECORDS), max_size=1),
    st.lists(
        st.tuples(
            st.sampled_from(RECORDS[:6]), st.sampled_from(RECORDS[6:]), st.sampled_from(["same", "different"])
        ),
        max_size=1,
    ),
)


@given(st.sets(CLAIM, max_size=60), st.lists(STEP, min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_updates_equal_resolving_anew(
    claims: set[Claim],
    steps: list[tuple[set[Claim], set[Claim], set[str], list[tuple[str, str, Verdict]]]],
) -> None:
    judgements: list[Judgement] = []
    known: dict[str, int] = {}
    seen = evidence_of([], sorted(claims))
    found = resolve(seen, settings=SMALL)
    known = dict.fromkeys(seen.records.to_pylist(), 0)
    for run, (added, dropped, retired, rows) in enumerate(steps, start=1):
        claims = {claim for claim in (claims | added) - dropped if claim[0] not in retired}
        judgements += [Judgement(f"{run}", *row, "li", run, "") for row in rows]
        verdicts = verdicts_of(judgements)
        seen = evidence_of([], sorted(claims))
        known = {record: known.get(record, run) for record in seen.records.to_pylist()}
        found = update(found, seen, verdicts, run=run)
        assert_equal(found, resolve(seen, verdicts, SMALL, known_since=known, run=run))


def state(claims: list[Claim], run: int = 0, known: dict[str, int] | None = None) -> ActorResolution:
    return resolve(evidence_of([], claims), run=run, known_since=known)


def test_changes_tell_who_went_where() -> None:
    first = [
        ("Seller:a:1", "bank_account", "+861"),
        ("Seller:a:2", "bank_account", "+861"),
        ("Seller:a:3", "bank_account", "+862"),
    ]
    before = state(first)
    known = dict.fromkeys(["Seller:a:1", "Seller:a:2", "Seller:a:3"], 0)
    after = state(
        [*first, ("Seller:a:3", "bank_account", "+861"), ("Firm:0", "bank_account", "+869")], 1, known
    )
    found = changes(before, after)
    main, third = actor_id("Seller:a:1"), actor_id("Seller:a:3")
    assert found.moved == tuple(
        sorted(
            [Moved(third, main, ("Seller:a:3",)), Moved(None, actor_id("Firm:0"), ("Firm:0",))],
            key=lambda move: (move.before or "", move.after or ""),
        )
    )
    assert found.gone == (third,)
    assert changes(after, after).moved == ()


def test_an_update_without_changes_is_the_same() -> None:
    before = state([("Seller:a:1", "bank_account", "+861"), ("Seller:a:2", "bank_account", "+861")])
    assert_equal(update(before, before.evidence, before.verdicts, run=1), before)
