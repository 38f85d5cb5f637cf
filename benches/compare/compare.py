#!/usr/bin/env python3
"""Measures vestibule side by side with nginx and HAProxy doing the same job, on this machine, in one run.

The rounds are interleaved, in a new random order each time; what counts is the CPU time of a proxy's processes per
request, as a ratio within a round. README.md beside this file says how to read the figures.
"""

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
from pathlib import Path

import job
import load
import processes
import proxies
import verify

OURS = "vestibule"


def main():
    """Runs the comparison; 1 when a proxy fails the job or a request went wrong."""
    wanted = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    needed = ["nginx", "wrk", "h2load", "curl", "openssl", *[peer for peer in wanted.peers if peer != "nginx"]]
    missing = [program for program in needed if not shutil.which(program)]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)} (Debian: nginx haproxy wrk nghttp2-client curl openssl)")
    binary = proxies.find_binary(wanted.bin)
    folder = Path(tempfile.mkdtemp(prefix="compare-"))
    programs = processes.Programs(folder)
    try:
        folder.chmod(0o755)
        contenders = start_all(folder, programs, binary, wanted.peers)
        rounds = measure(contenders, wanted, folder)
    except BaseException:
        show_logs(folder)
        raise
    finally:
        programs.stop()
        shutil.rmtree(folder, ignore_errors=True)
    report(rounds, contenders, wanted)
    if wanted.json:
        write_json(Path(wanted.json), rounds, contenders, wanted)
    return 1 if any(one["bad"] for one in rounds) else 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each case (default 5)")
    parser.add_argument("--seconds", type=int, default=3, help="seconds of load in a round (default 3)")
    parser.add_argument("--cases", type=names, default=list(load.CASES), help=f"any of {','.join(load.CASES)} (default all)")
    parser.add_argument("--peers", type=names, default=["nginx", "haproxy"], help="any of nginx,haproxy (default both)")
    parser.add_argument("--bin", help="the vestibule to measure (default: cargo build --profile dist)")
    parser.add_argument("--json", metavar="FILE", help="write every round and the medians to this file too")
    wanted = parser.parse_args()
    for given, known in ((wanted.cases, load.CASES), (wanted.peers, ("nginx", "haproxy"))):
        unknown = [name for name in given if name not in known]
        if unknown:
            parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
    if wanted.rounds < 1 or wanted.seconds < 1:
        parser.error("at least one round of one second")
    return wanted


def names(text):
    return [name for name in text.split(",") if name]


def start_all(folder, programs, binary, peers):
    """Starts the add-on and all proxies, and lets none pass that does not do the job."""
    persons = job.people()
    job.make_certificate(folder)
    home = job.make_home(folder, persons)
    addon = processes.free_port()
    (folder / "addon.conf").write_text(job.addon_configuration(folder, addon))
    processes.wait_for_port(programs.start("addon", ["nginx", "-p", folder, "-c", folder / "addon.conf"]), addon)
    sink = processes.free_port()
    processes.wait_for_port(programs.start("sink", [sys.executable, Path(__file__).with_name("sink.py"), sink]), sink)
    addon = proxies.Addon(addon, sink)
    contenders = [proxies.start_vestibule(folder, programs, persons, home, addon, binary)]
    starters = {"nginx": proxies.start_nginx, "haproxy": proxies.start_haproxy}
    contenders += [starters[peer](folder, programs, persons, addon) for peer in peers]
    for proxy in contenders:
        faults = verify.faults(proxy, persons, folder / "cert.pem")
        if faults:
            raise RuntimeError(f"{proxy.name} does not do the job:\n  " + "\n  ".join(faults))
        print(f"{proxy.name:10s} does the job: {proxy.version}", flush=True)
    return contenders


def measure(contenders, wanted, folder):
    """All cases, round by round, the proxies in a new order in each."""
    rounds = []
    for case in wanted.cases:
        print(f"\n{case}: {load.CASES[case]}; {wanted.rounds} rounds of {wanted.seconds} s", flush=True)
        for proxy in contenders:
            load.load(case, proxy, 1, folder)
        for number in range(wanted.rounds):
            for proxy in random.sample(contenders, len(contenders)):
                rounds.append({"case": case, "round": number, "proxy": proxy.name, **one_round(case, proxy, wanted.seconds, folder)})
    return rounds


def one_round(case, proxy, seconds, folder):
    pids = processes.family(proxy.pid)
    before = processes.cpu_seconds(pids)
    result = load.load(case, proxy, seconds, folder)
    spent = processes.cpu_seconds(pids) - before
    result["cpu_us"] = spent * 1e6 / max(result["requests"], 1)
    result["rate"] = result["requests"] / result["seconds"]
    return {**result, **{f"{kind}_mib": size for kind, size in processes.memory_mib(pids).items()}}


def summarise(rounds, contenders, cases):
    """The median of every figure, and of the ratios of CPU time within a round."""
    rows = []
    for case in cases:
        ours = {one["round"]: one for one in rounds if (one["case"], one["proxy"]) == (case, OURS)}
        for proxy in contenders:
            of_it = [one for one in rounds if (one["case"], one["proxy"]) == (case, proxy.name)]
            row = {key: statistics.median(one[key] for one in of_it) for key in ("cpu_us", "rate", "p50_us", "p99_us", "rss_mib", "pss_mib")}
            ratios = sorted(ours[one["round"]]["cpu_us"] / one["cpu_us"] for one in of_it if one["cpu_us"])
            row |= {"cpu_us_min": min(one["cpu_us"] for one in of_it), "cpu_us_max": max(one["cpu_us"] for one in of_it)}
            row |= {"ratio": statistics.median(ratios), "ratio_min": ratios[0], "ratio_max": ratios[-1]} if ratios else {}
            rows.append({"case": case, "proxy": proxy.name, "bad": sum(one["bad"] for one in of_it), **row})
    return rows


def report(rounds, contenders, wanted):
    """The table. The last column is vestibule's CPU time per request over this proxy's: below 1, vestibule is cheaper."""
    print(f"\n{'case':10s}{'proxy':11s}{'cpu us/req':>11s}{'min..max':>16s}{'req/s':>9s}{'p50 ms':>9s}{'p99 ms':>9s}"
          f"{'rss MiB':>9s}{'pss MiB':>9s}{'bad':>5s}   vestibule/it (min..max)")
    for row in summarise(rounds, contenders, wanted.cases):
        ratio = "" if row["proxy"] == OURS else f"{row['ratio']:.2f} ({row['ratio_min']:.2f}..{row['ratio_max']:.2f})" if "ratio" in row else "?"
        print(f"{row['case']:10s}{row['proxy']:11s}{row['cpu_us']:11.1f}{row['cpu_us_min']:8.1f}..{row['cpu_us_max']:<6.1f}{row['rate']:9.0f}"
              f"{row['p50_us'] / 1000:9.2f}{row['p99_us'] / 1000:9.2f}{row['rss_mib']:9.1f}{row['pss_mib']:9.1f}{row['bad']:5d}   {ratio}")


def write_json(path, rounds, contenders, wanted):
    document = {
        "cores": os.cpu_count(),
        "seconds": wanted.seconds,
        "versions": {proxy.name: proxy.version for proxy in contenders},
        "summary": summarise(rounds, contenders, wanted.cases),
        "rounds": rounds,
    }
    path.write_text(json.dumps(document, indent=2) + "\n")


def show_logs(folder):
    """The ends of what the programs said, for when one did not do as it should."""
    for log in [*sorted(folder.glob("*.out")), *sorted(folder.glob("*.err"))]:
        text = log.read_text(errors="replace").strip()
        if text:
            print(f"--- the end of {log.name}\n" + "\n".join(text.splitlines()[-8:]), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
