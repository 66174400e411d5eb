import os
import zipfile
from pathlib import Path

import pytest

from suyuan.errors import IngestError
from suyuan.ingest.sources import SourceLimits, find_files, local_path, open_bytes
from tests.unit.ingest.reading import write


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_files_of_folders_and_zips_in_name_order(tmp_path: Path) -> None:
    write(tmp_path, "in/b.csv", "x")
    write(tmp_path, "in/.hidden/a.csv", "x")
    write(tmp_path, "in/sub/a.csv", "x")
    zipped(tmp_path / "in" / "c.zip", {"z.csv": b"1", "d/y.csv": b"2", "__MACOSX/z.csv": b"3"})
    found = find_files([tmp_path / "in"])
    assert [file.name for file in found.files] == [
        "in/b.csv",
        "in/c.zip/d/y.csv",
        "in/c.zip/z.csv",
        "in/sub/a.csv",
    ]
    assert [item.name for item in found.skipped] == ["in/c.zip/__MACOSX/z.csv"]


def test_a_member_is_read_as_stream_and_as_path(tmp_path: Path) -> None:
    file = find_files([zipped(tmp_path / "a.zip", {"t.csv": b"id\n1\n"})]).files[0]
    with open_bytes(file) as stream, local_path(file) as path:
        assert stream.read() == path.read_bytes() == b"id\n1\n"
    assert not path.exists()


def test_equal_names_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    one, two = write(tmp_path, "one/t.csv", "x"), write(tmp_path, "two/t.csv", "x")
    assert [file.name for file in find_files([one, two]).files] == [one.as_posix(), two.as_posix()]


@pytest.mark.parametrize("name", ["../t.csv", "/etc/t.csv", "a/../../t.csv", "C:/t.csv", "..\\t.csv"])
def test_zips_that_name_places_outside_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="outside the zip") as caught:
        find_files([zipped(tmp_path / "a.zip", {name: b"x"})])
    assert caught.value.code == "BAD_USER_INPUT"


def test_symbolic_links_in_zips_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("t.csv")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(IngestError, match="symbolic link"):
        find_files([path])


def test_links_out_of_a_folder_are_left_out(tmp_path: Path) -> None:
    outside = write(tmp_path, "outside.csv", "x")
    inside = write(tmp_path, "in/t.csv", "x")
    os.symlink(outside, tmp_path / "in" / "link.csv")
    os.symlink(inside, tmp_path / "in" / "u.csv")
    found = find_files([tmp_path / "in"])
    assert [file.name for file in found.files] == ["in/t.csv", "in/u.csv"]
    assert [item.name for item in found.skipped] == ["in/link.csv"]


def test_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"t.csv": b"0" * 5_000_000})
    with pytest.raises(IngestError, match="times its packed size"):
        find_files([path], SourceLimits(small_bytes=1_000_000))


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (SourceLimits(member_bytes=10), "at most 10 are read"),
        (SourceLimits(total_bytes=150), "at most 150 are read"),
        (SourceLimits(members=1), "more than 1 files"),
    ],
)
def test_limits_of_zips(limits: SourceLimits, message: str, tmp_path: Path) -> None:
    with pytest.raises(IngestError, match=message):
        find_files([zipped(tmp_path / "a.zip", {"a.csv": b"0" * 100, "b.csv": b"0" * 100})], limits)


def test_a_size_that_lies_is_found_out(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"t.csv": os.urandom(10_000)})
    data = bytearray(path.read_bytes())
    data[200] ^= 0xFF
    path.write_bytes(data)
    file = find_files([path]).files[0]
    with pytest.raises(IngestError, match=r"a\.zip/t\.csv"), open_bytes(file) as stream:
        stream.read()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04junk", b"no zip at all"])
def test_damaged_zip(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="is not a readable zip"):
        find_files([write(tmp_path, "a.zip", content)])


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="no such file or folder"):
        find_files([tmp_path / "absent.csv"])


def test_the_reject_folder_of_the_call_is_left_out(tmp_path: Path) -> None:
    rejects = tmp_path / "dd" / "rejects"
    rejects.mkdir(parents=True)
    for path in (tmp_path / "dd" / "sites.csv", rejects / "sites.csv"):
        path.write_text("site_id\nF1\n", encoding="utf-8")
    found = find_files([tmp_path / "dd"], rejects=rejects)
    assert [file.name for file in found.files] == ["dd/sites.csv"]
    assert [item.name for item in found.skipped] == ["dd/rejects/sites.csv"]
    # Mended rejects are read where they are asked for.
    assert [file.name for file in find_files([rejects], rejects=rejects).files] == ["rejects/sites.csv"]
