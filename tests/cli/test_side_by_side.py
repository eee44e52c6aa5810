"""Accounts side by side: what ends the run in one of them ends the others, too."""

import time
from threading import Event
from types import SimpleNamespace

import pytest

from reconciler.fleet import AT_ONCE, share_threads, side_by_side, together
from reconciler.planning.outcomes import Applied, Halt
from reconciler.s3.limiter import is_stopped


def test_one_that_ends_the_run_ends_the_others_and_waits_for_nobody() -> None:
    begun, told, over = Event(), Event(), Event()

    def work(item: str) -> None:
        if item == "ends":
            assert begun.wait(30)
            raise KeyboardInterrupt
        begun.set()
        while not is_stopped():
            time.sleep(0.01)
        told.set()
        assert over.wait(30), "an answer that takes a minute"

    with pytest.raises(KeyboardInterrupt):
        side_by_side(work, ["goes on", "ends"])
    assert told.wait(30), "it goes on until it is told"
    over.set()


@pytest.mark.parametrize(("accounts", "width"), [(1, 32), (2, 16), (8, 4), (40, 4)])
def test_accounts_share_the_threads_of_a_run(accounts: int, width: int) -> None:
    readers = [SimpleNamespace(width=0) for _ in range(accounts)]
    share_threads(readers, 32, AT_ONCE)
    assert {reader.width for reader in readers} == {width}
    share_threads([], 32, AT_ONCE)


def test_what_became_of_all_accounts_is_told_as_of_one_run() -> None:
    ended = Applied((), halted=Halt("the credentials have ended", "log in"))
    told = together([Applied(()), ended, ended, Applied((), interrupted=True)])
    assert (told.interrupted, told.at_once) == (True, False)
    assert told.halted == Halt("the credentials have ended", "log in")
    assert together([Applied(())]).halted is None
