"""Simulated worlds: the same for the same seed, of real records, and announced as a real host announces."""

from __future__ import annotations

from collections import Counter

import pytest

import lexicons
from protocol.cbor import decode as decode_exactly
from protocol.syntax import Did, Nsid, RecordKey
from simulator import AccountEvent, CommitEvent, Event, IdentityEvent, Retention, SyncEvent, World, Write
from simulator.codec import Cid, decode, encode
from simulator.events import frame
from simulator.hosting import AccountUnavailable, AccountUnknown, HandleTaken
from tests.simulator.wire import SMALL, Ticking, read_car, read_frame, small_world

LIKE = Nsid("fm.plyr.like")
NOT_OURS = "app.bsky.feed.post"
ODDITIES = {
    *((f"{name}MbId", "format:uri") for name in ("recording", "release", "artists[].artist")),
    *((f"item.{name}MbId", "format:uri") for name in ("recording", "release", "artists[].artist")),
    *((name, "format:datetime") for name in ("playedTime", "time", "expiry")),
    ("item.trackName", "minLength"),
    ("subject", "required"),
    ("", "rkey"),
}


def write_like(rkey: str) -> Write:
    return Write("create", LIKE, RecordKey(rkey), {"createdAt": "2025-01-01T00:00:00Z"})


def announced(world: World, since: int) -> list[Event]:
    return [world.events[at] for at in range(since, world.events.next)]


def kinds(events: list[Event]) -> list[str]:
    names = {CommitEvent: "commit", SyncEvent: "sync", IdentityEvent: "identity"}
    return [(event.status or "active") if isinstance(event, AccountEvent) else names[type(event)] for event in events]


def test_the_same_seed_gives_the_same_world_and_the_same_life() -> None:
    one, other = small_world(), small_world()
    one.live(300)
    other.live(300)
    assert list(one.events) == list(other.events)
    assert one.accounts.keys() == other.accounts.keys()


def test_another_seed_gives_another_world() -> None:
    assert small_world(1).accounts.keys().isdisjoint(small_world(2).accounts.keys())


def test_what_one_concern_draws_changes_nothing_for_another() -> None:
    one, other = small_world(), small_world()
    one.random("faults").random()
    one.live(50)
    other.live(50)
    assert list(one.events) == list(other.events)


def test_folding_the_events_gives_what_the_hosts_hold() -> None:
    world = small_world()
    world.live(400)
    folded: dict[Did, dict[str, bytes]] = {}
    for event in world.events:
        if isinstance(event, CommitEvent):
            records = folded.setdefault(event.did, {})
            for op in event.ops:
                records.pop(op.path, None)
                if op.record is not None:
                    records[op.path] = op.record
    assert folded == {account.did: account.active_repo.records for account in world.accounts.values()}


def test_the_commits_of_every_repo_are_one_chain_signed_by_its_key() -> None:
    world = small_world()
    world.live(200)
    heads: dict[Did, CommitEvent] = {}
    for event in world.events:
        if isinstance(event, CommitEvent):
            fields = decode(read_car(event.blocks)[1][event.commit])
            signature = fields.pop("sig")
            assert world.account(event.did).key.public.verify(encode(fields), signature)
            last = heads.get(event.did)
            assert event.since == (last and last.rev)
            assert last is None or event.rev > last.rev
            heads[event.did] = event
    assert heads.keys() == world.accounts.keys()


def test_every_record_is_valid_but_for_the_oddities_of_the_network() -> None:
    world = World(3, SMALL, clock=Ticking())
    world.live(1_500)
    catalog = lexicons.load()
    seen, odd = Counter[str](), Counter[str]()
    for account in world.accounts.values():
        for path, block in account.active_repo.records.items():
            collection, rkey = path.split("/")
            if collection == NOT_OURS:
                continue
            violations = catalog.record(collection).validate(rkey, decode_exactly(block))
            assert {(found.path, found.rule) for found in violations} <= ODDITIES, (path, violations)
            seen[collection] += 1
            odd[collection] += bool(violations)
    assert seen.keys() >= {
        "app.bsky.actor.profile",
        "fm.plyr.actor.profile",
        "fm.plyr.comment",
        "fm.plyr.like",
        "fm.plyr.list",
        "fm.plyr.track",
        "fm.teal.actor.profile",
        "fm.teal.actor.status",
        "fm.teal.alpha.actor.status",
        "fm.teal.alpha.feed.play",
        "fm.teal.feed.play",
    }
    assert odd["fm.plyr.like"] < seen["fm.plyr.like"] / 20
    assert 0 < odd["fm.teal.feed.play"] < seen["fm.teal.feed.play"]


def test_every_blob_that_a_record_names_is_there() -> None:
    world = small_world()
    named = 0
    for account in world.accounts.values():
        for path in account.active_repo.records:
            value = account.active_repo.value(path)
            blob = value.get("audioBlob") or value.get("avatar")
            if isinstance(blob, dict):
                data = account.blobs[blob["ref"]].data()
                assert Cid.of_blob(data) == blob["ref"]
                assert len(data) == blob["size"]
                assert data.startswith((b"RIFF", b"\x89PNG"))
                named += 1
    assert named > 10


def test_a_new_account_is_announced_as_the_reference_host_does() -> None:
    world = small_world()
    since = world.events.next
    account = world.create_account("new.test")
    events = announced(world, since)
    assert kinds(events) == ["identity", "active", "commit", "sync"]
    commit, sync = events[2], events[3]
    assert isinstance(commit, CommitEvent)
    assert isinstance(sync, SyncEvent)
    assert (commit.since, commit.prev_data, commit.ops, commit.rev) == (None, None, (), sync.rev)
    assert read_car(sync.blocks) == (account.active_repo.head.cid, {commit.commit: account.active_repo.head.block})


def test_an_account_that_is_away_is_not_written_for_until_it_is_back() -> None:
    world = small_world()
    did = world.scene.listeners[0]
    since = world.events.next
    world.deactivate(did)
    with pytest.raises(AccountUnavailable):
        world.write(did, [write_like("a")])
    world.reactivate(did)
    world.write(did, [write_like("a")])
    assert kinds(announced(world, since)) == ["deactivated", "active", "identity", "sync", "commit"]


def test_a_deleted_account_keeps_nothing_and_begins_anew_at_a_later_rev() -> None:
    world = small_world()
    account = world.account(world.scene.artists[0])
    rev, since = account.active_repo.head.rev, world.events.next
    world.delete(account.did)
    assert (account.repo, account.blobs, account.handle in world.handles) == (None, {}, False)
    world.reactivate(account.did)
    assert account.active_repo.records == {}
    assert account.active_repo.head.rev > rev
    assert kinds(announced(world, since)) == ["deleted", "active", "identity", "commit", "sync"]


def test_a_migration_shows_on_both_hosts_and_the_new_one_signs_by_a_new_key() -> None:
    world = small_world()
    account = world.account(world.scene.artists[0])
    old_host, old_key, tree, since = account.host, account.key, account.active_repo.tree, world.events.next
    world.migrate(account.did, 1 - old_host)
    events = announced(world, since)
    assert kinds(events) == ["deactivated", "identity", "active", "identity", "sync"]
    assert [event.host for event in events] == [old_host] + [1 - old_host] * 4
    assert account.key != old_key
    assert account.active_repo.tree.cid == tree.cid
    fields = decode(account.active_repo.head.block)
    assert account.key.public.verify(encode({name: fields[name] for name in fields if name != "sig"}), fields["sig"])


def test_a_rotated_key_signs_what_follows() -> None:
    world = small_world()
    account = world.account(world.scene.artists[0])
    old = account.key.public
    world.rotate_key(account.did, "p256")
    event = world.write(account.did, [write_like("a")])
    fields = decode(read_car(event.blocks)[1][event.commit])
    signature = fields.pop("sig")
    assert account.key.public.verify(encode(fields), signature)
    assert not old.verify(encode(fields), signature)


def test_a_handle_leads_to_the_last_one_who_took_it() -> None:
    world = small_world()
    first, second = world.scene.listeners[:2]
    handle = world.account(first).handle
    world.change_handle(second, handle)
    assert world.handles[handle] == second
    assert world.account(first).handle == handle
    with pytest.raises(HandleTaken):
        world.create_account(handle)


def test_acts_on_an_account_that_does_not_exist_are_refused() -> None:
    with pytest.raises(AccountUnknown):
        small_world().deactivate(Did("did:plc:nobody"))


def test_the_log_keeps_the_newest_and_says_what_it_forgot() -> None:
    world = World(1, SMALL, clock=Ticking(), retention=Retention(events=10))
    assert len(list(world.events)) == 10
    assert world.events.next - world.events.first == 10
    with pytest.raises(IndexError):
        _ = world.events[world.events.first - 1]


def test_a_log_is_bounded_by_bytes_too() -> None:
    world = World(1, SMALL, clock=Ticking(), retention=Retention(size=100_000))
    assert sum(len(frame(event, 1)) for event in world.events) < 110_000


def test_frames_say_what_the_events_say() -> None:
    world = small_world()
    account = world.account(world.scene.artists[0])
    since = world.events.next
    event = world.write(account.did, [write_like("a"), write_like("b")])
    world.take_down(account.did)
    commit, status = (read_frame(frame(event, 7)) for event in announced(world, since))
    assert (commit.header, status.header) == ({"op": 1, "t": "#commit"}, {"op": 1, "t": "#account"})
    assert {name: commit.body[name] for name in ("seq", "repo", "rev", "since", "commit", "blocks", "prevData")} == {
        "seq": 7,
        "repo": account.did,
        "rev": event.rev,
        "since": event.since,
        "commit": event.commit,
        "blocks": event.blocks,
        "prevData": event.prev_data,
    }
    assert [set(op) for op in commit.body["ops"]] == [{"action", "path", "cid"}] * 2
    assert (status.body["active"], status.body["status"]) == (False, "takendown")
