"""What may be asked of a host, and when."""

import pytest

from indexer.hosts import HostLimits, Hosts
from protocol.fetch import Quota

ONE, TWO = "https://one.example.com", "https://two.example.com"
LIMITS = HostLimits(concurrency=2, rate=4.0, memory=10, pause_min=1.0, pause_max=60.0)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hosts(clock: Clock) -> Hosts:
    return Hosts(LIMITS, clock)


def spend(hosts: Hosts, origin: str = ONE) -> bool:
    taken = hosts.reserve(origin)
    if taken:
        hosts.release(origin)
    return taken


def test_a_host_is_asked_by_so_many_at_once_and_others_are_not_concerned(hosts: Hosts) -> None:
    assert [hosts.reserve(ONE) for _ in range(3)] == [True, True, False]
    assert hosts.busy() == [ONE]
    assert hosts.reserve(TWO)
    hosts.release(ONE)
    assert hosts.busy() == []
    assert hosts.reserve(ONE)


def test_a_host_is_asked_so_often_a_second(hosts: Hosts, clock: Clock) -> None:
    assert [spend(hosts) for _ in range(5)] == [True] * 4 + [False]
    assert hosts.soonest() == pytest.approx(0.25)
    clock.now += 0.25
    assert [spend(hosts), spend(hosts)] == [True, False]
    clock.now += 3600.0
    assert [spend(hosts) for _ in range(5)] == [True] * 4 + [False], "what was not used is not saved up"


def test_a_further_request_under_a_reservation_counts_too(hosts: Hosts) -> None:
    assert hosts.reserve(ONE)
    for _ in range(3):
        hosts.spend(ONE)
    assert not hosts.reserve(ONE)


def test_a_host_that_refuses_is_left_alone_as_long_as_it_asks(hosts: Hosts, clock: Clock) -> None:
    hosts.throttled(ONE, Quota(0, 30.0, 7.0))
    assert not spend(hosts)
    assert hosts.soonest() == pytest.approx(7.0)
    clock.now += 7.0
    assert spend(hosts)


def test_a_host_that_says_it_is_empty_is_left_alone_until_its_reset(hosts: Hosts, clock: Clock) -> None:
    hosts.answered(ONE, Quota(0, 30.0, None))
    clock.now += 29.0
    assert not spend(hosts)
    clock.now += 1.0
    assert spend(hosts)
    hosts.answered(ONE, Quota(5, 30.0, None))
    assert spend(hosts)


def test_no_host_can_ask_for_more_than_the_longest_pause(hosts: Hosts, clock: Clock) -> None:
    hosts.throttled(ONE, Quota(None, None, 80_000.0))
    clock.now += LIMITS.pause_max
    assert spend(hosts)


def test_a_broken_host_is_left_alone_for_longer_each_time_within_bounds(hosts: Hosts, clock: Clock) -> None:
    pauses = []
    for _ in range(2_000):
        hosts.failed(ONE)
        wait = hosts.soonest()
        assert wait is not None
        pauses.append(wait)
        clock.now += wait
    assert 0.5 <= pauses[0] <= 1.0
    assert 4.0 <= pauses[3] <= 8.0
    assert all(30.0 <= pause <= 60.0 for pause in pauses[10:])
    assert len(set(pauses[10:])) > 100, "with jitter"


def test_an_answer_ends_the_doubling(hosts: Hosts, clock: Clock) -> None:
    for _ in range(10):
        hosts.failed(ONE)
    clock.now += 60.0
    hosts.answered(ONE)
    hosts.failed(ONE)
    wait = hosts.soonest()
    assert wait is not None
    assert wait <= 1.0


def test_hosts_under_way_are_not_forgotten_and_the_least_recent_of_the_others_are(hosts: Hosts) -> None:
    hosts.reserve(ONE)
    for number in range(100):
        spend(hosts, f"https://{number}.example.com")
    assert len(hosts) == LIMITS.memory
    hosts.reserve(ONE)
    assert not hosts.reserve(ONE), "it still knew of the first"


def test_hosts_without_room_for_other_reasons_than_time_have_no_soonest_moment(hosts: Hosts) -> None:
    assert hosts.soonest() is None
    hosts.reserve(ONE)
    hosts.reserve(ONE)
    assert hosts.soonest() is None
