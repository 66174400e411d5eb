"""Evidence of all times, cut at one."""

from hypothesis import given
from hypothesis import strategies as st

from suyuan.analytics.dated_evidence import FOREVER, DatedClaim, dated_evidence_of
from suyuan.analytics.evidence import Evidence, evidence_of

RECORDS = st.sampled_from([f"Seller:a:{number}" for number in range(6)])
TIMES = st.integers(0, 4)
CLAIMS = st.dictionaries(
    st.tuples(
        st.tuples(RECORDS, st.sampled_from(["phone", "address", "site"]), st.sampled_from("123")),
        st.sampled_from([2, 3, FOREVER]),
    ),
    TIMES,
    max_size=30,
)


def told(evidence: Evidence) -> list[object]:
    arrays = (evidence.kind, evidence.value, evidence.record, evidence.value_start)
    texts = (evidence.records, evidence.values)
    return [*(one.to_pylist() for one in texts), *((str(one.dtype), one.tolist()) for one in arrays)]


@given(st.dictionaries(RECORDS, TIMES), CLAIMS)
def test_a_cut_is_the_evidence_of_what_is_there(
    records: dict[str, int], claims: dict[DatedClaim, int]
) -> None:
    dated = dated_evidence_of(records, claims)
    for as_of in (*range(-1, 6), None):
        moment = FOREVER if as_of is None else as_of
        wanted = evidence_of(
            sorted(record for record, since in records.items() if since <= moment),
            sorted({claim for (claim, last), since in claims.items() if since <= moment <= last}),
        )
        assert told(dated.at(as_of)) == told(wanted)
