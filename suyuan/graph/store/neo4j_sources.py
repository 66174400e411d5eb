"""Where records came from: files and runs, remembered since they never change once a run has ended."""

from collections.abc import Iterable
from threading import Lock

from suyuan.graph.store import cypher_runs
from suyuan.graph.store.base import Provenance
from suyuan.graph.store.neo4j_connection import Connection, answer

_Key = tuple[int, int]


class Sources:
    """Files by (run number, number in the run) and run ids by run number."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = Lock()
        self._files: dict[_Key, tuple[str, str]] = {}
        self._runs: dict[int, str] = {}

    def learn(self, keys: Iterable[_Key]) -> None:
        """Reads what is not known yet of these, in one round trip each."""
        wanted = set(keys)
        with self._lock:
            files = [list(key) for key in wanted if key not in self._files]
            runs = list({seq for seq, _ in wanted if seq not in self._runs})
        if files:
            found = self._connection.read(lambda tx: answer(tx, cypher_runs.SOURCES, keys=files))
            with self._lock:
                self._files.update({(seq, number): (name, sha) for seq, number, name, sha in found})
        if runs:
            named = self._connection.read(lambda tx: answer(tx, cypher_runs.RUN_IDS, seqs=runs))
            with self._lock:
                self._runs.update(dict(named))

    def provenance(self, table: str, record: str, source: int, row: int, seq: int) -> Provenance:
        """Where a record came from; its file must have been learnt."""
        with self._lock:
            name, sha256 = self._files.get((seq, source), ("", ""))
            run_id = self._runs.get(seq, "")
        return Provenance(table, record, name, sha256, row, run_id, seq)
