import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from suyuan.cli.listening import listening_socket
from tests.unit.cli.conftest import ROOT, Run


def test_a_port_in_use_fails_with_a_sentence(suyuan: Run) -> None:
    with listening_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        done = suyuan("serve", "--create", "--store", "sqlite:///s.db", "--port", str(port))
    assert done.returncode == 1
    assert "already in use" in done.stderr
    assert "Serving on" not in done.stderr


def test_a_missing_store_is_refused_and_not_made(suyuan: Run, tmp_path: Path) -> None:
    done = suyuan("serve", "--store", "sqlite:///nothere.db", "--port", "0")
    assert done.returncode == 1
    assert "There is no store at nothere.db. Make one with `suyuan ingest`" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_port_0_tells_the_port_it_took(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "suyuan.cli", "serve", "--create", "--store", "sqlite:///s.db"]
    process = subprocess.Popen(
        [*command, "--port", "0"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        said = process.stderr.readline()
        address = re.search(r"http://127\.0\.0\.1:[1-9]\d*", said)
        assert address, said
        assert httpx.get(f"{address[0]}/livez", timeout=60).text == "ok\n"
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
