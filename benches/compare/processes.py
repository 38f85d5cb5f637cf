"""Starts programs, measures what they cost, and ends every one of them.

In: a command line. Out: CPU seconds and memory of the program with all its children. Nothing started here outlives `stop`.
"""

import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
MIB = 1024.0  # /proc counts in KiB


class Programs:
    """Everything that this run has started."""

    def __init__(self, folder):
        self.folder = folder
        self.running = []

    def start(self, name, command, **options):
        """Starts a program whose standard output and error go to `NAME.out`."""
        out = open(self.folder / f"{name}.out", "ab")
        child = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out, **options)
        out.close()
        self.running.append(child)
        return child

    def stop(self):
        """Asks all to end, then makes them."""
        for child in self.running:
            child.send_signal(signal.SIGTERM)
        for child in self.running:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def free_port():
    """A port of the loopback interface that nothing listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for_port(child, port, seconds=30):
    """Waits until somebody listens; fails when the program ends first."""
    deadline = time.monotonic() + seconds
    while child.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"{child.args[0]} does not listen on {port}; it ended with {child.poll()}")


def family(pid):
    """The process and all its descendants."""
    children = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, left = [], [pid]
    while left:
        one = left.pop()
        found.append(one)
        left.extend(children.get(one, []))
    return found


def cpu_seconds(pids):
    """User and system time of the processes until now."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS_PER_SECOND


def memory_mib(pids):
    """Resident and proportional set size of the processes together."""
    rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
    sizes = {}
    for kind in ("Rss", "Pss"):
        found = [int(re.search(rf"^{kind}:\s+(\d+)", text, re.M).group(1)) for text in rollups]
        sizes[kind.lower()] = sum(found) / MIB
    return sizes
