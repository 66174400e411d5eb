"""An EPCIS document of 1 GB into the SQLite store: peak memory of the process that reads it.

    python -m benchmarks.epcis_memory [--quick] [--xml]

The document is generated: chains of commissioning, packing, shipping, receiving and transforming events with
sensor data and extensions, as JSON-LD or XML. There is no opponent: the bound is a promise of the user guide.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from benchmarks.measure import Row, count, duration, print_rows

LIMIT_MB = 1500
_CONTEXT = ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld", {"ext": "https://example.com/ext/"}]
_BEGIN = datetime(2024, 1, 1, tzinfo=UTC)


def _site(number: int) -> str:
    return f"urn:epc:id:sgln:0614141.{number % 90_000:05d}.0"


def events_of(chain: int) -> Iterator[dict[str, Any]]:
    """The five events of one chain: twenty things made, packed, shipped, received, made into one lot."""
    start = _BEGIN + timedelta(seconds=chain)
    made, used = _site(chain), _site(chain + 1)
    items = [f"urn:epc:id:sgtin:0614141.{chain % 900_000 + 100_000}.{chain}x{place}" for place in range(20)]
    pallet = f"urn:epc:id:sscc:0614141.{chain % 10**10:010d}"
    lot = f"urn:epc:class:lgtin:0614141.{chain % 900_000 + 100_000}.L{chain}"

    def event(kind: str, hours: float, site: str, step: str, **more: Any) -> dict[str, Any]:
        return {
            "type": kind,
            "eventID": f"urn:uuid:{chain:012d}-{step}",
            "eventTime": (start + timedelta(hours=hours)).isoformat(),
            "eventTimeZoneOffset": "+08:00",
            "bizStep": step,
            "readPoint": {"id": site},
            "bizLocation": {"id": site},
            **more,
            "ext:note": f"chain {chain}",
        }

    yield event("ObjectEvent", 0, made, "commissioning", action="ADD", epcList=items)
    yield event("AggregationEvent", 1, made, "packing", action="ADD", parentID=pallet, childEPCs=items)
    sensor = [{"sensorReport": [{"type": "Temperature", "value": 4.5 + chain % 7, "uom": "CEL"}]}]
    yield event(
        "ObjectEvent", 2, made, "shipping", action="OBSERVE", epcList=[pallet], sensorElementList=sensor
    )
    yield event("ObjectEvent", 30, used, "receiving", action="OBSERVE", epcList=[pallet])
    yield event(
        "TransformationEvent", 40, used, "commissioning", inputEPCList=items,
        outputQuantityList=[{"epcClass": lot, "quantity": 20, "uom": "KGM"}],
    )  # fmt: skip


def write_json(file: IO[str], size: int) -> int:
    """A document of about that many bytes; the number of its events."""
    head = {"@context": _CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0"}
    file.write(json.dumps(head)[:-1] + ', "epcisBody": {"eventList": [\n')
    chain = 0
    while file.tell() < size:
        texts = [json.dumps(event) for number in range(chain, chain + 500) for event in events_of(number)]
        file.write((",\n" if chain else "") + ",\n".join(texts))
        chain += 500
    file.write("\n]}}")
    return 5 * chain


def write_xml(file: IO[str], size: int) -> int:
    """The same in XML."""
    file.write(
        '<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" xmlns:ext="https://example.com/ext/" '
        'schemaVersion="2.0"><EPCISBody><EventList>\n'
    )
    chain = 0
    while file.tell() < size:
        for number in range(chain, chain + 500):
            file.writelines(_xml_event(event) for event in events_of(number))
        chain += 500
    file.write("</EventList></EPCISBody></epcis:EPCISDocument>")
    return 5 * chain


def _xml_event(event: dict[str, Any]) -> str:
    parts: list[str] = []
    for name, value in event.items():
        if name in ("epcList", "childEPCs", "inputEPCList"):
            inner = "".join(f"<epc>{epc}</epc>" for epc in value)
        elif name == "outputQuantityList":
            inner = "".join(
                "<quantityElement>"
                + "".join(f"<{key}>{entry}</{key}>" for key, entry in one.items())
                + "</quantityElement>"
                for one in value
            )
        elif name == "sensorElementList":
            report = " ".join(f'{key}="{entry}"' for key, entry in value[0]["sensorReport"][0].items())
            inner = f"<sensorElement><sensorReport {report}/></sensorElement>"
        elif name in ("readPoint", "bizLocation"):
            inner = f"<id>{value['id']}</id>"
        elif name == "bizStep":
            inner = f"urn:epcglobal:cbv:bizstep:{value}"
        elif name == "type":
            continue
        else:
            inner = str(value)
        parts.append(f"<{name}>{inner}</{name}>")
    return f"<{event['type']}>{''.join(parts)}</{event['type']}>\n"


def _ingested(document: Path, store: Path) -> tuple[float, float, dict[str, Any]]:
    """Seconds, peak memory in MB and report of one run of the command."""
    began = time.perf_counter()
    command = [
        sys.executable,
        "-m",
        "suyuan.cli",
        "ingest",
        str(document),
        "--store",
        f"sqlite:///{store}",
        "--json",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise AssertionError(f"the run failed with {process.returncode}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024, json.loads(output)


def rows(quick: bool, *, xml: bool = False) -> Iterable[Row]:
    """1 GB; 30 MB when quick."""
    size = 30_000_000 if quick else 1_000_000_000
    with tempfile.TemporaryDirectory() as name:
        document = Path(name) / ("events.xml" if xml else "events.jsonld")
        with document.open("w", encoding="utf-8") as file:
            events = write_xml(file, size) if xml else write_json(file, size)
        seconds, peak, report = _ingested(document, Path(name) / "store.db")
        read = report["by_table"]["transformations"]["rows_read"]
        if read != events or report["rejected"]:
            raise AssertionError(f"{read} of {events} events read, {report['rejected']} rows rejected")
        yield Row(
            what=f"EPCIS {'XML' if xml else 'JSON-LD'}, {document.stat().st_size / 1e9:.2f} GB, {count(events)} events",
            ours=f"peak {peak:,.0f} MB, {duration(seconds)}",
            opponent=f"promise: {LIMIT_MB:,} MB",
            ratio=f"{peak / LIMIT_MB:.2f}x",
            target="< 1x",
            met=peak < LIMIT_MB,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--xml", action="store_true")
    given = parser.parse_args()
    print_rows(rows(given.quick, xml=given.xml))
    print(f"This process itself: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB.")
