"""Accounts side by side: what ends the run in one of them ends the others, too."""

from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from reconciler.fleet import AT_ONCE, LeftError, Reading, read, share_threads, side_by_side, together
from reconciler.planning.outcomes import Applied, Halt


def test_one_that_ends_the_run_ends_the_others() -> None:
    left, begun = Event(), Event()
    seen: list[str] = []

    def work(item: str) -> None:
        if item == "ends":
            assert begun.wait(30)
            raise KeyboardInterrupt
        begun.set()
        assert left.wait(30), "it goes on until it is told"
        seen.append(item)

    with pytest.raises(KeyboardInterrupt):
        side_by_side(work, ["ends", "goes on"], left)
    assert seen == ["goes on"]


def test_nobody_goes_on_reading_for_a_run_that_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    left, taken = Event(), []
    left.set()

    class Look:
        def __init__(self, _reader: Any) -> None:
            pass

        def at(self, plans: Any) -> Any:
            return tuple(plans)

    def each(_specs: Any, _listing: Any, done: Any) -> Any:
        done()
        taken.append("one")
        yield None

    monkeypatch.setattr("reconciler.s3.exposure.SecondLook", Look)
    member: Any = SimpleNamespace(account=None)
    reader: Any = SimpleNamespace(each=each)
    with pytest.raises(LeftError):
        read(Reading(member, (), reader), lambda: None, left)
    assert taken == []


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
