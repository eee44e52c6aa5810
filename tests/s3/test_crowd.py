"""A crowd: all of it is done, in whatever order; and nobody waits for it when the run ends."""

import time
from collections.abc import Iterator
from queue import SimpleQueue
from threading import Event, Thread, current_thread

import pytest

from reconciler.s3.crowd import Crowd, LeftError, result_of, taken_from
from reconciler.s3.limiter import heed, is_stopped

SOON = 10
"""Seconds within which anything happens that should."""


@pytest.fixture
def over() -> Iterator[Event]:
    """Set at the end of a test: threads that nobody waits for need not outlive it."""
    over = Event()
    yield over
    over.set()


def test_all_is_done_by_so_many_threads_at_the_most() -> None:
    names: set[str] = set()

    def double(number: int) -> int:
        names.add(current_thread().name)
        return number * 2

    with Crowd(3, "some") as crowd:
        assert crowd.all(double, range(100)) == [number * 2 for number in range(100)]
        assert crowd.all(double, []) == []
    assert names <= {"some-0", "some-1", "some-2"}


def test_the_first_mistake_is_raised_however_long_the_others_take(over: Event) -> None:
    def work(number: int) -> None:
        if number == 1:
            raise ValueError("mine")
        over.wait(SOON)

    began = time.monotonic()
    with pytest.raises(ValueError, match="mine"), Crowd(2, "some") as crowd:
        crowd.all(work, [0, 1])
    assert time.monotonic() - began < SOON, "an order of magnitude less, where nothing waits"


def test_a_mistake_that_is_a_timeout_is_a_mistake() -> None:
    def late() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"), Crowd(1, "some") as crowd:
        result_of(crowd.submit(late))


def test_what_has_not_begun_when_the_run_ends_never_does(over: Event) -> None:
    begun, ended = SimpleQueue[int](), SimpleQueue[int]()

    def work(number: int) -> None:
        begun.put(number)
        over.wait(SOON)
        ended.put(number)

    def run() -> None:
        with Crowd(1, "some") as crowd:
            for number in range(3):
                crowd.submit(work, number)
            assert begun.get(timeout=SOON) == 0
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    over.set()
    assert ended.get(timeout=SOON) == 0
    assert begun.empty()


def test_who_works_for_a_run_that_has_ended_begins_nothing_and_waits_for_nothing(over: Event) -> None:
    """The crowd of one account, in the crowd of all accounts."""
    inner_begun, said = Event(), SimpleQueue[type[BaseException]]()

    def account() -> None:
        def part() -> None:
            inner_begun.set()
            over.wait(SOON)

        try:
            with Crowd(1, "inner") as crowd:
                crowd.submit(part)
                result_of(crowd.submit(part))
        except LeftError as error:
            said.put(type(error))
            raise

    def run() -> None:
        with Crowd(1, "outer") as crowd:
            crowd.submit(account)
            assert inner_begun.wait(SOON)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert said.get(timeout=SOON) is LeftError


def test_nobody_waits_for_what_a_stopped_run_will_not_put_there() -> None:
    said: SimpleQueue[str] = SimpleQueue()
    stop = Event()

    def waits() -> None:
        heed(stop)
        try:
            taken_from(SimpleQueue())
        except LeftError:
            said.put("left" if is_stopped() else "why?")

    thread = Thread(target=waits)
    thread.start()
    stop.set()
    assert said.get(timeout=SOON) == "left"
    thread.join(SOON)
