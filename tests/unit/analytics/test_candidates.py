"""Pairs that share values, and values that strangers share."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.analytics.candidates import (
    HUB,
    LinkSettings,
    bits_of_probability,
    judged_pairs,
    judged_values,
    probability_of_bits,
)
from suyuan.analytics.evidence import EVIDENCE_KINDS, Claim, Evidence, evidence_of
from suyuan.errors import ParameterError

USUAL = LinkSettings()


def judged(claims: list[Claim], options: LinkSettings = USUAL) -> dict[str, tuple[int, float]]:
    """Groups and hub probability by value, after one round."""
    seen = evidence_of([], claims)
    groups, probability = judged_values(seen, options)
    return dict(
        zip(seen.values.to_pylist(), zip(groups.tolist(), probability.tolist(), strict=True), strict=True)
    )


def strangers(count: int) -> list[Claim]:
    return [(f"Seller:a:{number}", "phone", "+861") for number in range(count)]


def party(count: int) -> list[Claim]:
    """Shops of one party: one phone, one account."""
    return strangers(count) + [(f"Seller:a:{number}", "bank_account", "62") for number in range(count)]


def test_a_phone_of_strangers_is_a_hub_and_one_of_a_party_is_not() -> None:
    assert judged(strangers(9))["phone:+861"][0] == 9
    assert judged(strangers(9))["phone:+861"][1] > 0.99
    assert judged(party(9))["phone:+861"][0] == 1
    assert judged(party(9))["phone:+861"][1] < 0.01


@pytest.mark.parametrize("count", range(2, 9))
def test_more_strangers_make_a_hub_more_probable(count: int) -> None:
    assert judged(strangers(count + 1))["phone:+861"][1] > judged(strangers(count))["phone:+861"][1]


def test_two_owners_alone_are_no_hub() -> None:
    assert judged(strangers(2))["phone:+861"][1] < HUB


def test_too_many_owners_are_a_hub_whatever_they_share() -> None:
    assert judged(party(9), LinkSettings(most_owners=8))["phone:+861"] == (0, 1.0)


def test_without_guard_nothing_is_a_hub() -> None:
    assert judged(strangers(9), LinkSettings(hub_guard=False))["phone:+861"] == (9, 0.0)


def test_an_address_and_its_slip_do_not_bear_each_other_out() -> None:
    claims = [(f"Seller:a:{n}", kind, "x") for n in range(4) for kind in ("address", "address_slip")]
    assert judged(claims)["address:x"][0] == 4


def test_kinds_that_tell_little_bear_out_nothing_in_the_first_round() -> None:
    claims = strangers(4) + [(f"Seller:a:{number}", "site", "W1") for number in range(4)]
    assert judged(claims)["phone:+861"][0] == 4
    seen = evidence_of([], claims)
    groups, _ = judged_values(seen, USUAL, suspected=np.zeros(2, np.bool_))
    assert dict(zip(seen.values.to_pylist(), groups.tolist(), strict=True))["phone:+861"] == 1


CLAIMS = st.lists(
    st.tuples(
        st.sampled_from([f"Seller:a:{number}" for number in range(7)]),
        st.sampled_from(["phone", "address", "address_slip", "email"]),
        st.sampled_from("12"),
    ),
    max_size=40,
)


def shared(seen: Evidence, left: int, right: int, most_owners: int) -> set[int]:
    owners = seen.owners
    return {
        value
        for value in range(len(seen.values))
        if owners[value] <= most_owners and {left, right} <= set(seen.owners_of(value).tolist())
    }


@given(CLAIMS, st.integers(2, 6))
def test_groups_equal_those_found_one_by_one(claims: list[Claim], most_owners: int) -> None:
    seen = evidence_of([], claims)
    families = [EVIDENCE_KINDS[kind].family for kind in seen.kind]
    groups, _ = judged_values(seen, LinkSettings(most_owners=most_owners))
    for value in range(len(seen.values)):
        owners = seen.owners_of(value).tolist()
        if not 2 <= len(owners) <= most_owners:
            assert groups[value] == 0
            continue
        group = {owner: owner for owner in owners}
        for left, right in combinations(owners, 2):
            others = {families[other] for other in shared(seen, left, right, most_owners)}
            if others - {families[value]}:
                kept, given_up = group[left], group[right]
                group = {owner: kept if at == given_up else at for owner, at in group.items()}
        assert groups[value] == len(set(group.values()))


@given(CLAIMS)
@settings(max_examples=50, deadline=None)
def test_pairs_have_the_strongest_reason_of_each_family(claims: list[Claim]) -> None:
    seen = evidence_of([], claims)
    _, hub = judged_values(seen, USUAL)
    found = judged_pairs(seen, hub, USUAL)
    pairs = list(zip(found.left.tolist(), found.right.tolist(), strict=True))
    everybody = range(len(seen.records))
    assert pairs == [(a, b) for a, b in product(everybody, everybody) if a < b and shared(seen, a, b, 100)]
    for number, (left, right) in enumerate(pairs):
        rows = slice(int(found.reason_start[number]), int(found.reason_start[number + 1]))
        families = [EVIDENCE_KINDS[seen.kind[value]].family for value in found.reason_value[rows]]
        assert len(set(families)) == len(families)
        assert {EVIDENCE_KINDS[seen.kind[value]].family for value in shared(seen, left, right, 100)} == set(
            families
        )
        assert found.bits[number] == pytest.approx(
            USUAL.prior_bits + found.reason_bits[rows].sum(), abs=1e-12
        )


@given(CLAIMS)
def test_pairs_of_members_are_the_pairs_of_all_among_them(claims: list[Claim]) -> None:
    seen = evidence_of([], claims)
    _, hub = judged_values(seen, USUAL)
    members = np.arange(len(seen.records)) % 2 == 0
    some, everything = judged_pairs(seen, hub, USUAL, members), judged_pairs(seen, hub, USUAL)
    both = members[everything.left] & members[everything.right]
    assert some.left.tolist() == everything.left[both].tolist()
    assert some.bits.tolist() == everything.bits[both].tolist()


def test_bits_and_probabilities_are_one_scale() -> None:
    shares = np.array([0.01, 0.5, 0.9])
    assert probability_of_bits(bits_of_probability(shares)) == pytest.approx(shares)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("hub_same_probability", {"hub_same_probability": 0.0}),
        ("lone_share_own", {"lone_share_own": 1.0}),
        ("lone_share_hub", {"lone_share_hub": 0.01}),
        ("threshold_match_probability", {"threshold_match_probability": 1.5}),
        ("prior_bits", {"prior_bits": 0.0}),
        ("most_owners", {"most_owners": 1}),
    ],
)
def test_settings_outside_what_is_possible_are_refused(name: str, options: dict[str, float]) -> None:
    with pytest.raises(ParameterError) as error:
        LinkSettings(**options)  # pyright: ignore
    assert error.value.name == name
