"""The mistakes. Each is one that somebody could make, and that ordinary use would not show for a while."""

from __future__ import annotations

from typing import Final

from tests.oracle.mutants.following import FOLLOWING
from tests.oracle.mutants.workshop import Mutant

ORACLE: Final = ("tests/oracle/test_oracle.py", "-m", "not long")
VERIFY: Final = ("tests/indexer/test_verify.py",)
EFFECTS: Final = ("tests/indexer/test_effects.py", "tests/indexer/test_effects_identities.py")
EVENTS: Final = (*EFFECTS, "tests/indexer/test_pipeline.py", *ORACLE)
SYNC: Final = ("tests/indexer/test_resync.py", *ORACLE)
STATUS: Final = ("tests/indexer/test_accounts.py", "tests/indexer/test_accounts_identity.py", *ORACLE)
PROJECTED: Final = ("tests/indexer/projections", "tests/indexer/aggregates", *ORACLE)
FUZZ: Final = "tests/fuzz/test_fuzz.py::test_whatever_comes_has_an_answer_or_a_name"

VERIFYING: Final = (
    Mutant(
        "a signature is not checked",
        "indexer/verify.py",
        "if key is not None and not signed.verify(key):",
        "if key is not None and not signed.sig:",
        ORACLE,
    ),
    Mutant(
        "inversion is skipped",
        "indexer/verify.py",
        "if before != (EMPTY_ROOT if is_first else frame.prev_data):",
        "if before is None:",
        VERIFY,
    ),
    Mutant(
        "a rev equal to the head's is taken for new",
        "indexer/verify.py",
        "if head is not None and rev <= head.rev:",
        "if head is not None and rev < head.rev:",
        VERIFY,
    ),
    Mutant(
        "since is not compared with the head",
        "indexer/verify.py",
        "if frame.since != (head.rev if head else None):",
        "if frame.since is None and head is not None:",
        VERIFY,
    ),
    Mutant(
        "prevData is not compared with the head",
        "indexer/verify.py",
        "if frame.prev_data is not None and (head is None or frame.prev_data != head.data):",
        "if frame.prev_data is not None and head is None:",
        VERIFY,
    ),
    Mutant(
        "the first op of a path decides, not the last",
        "indexer/verify.py",
        "changes[op.path] = known._replace(after=op.cid)",
        "changes[op.path] = known._replace(after=known.after)",
        VERIFY,
    ),
    Mutant(
        "a #sync with another tree only moves the rev",
        "indexer/verify.py",
        "if head is None or signed.data != head.data:",
        "if head is None:",
        EVENTS,
    ),
    Mutant(
        "a rev of the far future is taken",
        "indexer/verify.py",
        "if ahead > limits.future.total_seconds() * 1e6:",
        "if ahead > limits.future.total_seconds() * 1e12:",
        VERIFY,
    ),
    Mutant(
        "a block is not hashed",
        "protocol/car.py",
        "hashlib.sha256(data).digest() != cid[4:]:",
        "not hashlib.sha256(data).digest():",
        ("tests/protocol/test_car.py", "tests/indexer/test_verify.py"),
    ),
    Mutant(
        "keys of a tree may stand on any layer",
        "protocol/mst.py",
        "    if key_layer(key) != layer:\n",
        "    if key_layer(key) < 0:\n",
        ("tests/protocol/test_mst.py",),
    ),
    Mutant(
        "a key is doubted only when it was never resolved",
        "indexer/judge.py",
        "return state.resolved_at is None or state.resolved_at < arrival.received_at",
        "return state.resolved_at is None",
        EVENTS,
    ),
    Mutant(
        "commits of an inactive account are judged",
        "indexer/judge.py",
        "if not state.active:",
        "if not state.did:",
        EVENTS,
    ),
    Mutant(
        "what a killed process left waiting is not caught up",
        "indexer/pipeline.py",
        "if state.settled and state.buffered:",
        "if state.settled and not state.buffered:",
        EVENTS,
    ),
    Mutant(
        "events of a repo that is being fetched are judged at once",
        "indexer/states.py",
        'return self.state == "synced" and not self.stale',
        'return self.state in ("synced", "syncing") and not self.stale',
        EVENTS,
    ),
)
STREAM: Final = (
    Mutant(
        "the cursor runs ahead of what is written",
        "indexer/pipeline.py",
        "position = batch.position if whole else self._inbox.position_after(written)",
        "position = self._inbox.position",
        EVENTS,
    ),
    Mutant(
        "the cursor covers a batch that was cut short",
        "indexer/pipeline.py",
        "position = batch.position if whole else self._inbox.position_after(written)",
        "position = batch.position",
        ("tests/indexer/test_pipeline.py",),
    ),
    Mutant(
        "frames leave the inbox before they are written",
        "indexer/inbox.py",
        "return self.position if count == len(self._waiting) else self._waiting[count - 1][1]",
        "return self.position",
        ("tests/indexer/test_inbox.py", "tests/indexer/test_pipeline.py"),
    ),
    Mutant(
        "a frame of the same number is taken again",
        "indexer/firehose.py",
        "        if seq > last:\n",
        "        if seq >= last:\n",
        ("tests/indexer/test_firehose.py",),
    ),
    Mutant(
        "a relay that began anew is read on at the old cursor",
        "indexer/firehose.py",
        "await self._inbox.attach(self._inbox.source, Position(0, None))",
        "await self._inbox.attach(self._inbox.source, self._inbox.position)",
        ("tests/indexer/test_firehose.py", *ORACLE),
    ),
    Mutant(
        "a relay that refuses every cursor has all compared from the beginning each time",
        "indexer/gaps.sql",
        "DO NOTHING;",
        "DO UPDATE SET noted_at = now();",
        ("tests/indexer/test_silence.py",),
    ),
    Mutant(
        "a repo is not tracked when it is first seen live",
        "indexer/pipeline.py",
        "not in repos and touches(arrival.frame, self._tracking)",
        "not in repos and not touches(arrival.frame, self._tracking)",
        EVENTS,
    ),
    Mutant(
        "what waited for a repo is judged newest first",
        "indexer/buffer.sql",
        "ORDER BY b.id\n",
        "ORDER BY b.id DESC\n",
        EVENTS,
    ),
    Mutant(
        "what overflows a repo's buffer is forgotten and not fetched",
        "indexer/effects.sql",
        "UPDATE repo SET refetch = true WHERE",
        "UPDATE repo SET refetch = refetch WHERE",
        EVENTS,
    ),
    Mutant(
        "heads do not move",
        "indexer/apply.sql",
        "SET rev = head.rev, data = head.data,",
        "SET rev = head.rev, data = coalesce(r.data, head.data),",
        EVENTS,
    ),
)
FETCHING: Final = (
    Mutant(
        "a fetched repo deletes nothing",
        "indexer/repo_diff.py",
        "for path in stored if path not in repo.records]",
        "for path in stored if path not in stored]",
        SYNC,
    ),
    Mutant(
        "a fetched repo changes nothing that is there",
        "indexer/repo_diff.py",
        "if stored.get(path) != cid]",
        "if path not in stored]",
        SYNC,
    ),
    Mutant(
        "a fetched repo below the stored rev is taken",
        "indexer/verify_repo.py",
        "if head is None or signed.rev != head.rev:",
        "if head is None:",
        SYNC,
    ),
    Mutant(
        "a lapsed lease still writes",
        "indexer/repo_writer.sql",
        "WHERE r.state = 'syncing'\n",
        "WHERE r.state <> 'synced'\n",
        SYNC,
    ),
    Mutant(
        "a fetched repo is synced and its buffer left",
        "indexer/repo_writer.py",
        'await buffer.drain(self._rules, connection, row["did"], now)',
        'await states.lock(connection, [row["did"]])',
        SYNC,
    ),
    Mutant(
        "a repo to be fetched again is called synced",
        "indexer/repo_writer.py",
        'again = [account_id for account_id in heads if held[account_id]["refetch"]]',
        "again = []",
        SYNC,
    ),
    Mutant(
        "a host that has had enough of questions is asked on",
        "indexer/host_status.py",
        "        hosts.refused(origin, fault)\n",
        "        hosts.answered(origin, fault.quota)\n",
        ("tests/indexer/test_resync_hosts.py",),
    ),
    Mutant(
        "a repo may trickle in for ever",
        "indexer/download.py",
        "if size < (seconds - self.grace) * self.speed:",
        "if size < 0:",
        ("tests/indexer/test_resync_hosts.py",),
    ),
    Mutant(
        "a lapsed lease is never free again",
        "indexer/resync.sql",
        "WHERE state = 'syncing' AND lease_until < now()",
        "WHERE state = 'syncing' AND lease_until > now()",
        SYNC,
    ),
)
ACCOUNTS: Final = (
    Mutant(
        "an old report of a status counts",
        "indexer/accounts.py",
        'if known["status_at"] is None or at >= known["status_at"]:',
        'if known["status_at"] is None or at >= known["status_at"].replace(year=2000):',
        STATUS,
    ),
    Mutant(
        "an account that comes back is not fetched anew",
        "indexer/accounts.sql",
        "SET state = 'pending', priority = 10,",
        "SET state = 'synced', priority = 10,",
        STATUS,
    ),
    Mutant(
        "a hidden account goes on to count",
        "indexer/accounts.py",
        "await projections.change_visibility(connection, [account_id], hidden=True)",
        "await projections.change_visibility(connection, [], hidden=True)",
        STATUS,
    ),
    Mutant(
        "a deleted account keeps its records",
        "indexer/accounts.py",
        'for query in ("purge_records", "purge_letters", "purge_identity", "purge_repo"):',
        'for query in ("purge_letters", "purge_identity", "purge_repo"):',
        STATUS,
    ),
    Mutant(
        "a deleted account goes on to count",
        "indexer/accounts.py",
        "    await projections.purge(connection, [account_id])\n",
        "    await projections.purge(connection, [])\n",
        STATUS,
    ),
    Mutant(
        "a tombstone is a passing failure",
        "indexer/identities.py",
        "await bury(connection, claim.account_id)",
        "assert connection",
        STATUS,
    ),
    Mutant(
        "two accounts show one handle's former owner",
        "indexer/accounts.py",
        'await connection.execute(SQL["displace"], takers, [row["handle"] for row in given])',
        'await connection.execute(SQL["displace"], takers, [row["handle"] + "x" for row in given])',
        STATUS,
    ),
    Mutant(
        "an #identity is not followed",
        "indexer/effects.py",
        "        await states.mark_stale(connection, gathered.stale, rules.pace.refresh_pause)\n",
        "        await states.mark_stale(connection, gathered.stale[1:], rules.pace.refresh_pause)\n",
        STATUS,
    ),
)
MEANING: Final = (
    Mutant(
        "an edit is a new indexing",
        "indexer/apply.sql",
        "SET cid = new.cid, rev = new.rev,",
        "SET indexed_at = now(), cid = new.cid, rev = new.rev,",
        ("tests/indexer/test_pipeline.py",),
    ),
    Mutant(
        "a second like counts again",
        "indexer/projections/plyr_like.sql",
        "ORDER BY sort_at, rkey) = 1 AS wanted",
        "ORDER BY sort_at, rkey) < 3 AS wanted",
        PROJECTED,
    ),
    Mutant(
        "the latest like counts, not the earliest",
        "indexer/projections/plyr_like.sql",
        "ORDER BY sort_at, rkey) = 1 AS wanted",
        "ORDER BY sort_at DESC, rkey) = 1 AS wanted",
        PROJECTED,
    ),
    Mutant(
        "alpha plays stand before stable ones",
        "indexer/projections/teal_play.sql",
        "ORDER BY alpha, rkey) = 1 AS wanted",
        "ORDER BY alpha DESC, rkey) = 1 AS wanted",
        PROJECTED,
    ),
    Mutant(
        "likes of a track that is not there count for its author",
        "indexer/aggregates/counts.py",
        "_credit(tally, owner - change.owner, likes - change.likes, comments - change.comments, -1)",
        "_credit(tally, owner, likes - change.likes, comments - change.comments, -1)",
        PROJECTED,
    ),
    Mutant(
        "an invalid record shows",
        "indexer/projections/base.py",
        "for put in puts[start : start + SLICE_ROWS] if put.invalid is None)",
        "for put in puts[start : start + SLICE_ROWS])",
        PROJECTED,
    ),
    Mutant(
        "what is in the future was played then",
        "indexer/projections/teal_play.py",
        "if said and said <= row.indexed_at:",
        "if said:",
        PROJECTED,
    ),
    Mutant(
        "a track is sorted by its author's claim alone",
        "indexer/projections/fields.py",
        "return Times(created, min(created, row.indexed_at))",
        "return Times(created, created)",
        PROJECTED,
    ),
)

STRANGERS: Final = (
    Mutant(
        "an op that is no object is read as one",
        "indexer/frames.py",
        "if not all(isinstance(entry, dict) for entry in entries):",
        "if not entries and name != 'ops':",
        (f"{FUZZ}[frame-moment]",),
    ),
    Mutant(
        "a list of names may hold anything",
        "protocol/identity.py",
        'if isinstance(name, str) and name.startswith("at://"):',
        'if name.startswith("at://"):',
        (f"{FUZZ}[document-moment]",),
    ),
    Mutant(
        "a tree need not be the one of its keys",
        "protocol/mst.py",
        "if key_layer(key) != layer:",
        "if key_layer(key) == layer > 40:",
        (f"{FUZZ}[repo-moment]",),
    ),
)
MUTANTS: Final = (*VERIFYING, *STREAM, *FETCHING, *ACCOUNTS, *MEANING, *STRANGERS, *FOLLOWING)
