"""Bodies of posts as rows."""

import hashlib

import pytest

from suyuan.errors import IngestError
from suyuan.graph.tables import TABLES
from suyuan.ingest.conversion import convert_rows
from suyuan.ingest.posts import Post, ReadPost, read_post


def read(body: bytes) -> ReadPost:
    return read_post(Post("sites", "post/sites/1", body))


def ids(post: ReadPost) -> list[str]:
    return [
        record
        for raw in post.raws
        for record in convert_rows(TABLES["sites"], raw).records.column("id").to_pylist()
    ]


@pytest.mark.parametrize(
    "body",
    [
        b'{"site_id": "A"}\n{"site_id": "B"}\n',
        b'{"site_id": "A"}\n{"site_id": "B"}',
        b'\xef\xbb\xbf{"site_id": "A"}\r\n\r\n{"site_id": "B"}\r\n',
        b'\n\n{"site_id": "A"}\n   \n{"site_id": "B"}\n\n',
    ],
)
def test_one_object_a_line(body: bytes) -> None:
    found = read(body)
    assert ids(found) == ["Site:A", "Site:B"]
    assert [int(row) for raw in found.raws for row in raw.rows] == [1, 2]
    assert found.unreadable == ()
    assert found.columns == {"site_id"}


@pytest.mark.parametrize("body", [b"", b"\n", b"   \n\n"])
def test_nothing_is_no_row(body: bytes) -> None:
    found = read(body)
    assert (found.raws, found.unreadable, found.columns) == ((), (), frozenset())


def test_lines_that_are_no_objects_are_told_by_their_number() -> None:
    found = read(b'[1]\n{"site_id": "A"}\n{"site_id": \n"text"\n')
    assert [row.row for row in found.unreadable] == [1, 3, 4]
    assert ids(found) == ["Site:A"]


@pytest.mark.parametrize("rows", [3, 200])
def test_bytes_that_are_no_text_cost_their_cell_only(rows: int) -> None:
    body = b'{"site_id": "A", "name": "\xff\xfe"}\n' + b'{"site_id": "B", "name": "x"}\n' * (rows - 1)
    found = read(body)
    [raw] = found.raws
    converted = convert_rows(TABLES["sites"], raw)
    assert [(f.column, f.code, f.positions.tolist()) for f in converted.findings] == [
        ("name", "bad_type", [0])
    ]
    assert converted.records.column("name").to_pylist()[:2] == [None, "x"]


def test_short_and_long_posts_are_read_alike() -> None:
    line = b'{"site_id": "A%d", "name": "x", "latitude": 1.5, "note": [1, "b"], "division_code": "330782"}\n'
    short = [read(line % number) for number in range(60)]
    long = read(b"".join(line % number for number in range(60)))
    one_by_one = [
        convert_rows(TABLES["sites"], post.raws[0]).records.to_pylist()[0] | {"row": 0} for post in short
    ]
    together = [
        row | {"row": 0}
        for raw in long.raws
        for row in convert_rows(TABLES["sites"], raw).records.to_pylist()
    ]
    assert together == one_by_one


def test_too_many_columns() -> None:
    columns = ",".join(f'"c{number}": 1' for number in range(5_000))
    with pytest.raises(IngestError):
        read(f"{{{columns}}}".encode())


def test_the_hash_is_that_of_the_body() -> None:
    body = b'{"site_id": "A"}\n'
    assert Post("sites", "x", body).sha256 == hashlib.sha256(body).hexdigest()
