"""Which relay is read."""

from __future__ import annotations

from indexer.relays import Relays

A, B, C = "wss://a.test", "wss://b.test", "wss://c.test"


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_the_most_preferred_one_is_read() -> None:
    assert Relays((A, B), 60.0).choose() == A


def test_one_that_is_silent_is_passed_over_until_another_breaks() -> None:
    relays = Relays((A, B), 60.0, Clock())
    relays.silent(A)
    assert relays.choose() == B
    relays.broke()
    assert relays.choose() == A


def test_one_that_is_blind_rests_whatever_breaks() -> None:
    clock = Clock()
    relays = Relays((A, B), 60.0, clock)
    relays.blind(A)
    relays.broke()
    assert relays.choose() == B
    clock.now += 61.0
    assert relays.choose() == A


def test_when_all_rest_each_is_tried_in_turn() -> None:
    clock = Clock()
    relays = Relays((A, B, C), 60.0, clock)
    tried: list[str] = []
    for _ in range(7):
        tried.append(relays.choose())
        relays.silent(tried[-1])
        clock.now += 1.0
    assert tried == [A, B, C, A, B, C, A]


def test_only_those_that_are_preferred_and_have_rested_are_better() -> None:
    clock = Clock()
    relays = Relays((A, B, C), 60.0, clock)
    relays.blind(A)
    relays.silent(B)
    assert relays.better(C) == []
    clock.now += 61.0
    relays.silent(B)
    assert relays.better(C) == [A]
    assert relays.better(A) == []
