"""The limiter, in a time of its own: a server that allows so many calls a second, and threads that are none."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count, pairwise
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.s3.limiter import LOOKS_UP, SLOWEST, START, Limiter, NotSentError, Pace, heed, heeded
from tests.s3.world import Clock


@dataclass
class Bucket:
    """A server that serves `rate` calls a second, and so many at once after a rest."""

    rate: float
    burst: float
    tokens: float = 0
    at: float = 0
    served: list[float] = field(default_factory=list)
    refused: int = 0

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def ask(self, now: float) -> bool:
        self.tokens, self.at = min(self.burst, self.tokens + (now - self.at) * self.rate), now
        if self.tokens < 1:
            self.refused += 1
            return False
        self.tokens -= 1
        self.served.append(now)
        return True


class Load(NamedTuple):
    """So many workers with so many calls to make, each of which takes about `latency` seconds."""

    workers: int
    latency: float
    calls: float = float("inf")


@dataclass
class Simulation:
    """Workers that share paces: one, or one for each process of several."""

    server: Bucket
    load: Load
    paces: list[Pace]
    luck: Random
    now: float = 0
    done: int = 0
    begun: list[float] = field(default_factory=list)
    tries: list[int] = field(default_factory=list)
    """How often each call was sent."""

    def __post_init__(self) -> None:
        self.events: list[tuple[float, int, Iterator[float]]] = []
        self.number = count()
        for worker in range(self.load.workers):
            self.resume(self.work(self.paces[worker % len(self.paces)]))

    def resume(self, worker: Iterator[float]) -> None:
        for seconds in worker:
            heappush(self.events, (self.now + seconds, next(self.number), worker))
            return

    def run(self, until: float = float("inf")) -> "Simulation":
        while self.events and self.events[0][0] <= until:
            self.now, _, worker = heappop(self.events)
            self.resume(worker)
        return self

    def work(self, pace: Pace) -> Iterator[float]:
        """One worker; what it yields is how long it sleeps. This is what `Limiter` and a call do."""
        while len(self.tries) < self.load.calls:
            call = len(self.tries)
            self.tries.append(0)
            served = False
            while not served:
                if pace.rate is not None:
                    ticket = pace.take(self.now)
                    while (left := pace.wait(ticket, self.now)) > 1e-9:
                        yield min(left, LOOKS_UP)
                begun, takes = self.now, self.load.latency * self.luck.uniform(0.7, 1.5)
                self.begun.append(begun)
                self.tries[call] += 1
                yield takes / 2
                served = self.server.ask(self.now)
                yield takes / 2
                pace.ended(self.now, begun, throttled=not served)
            self.done += 1


def simulated(server: Bucket, load: Load, processes: int = 1, seed: int = 0) -> Simulation:
    return Simulation(server, load, [Pace() for _ in range(processes)], Random(seed))


def between(times: list[float], since: float, until: float) -> float:
    """How many a second there were."""
    return sum(since <= time < until for time in times) / (until - since)


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────────

RATES = st.sampled_from([20.0, 50.0, 100.0, 400.0, 1500.0])
BURSTS = st.sampled_from([0.1, 0.5, 1.0, 3.0])
"""Seconds of a server's rate."""
few = settings(max_examples=settings().max_examples // 2, deadline=None)


WORKERS = st.sampled_from([32, 64, 96])
LATENCIES = st.sampled_from([0.001, 0.03, 0.1])


@few
@given(rate=RATES, burst=BURSTS, workers=WORKERS, latency=LATENCIES, seed=st.integers(0, 9))
def test_law_nine_tenths_of_what_a_server_allows_are_used(
    rate: float, burst: float, workers: int, latency: float, seed: int
) -> None:
    load = Load(workers, min(latency, workers / rate / 1.5))  # as many workers as it takes
    server = Bucket(rate, max(rate * burst, 10))
    run = simulated(server, load, seed=seed).run(until=25)
    settled = [between(server.served, since, since + 5) for since in (10, 15, 20)]
    assert min(settled) >= 0.8 * rate, settled
    assert between(server.served, 5, 25) >= 0.9 * rate
    assert between(run.begun, 10, 25) <= 1.25 * between(server.served, 10, 25), "few are refused"


@few
@given(rate=RATES, burst=BURSTS, workers=WORKERS, seed=st.integers(0, 9))
def test_law_every_call_is_served(rate: float, burst: float, workers: int, seed: int) -> None:
    """From the first to the last: with what it costs to find out, in not much more time than there must be."""
    calls = int(rate * 20 + rate * burst)
    server = Bucket(rate, max(rate * burst, 10))
    run = simulated(server, Load(workers, min(0.03, workers / rate / 1.5), calls), seed=seed).run()
    assert run.done == len(server.served) == calls
    assert run.now <= (calls - server.burst) / rate / 0.85
    assert max(run.tries) <= 40


@few
@given(rate=st.sampled_from([50.0, 400.0]), seed=st.integers(0, 9))
def test_law_several_processes_share(rate: float, seed: int) -> None:
    """Shards do not know of each other; none of them starves, and all that there is is used."""
    run = simulated(Bucket(rate, rate), Load(96, 0.03), processes=3, seed=seed).run(until=40)
    assert between(run.server.served, 10, 40) >= 0.9 * rate
    assert all(pace.rate is not None and pace.rate >= SLOWEST for pace in run.paces)


@few
@given(rate=st.sampled_from([50.0, 400.0, 1500.0]), less=st.sampled_from([0.0, 0.05, 0.5]), seed=st.integers(0, 9))
def test_law_what_changes_is_noticed(rate: float, less: float, seed: int) -> None:
    """Others come and go, or the server takes a rest: soon after, all that it allows is used again."""
    server = Bucket(rate, rate / 2)
    run = simulated(server, Load(96, 0.03), seed=seed).run(until=10)
    server.rate = rate * less
    run.run(until=25)
    asked = between(run.begun, 18, 25)
    assert asked <= max(rate * less * 1.5, 3 * SLOWEST), "it is not asked for what it does not give"
    assert between(server.served, 18, 25) >= 0.85 * rate * less
    server.rate = rate
    run.run(until=60)
    assert between(server.served, 45, 60) >= 0.9 * rate


@given(st.lists(st.tuples(st.floats(0, 0.2), st.booleans(), st.booleans()), max_size=80))
def test_law_nothing_begins_in_a_burst(events: list[tuple[float, bool, bool]]) -> None:
    """Whatever ends in whichever way, at whatever time: tickets fall due in their order, evenly, and none is lost."""
    pace, now = Pace(), 0.0
    pace.ended(now, now, throttled=True)
    tickets: list[int] = []
    for seconds, throttled, several in events:
        now += seconds
        tickets += [pace.take(now) for _ in range(3 if several else 1)]
        rate = pace.rate
        assert rate is not None
        waits = [pace.wait(ticket, now) for ticket in tickets[-3:]]
        assert waits == sorted(waits)
        steps = [after - before for before, after in pairwise(waits) if before > 0]
        assert steps == pytest.approx([1 / rate] * len(steps))
        pace.ended(now, now, throttled=throttled)
    assert tickets == list(range(len(tickets)))


# ── examples ─────────────────────────────────────────────────────────────────────────────────────────


def test_until_the_first_refusal_nobody_waits() -> None:
    run = simulated(Bucket(1e9, 1e9), Load(64, 0.03, 5_000)).run()
    assert run.paces[0].rate is None
    assert run.now < 0.03 * 1.5 * (5_000 / 64 + 1)


def test_the_first_pace_is_what_was_served_just_before() -> None:
    pace = Pace()
    for number in range(600):
        pace.ended(number / 300, 0, throttled=False)
    pace.ended(2, 0, throttled=True)
    assert pace.rate == pytest.approx(300, rel=0.05)


def test_a_refusal_before_anything_was_measured_starts_somewhere() -> None:
    pace = Pace()
    pace.ended(0.01, 0, throttled=True)
    assert pace.rate == START


def test_what_began_before_the_pace_was_changed_does_not_count() -> None:
    pace = Pace()
    for number in range(64):
        pace.ended(1 + number / 1000, 0.9, throttled=True)
    assert pace.rate == START


def test_a_pace_that_is_not_used_up_stays() -> None:
    pace, now = Pace(), 0.0
    pace.ended(now, now, throttled=True)
    for _ in range(100):
        now += 0.1
        assert pace.wait(pace.take(now), now) <= 0
        pace.ended(now, now, throttled=False)
    assert pace.rate == START


def test_nobody_waits_longer_than_it_takes_to_hear_of_a_new_pace() -> None:
    clock = Clock()
    limiter = Limiter(clock.time, clock.sleep)
    limiter.enter()
    limiter.leave(throttled=True)
    limiter.pace.rate = 0.1
    for _ in range(2):
        limiter.enter()
    assert max(clock.naps) <= LOOKS_UP
    assert clock.now == pytest.approx(10)


# ── threads ──────────────────────────────────────────────────────────────────────────────────────────


def in_threads(number: int, work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)


def test_threads_get_a_turn_each() -> None:
    clock = Clock()
    limiter = Limiter(clock.time, clock.sleep)
    limiter.leave(throttled=True)
    turns: list[threading.Thread] = []

    def work() -> None:
        for _ in range(20):
            limiter.enter()
            turns.append(threading.current_thread())
            limiter.leave(throttled=False)

    in_threads(8, work)
    assert sorted(turns.count(thread) for thread in set(turns)) == [20] * 8
    assert limiter.pace.take(clock.now) == 160, "each turn was one ticket"


def test_whoever_waits_hears_that_the_run_was_stopped() -> None:
    """With a real clock: the next turn would be in a minute and more."""
    limiter, stop, stopped = Limiter(), threading.Event(), []
    limiter.leave(throttled=True)
    limiter.pace.rate = 1 / 60
    limiter.enter()
    waiting = threading.Semaphore(0)

    def sleep(seconds: float) -> None:
        waiting.release()
        stop.wait(seconds)

    limiter.sleep = sleep

    def work() -> None:
        heed(stop)
        try:
            limiter.enter()
        except NotSentError as error:
            stopped.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert waiting.acquire(timeout=20)
    stop.set()
    for thread in threads:
        thread.join(20)
    assert stopped == ["not sent: the run was stopped while the server asked for fewer calls"] * 4


def test_whoever_does_not_wait_goes_on_although_the_run_was_stopped() -> None:
    limiter, stop = Limiter(), threading.Event()
    stop.set()
    entered: list[tuple[threading.Event, ...]] = []

    def work() -> None:
        heed(stop)
        limiter.enter()
        limiter.leave(throttled=False)
        entered.append(heeded())

    in_threads(1, work)
    assert entered == [(stop,)]
    assert heeded() == (), "it is each thread's own affair"
