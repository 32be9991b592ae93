"""How the database differs from the model, line by line; nothing when it does not.

Repos first, then raw records, then what follows from the records: were these wrong too, the difference is shown where
it begins. Of hidden accounts the versions are not compared, only that they are versions that there were: what an
account wrote last before it was hidden may never have been seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from simulator.codec import Cid
from tests.oracle import played
from tests.oracle.dated import recent
from tests.oracle.model import READERS, ExpectedRepo, Key, Tables, fold
from tests.oracle.naive import Alias
from tests.oracle.observed import Observed, StoredRecord
from tests.oracle.plyr import Row

LONGEST: Final = 200


class Aliases:
    """Which value the indexer chose for each key that leaves it the choice; one to one within a domain."""

    def __init__(self) -> None:
        self._values: dict[Alias, Any] = {}
        self._keys: dict[tuple[str, Any], Alias] = {}

    def agree(self, expected: Any, actual: Any) -> bool:
        if isinstance(expected, list) and isinstance(actual, list):
            return len(expected) == len(actual) and all(map(self.agree, expected, actual))
        if not isinstance(expected, Alias):
            return bool(expected == actual)
        known = self._values.setdefault(expected, actual) == actual
        return known and self._keys.setdefault((expected.domain, actual), expected) == expected

    def known(self, expected: Any) -> Any:
        """The value that was chosen; what leaves no choice is itself."""
        return self._values.get(expected, expected) if isinstance(expected, Alias) else expected


def differences(
    expected: Mapping[str, ExpectedRepo],
    observed: Observed,
    history: Mapping[str, set[tuple[str, bytes]]],
    today: datetime,
) -> list[str]:
    """`history`: by DID, every (path, bytes) that its repo has ever held. `today`: the day, at the least, at which the
    windows of the charts have to end."""
    return [
        *_accounts(expected, observed),
        *_records(expected, observed, history),
        *_tables(observed, max(today, observed.at)),
    ]


def _accounts(expected: Mapping[str, ExpectedRepo], observed: Observed) -> Iterator[str]:
    synced = sum(row["state"] == "synced" for row in observed.accounts.values())
    if synced != observed.synced:
        yield f"accounts: {observed.synced} repos are counted as synced, not {synced}"
    for did, repo in sorted(expected.items()):
        row = observed.accounts.get(did)
        if row is None:
            if repo.is_ours and repo.fate == "shown":
                yield f"account {did}: not known"
            continue
        yield from (f"account {did}: {line}" for line in _account(repo, row))


def _account(repo: ExpectedRepo, row: Row) -> Iterator[str]:
    wanted: Row = {"shows": repo.fate == "shown", "waiting": 0}
    if repo.fate != "hidden":
        wanted["deleted"] = repo.fate == "gone"
    if repo.fate == "shown":
        wanted |= {"state": "synced", "rev": repo.rev, "active": True, "stale": False, "refetch": False}
        wanted |= {"handle": repo.handle, "pds": repo.pds, "signing_key": repo.key}
        if row["data"] is None or str(Cid(row["data"])) != repo.data:
            yield f"data is {row['data'] and Cid(row['data'])}, not {repo.data}"
    about = f"state {row['state']}, status {row['status']}, last error: {row['last_error']}"
    for name, value in wanted.items():
        if row[name] != value:
            yield f"{name} is {row[name]!r}, not {value!r} ({about})"


def _records(
    expected: Mapping[str, ExpectedRepo], observed: Observed, history: Mapping[str, set[tuple[str, bytes]]]
) -> Iterator[str]:
    stored: dict[str, dict[str, StoredRecord]] = {}
    for record in observed.records:
        stored.setdefault(record.found.did, {})[f"{record.found.collection}/{record.found.rkey}"] = record
        repo = expected.get(record.found.did)
        if record.unsigned and repo is not None and repo.fate == "shown":  # a hidden one's host confirms nothing
            yield f"record {record.found.uri}: marked as unsigned"
        yield from (f"record {record.found.uri}: {line}" for line in _record(record))
    for did in sorted(stored.keys() - expected.keys()):
        yield f"records of {did}: nobody has this DID"
    for did in sorted(observed.accounts.keys() & expected.keys()):
        have = stored.get(did, {})
        if expected[did].fate == "shown":
            yield from _same(did, expected[did].records, have)
        for path, record in sorted(have.items()):
            if expected[did].fate == "gone":
                yield f"record at://{did}/{path}: there, but its account is gone"
            elif (path, record.block) not in history[did]:
                yield f"record at://{did}/{path}: never was in its repo"


def _same(did: str, wanted: Mapping[str, bytes], have: Mapping[str, StoredRecord]) -> Iterator[str]:
    for path in sorted(wanted.keys() | have.keys()):
        if path not in have:
            yield f"record at://{did}/{path}: missing"
        elif path not in wanted:
            yield f"record at://{did}/{path}: there, but deleted"
        elif wanted[path] != have[path].block:
            yield f"record at://{did}/{path}: another version"


def _record(record: StoredRecord) -> Iterator[str]:
    if str(Cid.of_block(record.block)) != record.found.cid:
        yield "the bytes do not hash to its cid"
    reader = READERS.get(record.found.collection)
    fits = reader is None or reader[1](record.found) is not None or _is_unplayable(record)
    if fits == (record.invalid is not None):
        yield f"marked {record.invalid!r}, and {'fits' if fits else 'does not fit'} its lexicon"


def _is_unplayable(record: StoredRecord) -> bool:
    """A track without audio is valid and shows nowhere all the same."""
    value = record.found.value
    return record.found.collection == "fm.plyr.track" and not {"audioBlob", "audioUrl"} & value.keys()


def _tables(observed: Observed, today: datetime) -> Iterator[str]:
    """Against the fold of the raw records that are there."""
    accounts = observed.accounts.items()
    hidden = frozenset(did for did, row in accounts if not row["shows"])
    handles = {did: row["handle"] for did, row in accounts if row["handle"] not in {None, "handle.invalid"}}
    wanted = fold([record.found for record in observed.records], hidden, handles)
    aliases = Aliases()
    yield from _same_tables(wanted, observed, hidden, aliases)
    edges = played.windows(today)
    charts = {
        "chart_window": edges,
        "track_recent": recent(wanted, hidden, edges),
        **played.played(wanted["teal_play"], hidden, edges, aliases.known),
    }
    yield from _same_tables(charts, observed, hidden, aliases)
    yield from (f"{table}: not modelled" for table in sorted(observed.tables.keys() - wanted.keys() - charts.keys()))


def _same_tables(wanted: Tables, observed: Observed, hidden: frozenset[str], aliases: Aliases) -> Iterator[str]:
    for table, rows in wanted.items():
        have = observed.tables[table]
        for key in sorted(rows.keys() | have.keys(), key=str):
            yield from (f"{table} {key}: {line}" for line in _row(table, key, rows, have, hidden, aliases))


def _row(
    table: str, key: Key, wanted: Mapping[Key, Row], have: Mapping[Key, Row], hidden: frozenset[str], aliases: Aliases
) -> Iterator[str]:
    if key not in have:
        yield "missing"
    elif key not in wanted:
        if table != "actor_count" or key[0] not in hidden or not _counts_nothing(have[key]):
            yield f"there, but should not be: {_short(have[key])}"
    else:
        yield from _columns(wanted[key], have[key], aliases)


def _counts_nothing(row: Row) -> bool:
    """A row that only says that its account is hidden."""
    return not any(value for name, value in row.items() if name != "hidden")


def _columns(wanted: Row, have: Row, aliases: Aliases) -> Iterator[str]:
    for name in sorted(wanted.keys() | have.keys()):
        if name not in wanted:
            yield f"the model does not know the column {name}"
        elif name not in have:
            yield f"no column {name}"
        elif not aliases.agree(wanted[name], have[name]):
            yield f"{name} is {_short(have[name])}, not {_short(wanted[name])}"


def _short(value: Any) -> str:
    return repr(value)[:LONGEST]
