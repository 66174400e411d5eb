"""Evidence in arrays."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.analytics.evidence import FAMILIES, FAMILY_OF_KIND, changed_values, correspondence, evidence_of
from suyuan.errors import ParameterError

CLAIMS = st.lists(
    st.tuples(
        st.sampled_from([f"Seller:a:{number}" for number in range(6)]),
        st.sampled_from(["phone", "address", "site"]),
        st.sampled_from("123"),
    ),
    max_size=30,
)


@given(CLAIMS, st.randoms(use_true_random=False))
def test_order_and_repetition_of_claims_do_not_matter(
    claims: list[tuple[str, str, str]], random: object
) -> None:
    mixed = claims + claims[:3]
    random.shuffle(mixed)  # pyright: ignore
    one, other = evidence_of([], claims), evidence_of([claim[0] for claim in claims], mixed)
    assert one.records.equals(other.records)
    assert one.values.equals(other.values)
    assert one.value.tolist() == other.value.tolist()
    assert one.record.tolist() == other.record.tolist()


@given(CLAIMS)
def test_owners_of_a_value_are_those_that_claim_it(claims: list[tuple[str, str, str]]) -> None:
    found = evidence_of([], claims)
    names = found.records.to_pylist()
    for place, value in enumerate(found.values.to_pylist()):
        wanted = sorted({record for record, kind, text in claims if f"{kind}:{text}" == value})
        assert [names[owner] for owner in found.owners_of(place)] == wanted
        assert found.owners[place] == len(wanted)


@given(CLAIMS, CLAIMS)
def test_changed_values_are_those_with_other_owners(
    first: list[tuple[str, str, str]], second: list[tuple[str, str, str]]
) -> None:
    def owners(claims: list[tuple[str, str, str]]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for record, kind, text in claims:
            found.setdefault(f"{kind}:{text}", set()).add(record)
        return found

    before, after = owners(first), owners(second)
    one, other = evidence_of([], first), evidence_of([], second)
    changed, places = changed_values(one, other, correspondence(one, other))
    values = other.values.to_pylist()
    former = set(one.records.take(pa.array(places)).to_pylist())
    assert {value for value, mark in zip(values, changed, strict=True) if mark} == {
        value for value in after if before.get(value) != after[value]
    }
    assert former == {
        record for value, records in before.items() if after.get(value) != records for record in records
    }


def test_a_kind_that_is_not_known_is_refused() -> None:
    with pytest.raises(ParameterError) as error:
        evidence_of([], [("Seller:a:1", "shoe size", "43")])
    assert (error.value.name, error.value.value) == ("kind", "shoe size")


def test_every_kind_has_a_family() -> None:
    assert set(FAMILY_OF_KIND.tolist()) == set(range(len(FAMILIES)))
