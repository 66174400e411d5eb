"""Posts against every store: counts, ids, what is written together, what is held up."""

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest

from suyuan.errors import BusyError, ConflictError, IngestError, NotFoundError
from suyuan.graph.contenthash import content_hash
from suyuan.graph.store.base import Store
from suyuan.graph.store.opening import open_store
from suyuan.service.posting import Delivery, PostQueue, delivery, write_group

Row = dict[str, object]
COUNTS = ("rows_read", "written", "unchanged", "rejected", "by_table", "rejects", "notes", "unknown_columns")


def lines(rows: Sequence[Row]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def listing(number: int, **more: object) -> Row:
    return {"platform": "shop", "listing_id": f"L{number}", "title": f"保温杯 {number}", **more}


def post(rows: Sequence[Row], batch_id: str | None = None, table: str = "listings") -> Delivery:
    return delivery(table, lines(rows), subject="crawler", batch_id=batch_id)


def written(store: Store, group: Sequence[Delivery]) -> list[dict[str, Any]]:
    """The answers of a group of which none may fail."""
    answers = write_group(store, group)
    return [answer for answer in answers if isinstance(answer, dict)]


def counts(answer: dict[str, Any]) -> tuple[int, int, int, int]:
    return answer["rows_read"], answer["written"], answer["unchanged"], answer["rejected"]


def test_each_post_of_a_group_is_told_what_became_of_its_own_rows(store: Store) -> None:
    written(store, [post([listing(1), listing(2)])])
    bad = delivery(
        "listings",
        lines([listing(4)]) + b"not JSON\n" + lines([{"platform": "shop"}, listing(5, price="dear")]),
        subject="crawler",
        batch_id=None,
    )
    answers = written(
        store, [post([listing(1), listing(3)]), bad, post([{"site_id": "A"}], table="sites"), post([])]
    )
    assert [counts(answer) for answer in answers] == [(2, 1, 1, 0), (4, 2, 0, 2), (1, 1, 0, 0), (0, 0, 0, 0)]
    assert len({answer["seq"] for answer in answers}) == 1
    assert [(r["row"], r["column"], r["code"]) for r in answers[1]["rejects"]] == [
        (2, None, "bad_type"),
        (4, "price", "bad_type"),
        (3, "listing_id", "missing_key"),
    ]
    assert answers[1]["by_table"]["listings"]["codes"] == {"bad_type": 2, "missing_key": 1}
    node = store.view().nodes(["Listing:shop:L5"])["Listing:shop:L5"]
    assert node.provenance is not None
    assert (node.provenance.row, node.provenance.sha256) == (4, bad.post.sha256)
    report = store.runs()[0].report
    assert (report["posts"], report["rows_read"], report["written"], report["rejected"]) == (4, 7, 4, 2)


def test_columns_that_a_post_lacks_keep_what_is_stored(store: Store) -> None:
    written(store, [post([listing(1, price=5, url="u"), listing(2, price=6, url="v")])])
    group = [
        post([{"platform": "shop", "listing_id": "L1", "price": 7}]),
        post([{"platform": "shop", "listing_id": "L2", "url": None}]),
    ]
    assert [counts(answer) for answer in written(store, group)] == [(1, 1, 0, 0), (1, 1, 0, 0)]
    found = store.view().nodes(["Listing:shop:L1", "Listing:shop:L2"])
    assert found["Listing:shop:L1"].properties["url"] == "u"
    assert found["Listing:shop:L1"].properties["price"] == 7
    assert found["Listing:shop:L2"].properties["price"] == 6
    assert "url" not in found["Listing:shop:L2"].properties


def test_the_same_id_gets_the_same_answer_and_writes_nothing(store: Store, store_url: str) -> None:
    [first] = written(store, [post([listing(1), listing(1, title="x")], "batch-1")])
    seq = store.seq()
    other = open_store(store_url)
    try:
        assert written(other, [post([listing(1), listing(1, title="x")], "batch-1")]) == [first]
    finally:
        other.close()
    assert store.seq() == seq
    assert first["rejects"][0]["code"] == "duplicate_key"


def test_an_id_of_another_post_is_refused_and_that_of_another_sender_is_not(store: Store) -> None:
    mine = post([listing(1)], "batch-1")
    theirs = delivery("listings", lines([listing(2)]), subject="platform", batch_id="batch-1")
    group = [mine, post([listing(3)], "batch-1"), mine, theirs]
    answers = write_group(store, group)
    assert isinstance(answers[1], ConflictError)
    assert answers[0] == answers[2]
    assert [isinstance(answer, dict) for answer in answers] == [True, False, True, True]
    to_another_table = delivery("sites", mine.post.body, subject="crawler", batch_id="batch-1")
    again = write_group(store, [post([listing(3)], "batch-1"), to_another_table])
    assert [type(answer) for answer in again] == [ConflictError, ConflictError]
    assert sorted(store.view().nodes([f"Listing:shop:L{i}" for i in (1, 2, 3)])) == [
        "Listing:shop:L1",
        "Listing:shop:L2",
    ]


def test_a_post_that_cannot_be_read_harms_no_other(store: Store) -> None:
    wide: list[Row] = [{f"c{i}": 1 for i in range(5_000)}]
    answers = write_group(store, [post([listing(1)]), post(wide), post([listing(2)])])
    assert isinstance(answers[1], IngestError)
    assert len(store.view().nodes(["Listing:shop:L1", "Listing:shop:L2"])) == 2


def test_an_unknown_table_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        delivery("nothing", b"", subject="crawler", batch_id=None)


def test_while_somebody_else_writes_posts_are_put_off(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suyuan.service.posting._WAIT_SECONDS", 0.1)
    with store.writer("a long load") as writer:
        with pytest.raises(BusyError) as busy:
            write_group(store, [post([listing(1)], "batch-1")])
        assert busy.value.retry_after_seconds > 0
        writer.finish({})
    assert counts(written(store, [post([listing(1)], "batch-1")])[0]) == (1, 1, 0, 0)


def random_posts(random: Random) -> list[Delivery]:
    """Posts that name few listings, often the same, with columns that come and go and values of several types."""

    def row() -> Row:
        made = listing(random.randrange(12), title=random.choice(["a", "b", None]))
        if random.random() < 0.5:
            made["price"] = random.choice([1, 1.5, "2", "dear", None])
        if random.random() < 0.2:
            made["note"] = random.choice(["x", 3, ["y"]])
        if random.random() < 0.1:
            del made["listing_id"]
        return made

    return [post([row() for _ in range(random.randrange(4))]) for _ in range(random.randrange(1, 12))]


def test_posts_written_together_are_as_posts_written_one_by_one(empty_url: Callable[[], str]) -> None:
    groups = [random_posts(Random(seed)) for seed in range(5)]
    outcomes: list[tuple[list[Any], str]] = []
    for together in (True, False):
        store = open_store(empty_url())
        answers: list[Any] = []
        for group in groups:
            parts = [group] if together else [[each] for each in group]
            for part in parts:
                answers += [{name: answer[name] for name in COUNTS} for answer in written(store, part)]
        for answer in answers:
            for reject in answer["rejects"]:
                del reject["file"]
            answer["rejects"].sort(key=str)
            assert answer["rows_read"] == answer["written"] + answer["unchanged"] + answer["rejected"]
        outcomes.append((answers, content_hash(store.view())))
        assert store.check(deep=True) == []
        store.close()
    assert outcomes[0] == outcomes[1]


def test_a_queue_joins_what_is_waiting_and_is_bounded(store: Store) -> None:
    queue = PostQueue(store, posts_max=3, bytes_max=1000)
    with queue.place(10), queue.place(10), queue.place(10), pytest.raises(BusyError), queue.place(10):
        pass
    with queue.place(5_000), pytest.raises(BusyError), queue.place(10):
        pass  # one of any size is let in where nothing else waits
    with store.writer("before"):
        futures = [queue.submit(post([listing(i)])) for i in range(20)]
    answers = [future.result(timeout=60) for future in futures]
    assert [counts(answer) for answer in answers] == [(1, 1, 0, 0)] * 20
    assert len({answer["seq"] for answer in answers}) <= 2
    last = queue.submit(post([listing(99)]))
    queue.close()
    assert counts(last.result(timeout=1)) == (1, 1, 0, 0)
    with pytest.raises(BusyError):
        queue.submit(post([listing(100)]))
