"""Actors: clusters, their ids, reasons, judgements and undo."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.analytics.actors import ActorResolution, actor_id, resolve
from suyuan.analytics.candidates import probability_of_bits
from suyuan.analytics.clusters import Links
from suyuan.analytics.evidence import Claim, evidence_of
from suyuan.analytics.judgements import Judgement, Verdict, verdicts_of
from suyuan.errors import UnknownNodeError


def shop(number: int) -> str:
    return f"Seller:a:{number}"


def said(left: str, right: str, verdict: Verdict, number: int = 1) -> Judgement:
    return Judgement(str(number), left, right, verdict, "li", number, "seen")


def clusters(found: ActorResolution) -> list[tuple[str, ...]]:
    return [members for _, members in found.actors()]


CHAIN: list[Claim] = [
    (shop(1), "phone", "+861"),
    (shop(2), "phone", "+861"),
    (shop(2), "bank_account", "62"),
    (shop(3), "bank_account", "62"),
]


def test_every_record_is_in_one_actor_and_those_without_evidence_by_themselves() -> None:
    found = resolve(evidence_of(["Person:1"], CHAIN))
    assert clusters(found) == [("Person:1",), (shop(1), shop(2), shop(3))]
    assert found.actor_of(shop(3)) == actor_id(shop(1))


def test_a_hub_joins_nobody_and_is_listed_with_its_reason() -> None:
    claims = [(shop(number), "phone", "+861") for number in range(9)]
    found = resolve(evidence_of([], claims))
    assert len(clusters(found)) == 9
    assert [(hub.identifier, hub.owners, hub.groups) for hub in found.hubs()] == [("phone:+861", 9, 9)]
    assert found.hubs()[0].why == (
        "9 owners, which fall into 9 groups by what else they share 9个持有者，按其他共享信息分属9组"
    )


def test_a_hub_of_very_many_is_listed() -> None:
    claims = [(shop(number), kind, "1") for number in range(120) for kind in ("phone", "email")]
    assert (
        resolve(evidence_of([], claims)).hubs()[0].why == "120 owners, more than 100 120个持有者，超过100个"
    )


def test_a_hub_does_not_hinder_those_who_share_more() -> None:
    claims = [(shop(number), "phone", "+861") for number in range(9)]
    claims += [(shop(number), "bank_account", "62") for number in (3, 4)]
    assert (shop(3), shop(4)) in clusters(resolve(evidence_of([], claims)))


def test_reasons_sum_to_the_probability() -> None:
    found = resolve(evidence_of([], [*CHAIN, (shop(1), "bank_account", "62")]))
    reasons = found.reasons(shop(2), shop(1))
    assert [reason.value for reason in reasons] == ["bank_account:62", "phone:+861"]
    assert reasons[0].bits > reasons[1].bits > 0.0
    total = found.settings.prior_bits + sum(reason.bits for reason in reasons)
    assert probability_of_bits(np.array([total]))[0] == pytest.approx(found.candidates.match_probability[0])
    assert found.reasons(shop(1), shop(3))[0].owners == 3
    assert resolve(evidence_of(["Person:1"], CHAIN)).reasons("Person:1", shop(3)) == ()
    with pytest.raises(UnknownNodeError):
        found.reasons(shop(1), shop(99))


def test_analysts_outrank_the_machine_both_ways() -> None:
    seen = evidence_of(["Person:1"], CHAIN)
    apart = resolve(seen, verdicts_of([said(shop(1), shop(3), "different")]))
    assert clusters(apart) == [("Person:1",), (shop(1),), (shop(2), shop(3))]
    joined = resolve(seen, verdicts_of([said("Person:1", shop(3), "same")]))
    assert clusters(joined) == [("Person:1", shop(1), shop(2), shop(3))]


def test_judgements_carry_over_to_records_that_come_later_and_through_those_that_left() -> None:
    judged = verdicts_of([said(shop(1), "Person:9", "different"), said("Person:9", shop(2), "same", 2)])
    assert clusters(resolve(evidence_of([], CHAIN), judged)) == [(shop(1),), (shop(2), shop(3))]
    bridge = verdicts_of([said(shop(1), "Person:9", "same"), said("Person:9", shop(8), "same", 2)])
    assert (shop(1), shop(8)) in clusters(resolve(evidence_of([shop(8)], CHAIN[:1]), bridge))


def test_undoing_a_judgement_restores_actors_and_ids() -> None:
    seen = evidence_of(["Person:1"], CHAIN)
    judgements = [said(shop(1), shop(2), "different"), said("Person:1", shop(3), "same", 2)]
    before = list(resolve(seen, verdicts_of(judgements[:1])).actors())
    assert list(resolve(seen, verdicts_of(judgements)).actors()) != before
    assert list(resolve(seen, verdicts_of(judgements, undone={"2"})).actors()) == before


def test_an_actor_keeps_its_id_when_records_join_and_when_it_splits() -> None:
    first = resolve(evidence_of([], CHAIN), run=1)
    name = first.actor_of(shop(1))
    known = dict.fromkeys([shop(1), shop(2), shop(3)], 1)
    grown = evidence_of([], [*CHAIN, ("Firm:0", "bank_account", "62")])
    second = resolve(grown, known_since=known, run=2)
    assert dict(second.actors())[name] == ("Firm:0", shop(1), shop(2), shop(3))
    split = resolve(grown, verdicts_of([said(shop(1), shop(2), "different")]), known_since=known, run=2)
    assert dict(split.actors())[name] == (shop(1),)
    assert len({actor for actor, _ in split.actors()}) == 2


def test_pairs_of_a_model_join_from_the_threshold_on() -> None:
    seen = evidence_of([shop(1), shop(2), shop(3)], [])
    model = Links(np.array([1, 2], np.int32), np.array([0, 1], np.int32), np.array([0.9, 0.4]))
    assert clusters(resolve(seen, scored=model)) == [(shop(1), shop(2)), (shop(3),)]


def test_no_records_are_no_actors() -> None:
    assert list(resolve(evidence_of([], [])).actors()) == []


CLAIMS = st.lists(
    st.tuples(
        st.integers(0, 7).map(shop),
        st.sampled_from(["phone", "email", "site", "picture"]),
        st.sampled_from("123"),
    ),
    max_size=40,
)
JUDGEMENTS = st.lists(
    st.tuples(
        st.integers(0, 4).map(shop), st.integers(5, 9).map(shop), st.sampled_from(["same", "different"])
    ),
    max_size=6,
)


def judgements_of(rows: list[tuple[str, str, Verdict]]) -> list[Judgement]:
    return [said(*row, number) for number, row in enumerate(rows)]


@given(CLAIMS, JUDGEMENTS)
def test_judgements_always_hold(claims: list[Claim], rows: list[tuple[str, str, Verdict]]) -> None:
    verdicts = verdicts_of(judgements_of(rows))
    found = resolve(evidence_of([shop(number) for number in range(10)], claims), verdicts)
    for left in range(10):
        for right in range(left):
            verdict = verdicts.verdict(shop(left), shop(right))
            together = found.actor_of(shop(left)) == found.actor_of(shop(right))
            assert verdict is None or together == (verdict == "same")


@given(CLAIMS, JUDGEMENTS, st.data())
@settings(max_examples=50, deadline=None)
def test_undo_restores_exactly(
    claims: list[Claim], rows: list[tuple[str, str, Verdict]], data: st.DataObject
) -> None:
    judgements = judgements_of(rows)
    seen = evidence_of([], claims)
    before = resolve(seen, verdicts_of(judgements))
    more = said(shop(0), shop(7), data.draw(st.sampled_from(["same", "different", "unsure"])), 99)
    undone = resolve(seen, verdicts_of([*judgements, more], undone={"99"}))
    assert list(before.actors()) == list(undone.actors())
    assert before.cluster.tolist() == undone.cluster.tolist()


@given(CLAIMS, JUDGEMENTS, st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_order_of_the_input_does_not_matter(
    claims: list[Claim], rows: list[tuple[str, str, Verdict]], random: object
) -> None:
    judgements = judgements_of(rows)
    one = resolve(evidence_of([], claims), verdicts_of(judgements))
    random.shuffle(claims)  # pyright: ignore
    random.shuffle(judgements)  # pyright: ignore
    assert list(resolve(evidence_of([], claims), verdicts_of(judgements)).actors()) == list(one.actors())


@given(CLAIMS, st.integers(0, 7))
@settings(max_examples=50, deadline=None)
def test_a_part_out_of_reach_changes_nothing(claims: list[Claim], number: int) -> None:
    apart = [("Firm:1", "phone", "+869"), ("Firm:2", "phone", "+869")]
    alone, beside = (
        resolve(evidence_of([shop(number)], claims)),
        resolve(evidence_of([shop(number)], claims + apart)),
    )
    assert clusters(beside) == [("Firm:1", "Firm:2"), *clusters(alone)]
