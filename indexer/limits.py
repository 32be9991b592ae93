"""The settings as each part of the indexer takes them: its own bounds, and no others. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from indexer.accounts import set_status
from indexer.apply import Applier
from indexer.effects import Rules
from indexer.gaps import GapLimits
from indexer.heads import HeadLimits
from indexer.judge import Judge
from indexer.pipeline import BatchLimits
from indexer.states import Pace
from indexer.subscriber import StreamLimits
from indexer.verify import VerifyLimits
from protocol.mst import TreeLimits
from protocol.syntax import Nsid
from runtime.settings import Settings


def verify_limits(settings: Settings, names: Mapping[str, Nsid]) -> VerifyLimits:
    """The bounds of one commit."""
    tree = TreeLimits(
        max_depth=settings.tree_max_depth,
        max_nodes=settings.commit_max_blocks,
        max_entries=settings.repo_max_records,
    )
    return VerifyLimits(
        collections=names,
        max_blocks=settings.commit_max_blocks,
        max_bytes=settings.commit_max_bytes,
        max_ops=settings.commit_max_ops,
        tree=tree,
        future=timedelta(seconds=settings.future_rev_tolerance),
    )


def make_rules(settings: Settings, limits: VerifyLimits) -> Rules:
    """How events are judged and written."""
    return Rules(
        judge=Judge(limits, settings.identity_cache),
        applier=Applier(
            settings.collections,
            namespace=settings.namespace,
            record_max_bytes=settings.record_max_bytes,
            dead_letter_max=settings.dead_letter_max,
        ),
        set_status=set_status,
        buffered_events=settings.buffered_events_per_repo,
        buffered_bytes=settings.buffered_bytes_per_repo,
        pace=Pace(settings.resyncs_per_hour, settings.identity_refresh_min),
    )


def stream_limits(settings: Settings) -> StreamLimits:
    """The bounds of the stream."""
    return StreamLimits(
        frame_max_bytes=settings.frame_max_bytes,
        silence=settings.silence_timeout,
        pause_min=settings.reconnect_min,
        pause_max=settings.reconnect_max,
        request=settings.connect_timeout,
        rest=settings.relay_return,
        gaps=GapLimits(timedelta(seconds=settings.relay_retention), timedelta(seconds=settings.relay_jump)),
    )


def head_limits(settings: Settings) -> HeadLimits:
    """The bounds of a comparison with a host."""
    return HeadLimits(
        grace=settings.compare_grace, page=settings.compare_page, resyncs_per_hour=settings.resyncs_per_hour
    )


def batch_limits(settings: Settings) -> BatchLimits:
    """The bounds of a batch."""
    return BatchLimits(
        events=settings.batch_events,
        judging=settings.batch_delay,
        judging_behind=settings.batch_delay_behind,
        cursor_interval=settings.cursor_interval,
        patience=settings.db_connect_timeout,
    )
