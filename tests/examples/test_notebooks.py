"""The notebooks of ``examples/`` run from their first cell to their last."""

import json
from pathlib import Path
from typing import Any, get_args

import matplotlib
import pytest

from suyuan.ingest.feeds import Format
from tests.conftest import CHECKOUT

EXAMPLES = CHECKOUT / "examples"


def run(notebook: Path) -> dict[str, Any]:
    """Executes the code cells in order; gives what they defined."""
    names: dict[str, Any] = {}
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [], "notebooks are kept without outputs"
            exec(compile("".join(cell["source"]), f"{notebook.name}:{cell['id']}", "exec"), names)
    return names


@pytest.mark.skipif(
    "epcis" not in get_args(Format),
    reason="The notebook reads an EPCIS document, and that format is not built yet.",
)
def test_epcis_to_networkx(monkeypatch: pytest.MonkeyPatch) -> None:
    matplotlib.use("agg")
    monkeypatch.chdir(EXAMPLES)
    names = run(EXAMPLES / "epcis-to-networkx.ipynb")
    lots = {node.rpartition(":")[2] for node in names["behind"] if node.startswith("Lot:")}
    assert lots == {"6901234.020001.K1", "6901234.010001.H1", "6901234.010002.B1", "6901234.010002.B2"}
    ways = names["frames"]["shipments"][["from_site", "to_site"]]
    assert {(a[-5:], b[-5:]) for a, b in ways.itertuples(index=False)} == {
        ("001.0", "002.0"), ("002.0", "003.0"), ("003.0", "004.0"),
    }  # fmt: skip
    assert set(names["frames"]["sites"]["name"].str.split().str[0]) == {
        "银湖五金厂", "新桥电器厂", "南湾批发市场", "东坡云仓",
    }  # fmt: skip
    drawn = sum(len(points.get_offsets()) for points in names["axes"].collections if points.get_label())
    assert drawn >= len(names["shown"].nodes)
    assert (names["added"].written, names["added"].rejected) == (2, 0)
    names["plt"].close("all")
