"""The statements about runs, their sources and the counter they take their numbers from.

There is one counter. Whoever begins, ends or undoes a run writes to it first and so holds its lock for the length of
the transaction: runs follow one another.
"""

from typing import LiteralString

COUNTER: LiteralString = """
OPTIONAL MATCH (c:Counter {name: 'run'})
RETURN coalesce(c.finished, 0), coalesce(c.seq, 0), coalesce(c.undone, 0)"""
"""Newest finished run, newest number given, how often something was undone."""

MAKE_COUNTER: LiteralString = """
MERGE (c:Counter {name: 'run'}) ON CREATE SET c.seq = 0, c.finished = 0, c.undone = 0, c.ended = 0"""

LOCK_COUNTER: LiteralString = """
MERGE (c:Counter {name: 'run'}) ON CREATE SET c.seq = 0, c.finished = 0, c.undone = 0, c.ended = 0
SET c.locked = timestamp() RETURN c.running"""
"""Takes the counter's lock and gives the id of the run that is under way."""

RUN_UNDER_WAY: LiteralString = """
MATCH (r:Run {run_id: $run_id}) RETURN properties(r), timestamp() - r.heartbeat"""

BEGIN_RUN: LiteralString = """
MATCH (c:Counter {name: 'run'}) SET c.seq = c.seq + 1, c.running = $run_id
CREATE (r:Run {run_id: $run_id, seq: c.seq, state: 'running', fingerprint: $fingerprint, started_at: $now,
  pid: $pid, host: $host, place: $place, born: $born, token: $token, heartbeat: timestamp()}) RETURN properties(r)"""

TAKE_UP_RUN: LiteralString = """
MATCH (r:Run {run_id: $run_id}) SET r.pid = $pid, r.host = $host, r.place = $place,
  r.born = $born, r.token = $token, r.heartbeat = timestamp(),
  r.undoing = $undoing RETURN properties(r)"""

MARK_UNDOING: LiteralString = """
MATCH (r:Run {run_id: $run_id}) WHERE r.token = $token SET r.undoing = true"""
"""What was begun to be undone is never taken up again."""

HEARTBEAT: LiteralString = """
MATCH (r:Run {run_id: $run_id}) WHERE r.token = $token SET r.heartbeat = timestamp() RETURN count(r)"""

IS_HELD: LiteralString = """
MATCH (r:Run {run_id: $run_id}) RETURN r.token = $token AND r.state = 'running'"""

FINISH_RUN: LiteralString = """
MATCH (c:Counter {name: 'run'}) MATCH (r:Run {run_id: $run_id}) WHERE r.token = $token AND r.state = 'running'
WITH c, r, CASE WHEN c.ended < $now THEN $now ELSE c.ended + 1 END AS ended
SET r.state = 'finished', r.ended_at = ended, r.report = $report, c.ended = ended, c.finished = r.seq
REMOVE c.running, r.token, r.heartbeat RETURN properties(r)"""

ABANDON_RUN: LiteralString = """
MATCH (c:Counter {name: 'run'}) MATCH (r:Run {run_id: $run_id}) WHERE r.token = $token
WITH c, r, CASE WHEN c.ended < $now THEN $now ELSE c.ended + 1 END AS ended
SET r.state = 'abandoned', r.ended_at = ended, c.ended = ended
REMOVE c.running, r.token, r.heartbeat, r.undoing RETURN properties(r)"""

COUNT_UNDONE: LiteralString = "MATCH (c:Counter {name: 'run'}) SET c.undone = c.undone + 1"

RUNS: LiteralString = """
MATCH (r:Run) WITH r ORDER BY r.seq DESC LIMIT $last RETURN collect(properties(r))"""

RUNS_AFTER: LiteralString = """
MATCH (r:Run) WHERE r.seq > $seq AND r.state = 'finished' WITH r ORDER BY r.seq LIMIT $first
RETURN collect(properties(r))"""

RUN: LiteralString = "OPTIONAL MATCH (r:Run {run_id: $run_id}) RETURN properties(r)"

NOTE_REPORT: LiteralString = """
MATCH (r:Run {run_id: $run_id}) WHERE r.token = $token AND r.state = 'running'
SET r.report = $report, r.heartbeat = timestamp()"""

RUN_IDS: LiteralString = "UNWIND $seqs AS seq MATCH (r:Run {seq: seq}) RETURN collect([seq, r.run_id])"

FINISHED_BY: LiteralString = """
MATCH (r:Run) WHERE r.ended_at <= $known_at AND r.state = 'finished'
WITH r ORDER BY r.ended_at DESC LIMIT 1 RETURN coalesce(max(r.seq), 0)"""

ADD_SOURCES: LiteralString = """
UNWIND $rows AS row MERGE (s:Source {seq: $seq, number: row[0]})
SET s.name = row[1], s.sha256 = row[2], s.size = row[3]"""

SOURCES_OF_RUN: LiteralString = """
MATCH (s:Source {seq: $seq}) RETURN collect([s.number, s.name, s.sha256, s.size])"""

SOURCES: LiteralString = """
UNWIND $keys AS key MATCH (s:Source {seq: key[0], number: key[1]})
RETURN collect([s.seq, s.number, s.name, s.sha256])"""

SOURCES_NAMED: LiteralString = """
MATCH (s:Source) WHERE s.name IN $names RETURN collect([s.seq, s.number])"""

DROP_SOURCES: LiteralString = "MATCH (s:Source {seq: $seq}) DELETE s"
