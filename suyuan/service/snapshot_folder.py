"""Where the snapshot of a store is kept for the next start of any command."""

import os
import shutil
import time
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

from suyuan.graph.kernelcache import sources_digest
from suyuan.settings import cache_folder

KEPT_FOLDERS: Final = 8
KEPT_SECONDS: Final = 30 * 86_400
"""Snapshots of other stores are kept so long after their last use."""

_SQLITE: Final = "sqlite:///"


def snapshot_folder(url: str) -> Path | None:
    """The folder for the snapshot of a store, which need not be there; None where no cache can be had.

    It differs by the store's place and by the state of the program. Whether the copy in it is of this very store
    is told by :class:`suyuan.graph.keeper.SnapshotKeeper`.

    Parameters
    ----------
    url : the store's, without password.
    """
    place = f"{_SQLITE}{os.path.realpath(url.removeprefix(_SQLITE))}" if url.startswith(_SQLITE) else url
    name = blake2b(
        f"{place}\n{sources_digest()}".encode("utf-8", "surrogateescape"), digest_size=16
    ).hexdigest()
    try:
        folder = cache_folder() / "snapshots" / name
        _forget_unused(folder)
    except (OSError, RuntimeError):
        return None
    return folder


def _forget_unused(folder: Path) -> None:
    """Notes the use of a folder; removes others that have not been used for long, and all but the newest."""
    if folder.exists():
        with suppress(OSError):
            os.utime(folder)
    if not folder.parent.is_dir():
        return
    used = [(other.stat().st_mtime, other) for other in folder.parent.iterdir() if other != folder]
    newest_first = [other for _, other in sorted(used, reverse=True)]
    oldest = time.time() - KEPT_SECONDS
    late = {other for at, other in used if at < oldest}
    for other in late.union(newest_first[KEPT_FOLDERS - 1 :]):
        shutil.rmtree(other, ignore_errors=True)
