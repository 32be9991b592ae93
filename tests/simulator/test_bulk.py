"""The fast stream: frames like the network's, in their proportions, the same for the same world."""

from __future__ import annotations

from itertools import pairwise

import pytest

from simulator import World, record_frames
from simulator.bulk import FIRST_SEQ
from simulator.codec import decode
from tests.simulator.wire import Message, read_car, read_frame, small_world

COUNT = 4_000
SHARE = 0.05


@pytest.fixture(scope="module")
def world() -> World:
    return small_world()


@pytest.fixture(scope="module")
def messages(world: World) -> list[Message]:
    return [read_frame(data) for data in record_frames(world, COUNT, SHARE)]


def author(message: Message) -> str:
    return message.body.get("repo") or message.body["did"]


def test_numbers_rise_and_so_do_the_times_of_strangers(world: World, messages: list[Message]) -> None:
    assert [message.body["seq"] for message in messages] == list(range(FIRST_SEQ, FIRST_SEQ + COUNT))
    others = [message.body["time"] for message in messages if author(message) not in world.accounts]
    assert all(earlier <= later for earlier, later in pairwise(others))


def test_the_worlds_share_is_as_asked_and_is_its_events(world: World, messages: list[Message]) -> None:
    ours = [message for message in messages if author(message) in world.accounts]
    assert COUNT * SHARE * 0.7 < len(ours) < COUNT * SHARE * 1.3
    commits = {event.commit for event in world.events if hasattr(event, "commit")}
    for message in ours:
        if "commit" in message.body:
            root, blocks = read_car(message.body["blocks"])
            assert root == message.body["commit"]
            assert root in commits
            assert decode(blocks[root])["did"] == author(message)


def test_commits_are_as_large_as_on_the_network(world: World, messages: list[Message]) -> None:
    sizes = [
        len(message.body["blocks"])
        for message in messages
        if "blocks" in message.body and author(message) not in world.accounts
    ]
    assert sum(1_000 <= size <= 10_000 for size in sizes) > 0.9 * len(sizes)


def test_others_are_many_and_post(world: World, messages: list[Message]) -> None:
    others = [message for message in messages if author(message) not in world.accounts]
    assert len({author(message) for message in others}) == len(others)
    paths = {op["path"].split("/")[0] for message in others for op in message.body.get("ops", [])}
    assert paths == {"app.bsky.feed.post"}


def test_the_same_world_gives_the_same_frames() -> None:
    one, other = (list(record_frames(small_world(), 300, SHARE)) for _ in range(2))
    assert one == other
