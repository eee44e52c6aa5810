"""Ceph's RADOS gateway from Debian's packages: one monitor, one OSD in memory, one gateway, no manager.

The packages are downloaded by apt and extracted, not installed. The daemons trust each other (loopback
only); the gateway checks the signatures of its users, so one is made.
"""

import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers.processes import (
    CACHE,
    NotHereError,
    Running,
    done,
    free_port,
    fresh,
    one_at_a_time,
    plain_environment,
    run_folder,
    started,
    wait_for,
)

PACKAGES = ("ceph-mon", "ceph-osd", "radosgw")
HOME = CACHE / "ceph"
LIBRARIES = "usr/lib/x86_64-linux-gnu"
ACCESS_KEY, SECRET_KEY = "testing", "testing-secret"
PATIENCE = 30
"""Seconds for a daemon to be there."""

CONFIGURATION = """\
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon_port}/0]
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
mon cluster log file = {run}/cluster.log
public network = 127.0.0.0/8
cluster network = 127.0.0.0/8
ms bind ipv6 = false
run dir = {run}
admin socket = {run}/$name.asok
log file = {run}/$name.log
pid file =
crash dir = {run}
erasure code dir = {libraries}/ceph/erasure-code
plugin dir = {libraries}/ceph
osd class dir = {libraries}/rados-classes
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data = {run}/mon
mon data avail crit = 0
osd data = {run}/osd
osd objectstore = memstore
memstore device bytes = 1073741824
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw data = {run}/rgw
rgw enable usage log = false
rgw lc debug interval = -1
"""


def extracted() -> Path:
    """The packages with whatever they need that this machine does not have, under one root."""
    with one_at_a_time(HOME):
        return extract()


def extract() -> Path:
    """Download and extract, unless that has been done."""
    root, mark = HOME / "root", HOME / "installed"
    if mark.exists() and mark.read_text() == " ".join(PACKAGES):
        return root
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise NotHereError("Ceph comes from Debian's packages, and this machine has no apt-get")
    debs = fresh(HOME / "debs")
    (debs / "partial").mkdir()
    as_root = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    download = ("install", "--download-only", "--no-install-recommends", "--yes", "-o", f"Dir::Cache::archives={debs}")
    try:
        done(*as_root, "apt-get", *download, *PACKAGES)
    except NotHereError:  # the lists may be old, or not there
        done(*as_root, "apt-get", "update")
        done(*as_root, "apt-get", *download, *PACKAGES)
    fresh(root)
    for package in sorted(debs.glob("*.deb")):
        done("dpkg", "-x", package, root)
    if not (root / "usr/bin/radosgw").exists():
        raise NotHereError("apt-get downloaded no radosgw: is it installed on this machine already?")
    mark.write_text(" ".join(PACKAGES))
    return root


@contextmanager
def running() -> Iterator[Running]:
    """The three daemons, one after the other, and a user."""
    root = extracted()
    programs, libraries = root / "usr/bin", root / LIBRARIES
    with run_folder("ceph") as run:
        port, mon_port, fsid = free_port(), free_port(), str(uuid.uuid4())
        conf = run / "ceph.conf"
        conf.write_text(CONFIGURATION.format(fsid=fsid, mon_port=mon_port, port=port, run=run, libraries=libraries))
        (run / "rgw").mkdir()
        where = (libraries, libraries / "ceph", root / "lib/x86_64-linux-gnu")
        env = plain_environment(
            run,
            CEPH_CONF=str(conf),
            LD_LIBRARY_PATH=":".join(map(str, where)),
            PYTHONPATH=str(root / "usr/lib/python3/dist-packages"),
            CEPH_ARGS="--no-mon-config",
        )
        monitors = ("--create", "--addv", "a", f"[v2:127.0.0.1:{mon_port}]", "--fsid", fsid)
        done(programs / "monmaptool", *monitors, run / "monmap", env=env)
        endpoint = f"http://127.0.0.1:{port}"
        with daemons(programs, run, env, endpoint):
            yield Running(endpoint, ACCESS_KEY, SECRET_KEY)


@contextmanager
def daemons(programs: Path, run: Path, env: dict[str, str], endpoint: str) -> Iterator[None]:
    """The monitor, the OSD and the gateway, with a user."""
    with ExitStack() as stack:
        done(programs / "ceph-mon", "--mkfs", "-i", "a", "--monmap", run / "monmap", env=env)
        stack.enter_context(started([programs / "ceph-mon", "-f", "-i", "a"], run / "mon.out", env))
        known_as = str(uuid.uuid4())
        until_it_works(programs / "ceph", "--connect-timeout", "5", "osd", "new", known_as, "0", env=env)
        (run / "osd").mkdir()
        done(programs / "ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", known_as, env=env)
        stack.enter_context(started([programs / "ceph-osd", "-f", "-i", "0"], run / "osd.out", env))
        gateway: list[str | Path] = [programs / "radosgw", "-f", "-n", "client.rgw"]
        process = stack.enter_context(started(gateway, run / "rgw.out", env))
        wait_for(endpoint, process, run / "rgw.out")
        # an admin, for a policy that denies everything shuts out a bucket's owner, who could not clean up
        who = ("--uid", "test", "--display-name", "test", "--admin")
        keys = ("--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY)
        done(programs / "radosgw-admin", "user", "create", *who, *keys, env=env)
        yield


def until_it_works(*command: str | Path, env: dict[str, str]) -> None:
    """Run a command until it succeeds: the monitor needs a moment to be its own quorum."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            done(*command, env=env)
        except NotHereError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)
        else:
            return
