"""What importing the package brings along, in a fresh interpreter."""

import subprocess
import sys
from pathlib import Path

import suyuan

FORBIDDEN = (
    "pandas",
    "neo4j",
    "starlette",
    "strawberry",
    "uvicorn",
    "suyuan.graph.store.sqlite",
    "suyuan.graph.store.neo4j",
    "suyuan.ingest",
    "suyuan.simulate",
    "suyuan.service",
)


def loaded_after(statement: str) -> set[str]:
    script = f"import sys; {statement}; print(*sorted(sys.modules))"
    root = Path(suyuan.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True, timeout=240
    )
    return set(done.stdout.split())


def test_tracing_loads_no_driver_and_no_server() -> None:
    loaded = loaded_after("import suyuan.traceback, suyuan.traceback.trace, suyuan.traceback.foodchainlab")
    assert "suyuan.traceback.trace" in loaded
    found = [name for name in loaded if name.startswith(FORBIDDEN)]
    assert not found


def test_traceback_is_pythons_own() -> None:
    script = "import traceback; print(traceback.__file__); import suyuan.traceback; print(suyuan.traceback.__file__)"
    root = Path(suyuan.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True, timeout=240
    )
    standard, ours = (Path(line) for line in done.stdout.split())
    assert standard.name == "traceback.py"
    assert root not in standard.parents or "site-packages" in str(standard)
    assert ours == root / "suyuan" / "traceback" / "__init__.py"
