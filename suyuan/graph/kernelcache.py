"""Where compiled kernels are kept: one folder for each state of the package's sources.

Numba looks at the source file of a kernel alone: after a change in a kernel that is called or copied into it from
another module it would go on using what it compiled before. The folder's name therefore stands for all sources.
"""

import os
import shutil
import time
from hashlib import blake2b
from pathlib import Path
from typing import Final

from suyuan.settings import cache_folder

PACKAGE: Final = Path(__file__).resolve().parents[1]
WITH_KERNELS: Final = ("graph", "traceback", "analytics", "simulate")
KEPT_SECONDS: Final = 30 * 86_400
"""Kernels of other states of the sources are kept so long after their last use."""


def sources_digest(package: Path = PACKAGE) -> str:
    """A name for the state of the Python files that have kernels: their paths, sizes and times of change."""
    digest = blake2b(str(package).encode(), digest_size=8)
    for part in WITH_KERNELS:
        for file in sorted((package / part).rglob("*.py")):
            state = file.stat()
            digest.update(f"{file.relative_to(package)}|{state.st_size}|{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def kernel_folder() -> Path | None:
    """Folder for the kernels of these sources, made if need be; None where none can be written."""
    folder = cache_folder() / "kernels" / sources_digest()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        _forget_unused(folder)
    except OSError:
        return None
    return folder


def _forget_unused(folder: Path) -> None:
    oldest = time.time() - KEPT_SECONDS
    for other in folder.parent.iterdir():
        if other != folder and other.stat().st_mtime < oldest:
            shutil.rmtree(other, ignore_errors=True)
