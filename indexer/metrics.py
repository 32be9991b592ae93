"""What the indexer counts. Prometheus, multi-process; docs/metrics.md says what each figure means.

The stream's reader sees more frames than a counter may cost, so it adds up in plain integers and hands them over in
bursts (`FrameCounts`).
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Mapping, Sequence

from prometheus_client import Counter, Gauge, Histogram

from indexer.frames import KNOWN_KINDS
from indexer.stages import RecordKeyRow, RecordRow

FRAMES = Counter("plyr_indexer_frames", "Frames read from the stream, by kind", ["kind"])
FRAMES_OURS = Counter("plyr_indexer_frames_ours", "Frames about a tracked repo or an indexed collection")
FRAMES_REJECTED = Counter("plyr_indexer_frames_rejected", "Frames dropped by the reader, by reason", ["reason"])
EVENTS = Counter("plyr_indexer_events", "Events judged, by outcome and reason", ["outcome", "reason"])
RECORDS = Counter("plyr_indexer_records", "Record versions written, by collection and action", ["collection", "action"])
DEAD_LETTERS = Counter("plyr_indexer_dead_letters", "Records set aside, by reason", ["reason"])
BATCHES = Histogram("plyr_indexer_batch_seconds", "Time to judge and write one batch")
RETRIES = Counter("plyr_indexer_database_retries", "Batches tried again because the database was away")
LOOP_DELAY = Histogram(
    "plyr_indexer_loop_delay_seconds",
    "How late the event loop comes to what is due",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0),
)
LONGEST_STALL = Gauge(
    "plyr_indexer_longest_stall_seconds", "The longest such delay since the start", multiprocess_mode="max"
)
LEFTOVERS = Counter("plyr_indexer_leftovers", "Repos behind which events waited though nothing had to be waited for")
CONNECTIONS = Counter("plyr_indexer_connections", "Subscriptions that stood, by source", ["source"])
DISCONNECTIONS = Counter("plyr_indexer_disconnections", "Subscriptions that ended or failed, by reason", ["reason"])
GAPS = Counter("plyr_indexer_gaps", "Times that events may have been missed, by reason", ["reason"])

GAPS_OPEN = Gauge("plyr_indexer_gaps_open", "Gaps that are not healed yet", multiprocess_mode="livemax")
COMPARED = Counter("plyr_indexer_compared", "Repos compared with their hosts, by outcome", ["outcome"])
COMPARE_DUE = Gauge(
    "plyr_indexer_compare_due", "Repos to be compared before gaps are healed", multiprocess_mode="livemax"
)
SAMPLES = Counter("plyr_indexer_samples", "Repos whose host was asked for its head, by outcome", ["outcome"])
MISSED = Counter("plyr_indexer_missed", "Samples whose last commit should have come through the stream, and did not")

SYNCS = Counter("plyr_indexer_syncs", "Repos fetched, by outcome and reason", ["outcome", "reason"])
CONFIRMATIONS = Counter("plyr_indexer_confirmations", "Repos sent to be fetched for what an unsigned source told")
SYNC_BYTES = Counter("plyr_indexer_sync_bytes", "Bytes of repos fetched")
IDENTITIES = Counter("plyr_indexer_identities", "DIDs resolved, by outcome", ["outcome"])
HANDLES = Counter("plyr_indexer_handles", "Handles checked, by outcome", ["outcome"])
DISCOVERED = Counter("plyr_indexer_discovered", "Accounts found by discovery, by listing", ["listing"])

CONNECTED = Gauge("plyr_indexer_connected", "1 while a subscription stands", multiprocess_mode="livesum")
LAG = Gauge(
    "plyr_indexer_lag_seconds",
    "Age of the last frame that is in the database, or of what is missing",
    multiprocess_mode="livemax",
)
QUEUE_FRAMES = Gauge("plyr_indexer_queue_frames", "Frames that wait to be written", multiprocess_mode="livesum")
QUEUE_BYTES = Gauge("plyr_indexer_queue_bytes", "Bytes of frames that wait to be written", multiprocess_mode="livesum")
TRACKED = Gauge("plyr_indexer_tracked_accounts", "DIDs that the reader knows as ours", multiprocess_mode="livesum")
REPOS = Gauge("plyr_indexer_repos", "Repos by state", ["state"], multiprocess_mode="livesum")

REPO_STATES = ("pending", "syncing", "synced", "desynchronized", "error", "inactive")


class Lag:
    """How far we are behind: by the stream's own time, or by what is known to be missing beside it."""

    def __init__(self) -> None:
        self._behind = self._missing = 0.0

    def behind(self, seconds: float) -> None:
        """Age of the last frame that is in the database."""
        self._behind = seconds
        LAG.set(max(self._behind, self._missing))

    def missing(self, seconds: float) -> None:
        """Age of what the relay keeps from us; 0 when it keeps nothing."""
        self._missing = seconds
        LAG.set(max(self._behind, self._missing))


lag = Lag()


class FrameCounts:
    """Frames by kind, added up until `flush`."""

    def __init__(self) -> None:
        self._kinds: Tally[str] = Tally()
        self._ours = 0

    def saw(self, kind: str) -> None:
        self._kinds[kind if kind in KNOWN_KINDS else "unknown"] += 1

    def saw_ours(self) -> None:
        self._ours += 1

    def flush(self) -> None:
        for kind, count in self._kinds.items():
            FRAMES.labels(kind).inc(count)
        FRAMES_OURS.inc(self._ours)
        self._kinds.clear()
        self._ours = 0


def records_written(puts: Sequence[RecordRow], drops: Sequence[RecordKeyRow]) -> None:
    """Count the rows of one batch."""
    for collection, count in Tally(row.key.collection for row in puts).items():
        RECORDS.labels(collection, "put").inc(count)
    for collection, count in Tally(key.collection for key in drops).items():
        RECORDS.labels(collection, "drop").inc(count)


def show_repos(by_state: Mapping[str, int], tracked: int) -> None:
    """Show how many repos there are in each state; a state without any shows 0."""
    for state in REPO_STATES:
        REPOS.labels(state).set(by_state.get(state, 0))
    TRACKED.set(tracked)
