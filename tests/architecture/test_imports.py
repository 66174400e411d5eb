"""What importing parts of the package may and may not load."""

import subprocess
import sys


def _run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_traceback_loads_no_driver_frames_or_server() -> None:
    code = (
        "import pkgutil, importlib, sys, suyuan.traceback as package\n"
        "for module in pkgutil.iter_modules(package.__path__):\n"
        "    importlib.import_module(f'suyuan.traceback.{module.name}')\n"
        "unwanted = {'neo4j', 'pandas', 'starlette', 'strawberry', 'uvicorn', 'suyuan.graph.store.base'}\n"
        "print(sorted(unwanted & set(sys.modules)))"
    )
    assert _run(code) == "[]"


def test_traceback_still_means_pythons_module() -> None:
    code = (
        "import traceback, suyuan.traceback\n"
        "print(traceback.__file__.endswith('traceback.py'), traceback.format_exc.__module__)"
    )
    assert _run(code) == "True traceback"


def test_help_loads_no_heavy_module() -> None:
    code = (
        "import sys\n"
        "from suyuan.cli.main import app\n"
        "try:\n    app(['--help'], standalone_mode=False)\nexcept SystemExit:\n    pass\n"
        "unwanted = {'numpy', 'numba', 'pyarrow', 'neo4j', 'strawberry', 'pydantic'}\n"
        "print(sorted(unwanted & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.stderr.strip().splitlines()[-1] == "[]"


def test_package_init_files_are_empty() -> None:
    from pathlib import Path

    import suyuan

    root = Path(suyuan.__file__).parent
    filled = [str(path.relative_to(root)) for path in root.rglob("__init__.py") if path.read_text().strip()]
    assert filled == ["__init__.py"]
