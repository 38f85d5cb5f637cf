#!/usr/bin/env python3
"""Instructions and allocations of one request, user space alone, counted by callgrind: the same number whatever else the machine does.

In: a binary. Out: rows for HTTP/1.1 and HTTP/2, beside the baseline; 1 when a row is more than the tolerance above it. `--stages` shows
what each stage of a request takes.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "compare")]

from dump import Dump  # noqa: E402
from job import addon_configuration, make_certificate, make_home, people  # noqa: E402
from processes import Programs, free_port, wait_for_port  # noqa: E402
from proxies import Addon, start_vestibule  # noqa: E402

BASELINE = HERE / "baseline.json"
WARM, COUNTED = 300, 1000
# What moves the count without a change: the heartbeat of reviews, and where hash tables put things.
TOLERANCE = 0.03
CASES = {"h1": ["--h1"], "h2": []}


def main():
    options = arguments()
    counts, stages = {}, {}
    with tempfile.TemporaryDirectory(prefix="instructions-") as folder:
        for case, flags in CASES.items():
            place = Path(folder) / case
            place.mkdir()
            counts[case], counts[f"{case} allocations"], stages[case], _ = count(place, options.bin.resolve(), flags)
    if options.bless:
        BASELINE.write_text(json.dumps(counts, indent=2) + "\n")
    baseline = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    over = False
    print(f"{'case':<16} {'counted':>9} {'baseline':>9} {'ratio':>7}")
    for case, counted in counts.items():
        before = baseline.get(case)
        ratio = counted / before if before else float("nan")
        too_many = ratio > 1 + TOLERANCE
        over = over or too_many
        print(f"{case:<16} {counted:>9} {before or '-':>9} {ratio:>7.3f}{'  <-- more' if too_many else ''}")
    if options.stages:
        for case, of_it in stages.items():
            print(f"\n{case}: instructions of a stage with all that it calls")
            for stage, cost in of_it.items():
                print(f"  {stage:<20} {cost:>8}")
    return 1 if over else 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", type=Path, default=HERE.parents[1] / "target/release/vestibule", help="what is measured")
    parser.add_argument("--bless", action="store_true", help="make what was counted the baseline")
    parser.add_argument("--stages", action="store_true", help="show what each stage takes")
    return parser.parse_args()


def count(folder, binary, flags):
    """Starts everything anew for one case, and gives instructions, allocations and stages of one request, and how many of the
    instructions the clock has caused."""
    programs = Programs(folder)
    try:
        persons = people()[:20]
        make_certificate(folder)
        addon = Addon(free_port(), free_port())
        (folder / "addon.conf").write_text(addon_configuration(folder, addon.pages))
        wait_for_port(programs.start("addon", ["nginx", "-p", folder, "-c", folder / "addon.conf"]), addon.pages)
        out = folder / "callgrind.out"
        under = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--separate-threads=no"]
        home = make_home(folder, persons)
        proxy = start_vestibule(folder, programs, persons, home, addon, binary, under)
        load(proxy, flags, WARM)
        control(proxy.pid, "--zero")
        load(proxy, flags, COUNTED)
        control(proxy.pid, "--dump")
        return counted(folder)
    finally:
        programs.stop()


def load(proxy, flags, requests):
    """One connection, one request at a time: what is counted is no queue."""
    command = ["h2load", *flags, "-n", str(requests), "-c", "1", "-m", "1", "-H", f"cookie: {proxy.cookies[0]}", proxy.base]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout
    if f"{requests} succeeded" not in done:
        raise SystemExit(f"not every request was answered:\n{done}")


def control(pid, what):
    subprocess.run(["callgrind_control", what, str(pid)], capture_output=True, check=True, timeout=60)
    time.sleep(0.2)


def counted(folder):
    """The sum of the dump that was written on request: callgrind numbers its dumps."""
    dumps = sorted(folder.glob("callgrind.out.*"), key=lambda path: path.stat().st_mtime)
    for dump in dumps:
        total = re.search(r"^(?:totals|summary): (\d+)", dump.read_text(errors="replace"), re.MULTILINE)
        if total and int(total.group(1)) > 0:
            read = Dump(dump)
            stages = {stage: cost // COUNTED for stage, cost in read.stages().items()}
            return int(total.group(1)) // COUNTED, read.allocations() // COUNTED, stages, read.by_the_clock() // COUNTED
    raise SystemExit(f"callgrind wrote no dump: {dumps}")


if __name__ == "__main__":
    sys.exit(main())
