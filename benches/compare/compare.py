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

import delegated
import job
import load
import present
import processes
import proxies
import verify

OURS = present.OURS
PEERS = {
    "nginx": proxies.start_nginx,
    "haproxy": proxies.start_haproxy,
    "auth_request": delegated.start_auth_request,
    "caddy": delegated.start_caddy,
    "relay": None,
}
# A proxy that asks a session service is measured by requests; what it does with bytes is its own proxy's.
DELEGATED_CASES = ("h1", "h2", "handshake", "half", "paced")


def main():
    """Runs the comparison; 1 when a proxy fails the job or a request went wrong."""
    wanted = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    needed = ["nginx", "wrk", "h2load", "curl", "openssl", *[peer for peer in wanted.peers if peer in ("haproxy", "caddy")]]
    missing = [program for program in needed if not shutil.which(program)]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)} (Debian: nginx haproxy caddy wrk nghttp2-client curl openssl)")
    binary = proxies.find_binary(wanted.bin)
    folder = Path(tempfile.mkdtemp(prefix="compare-"))
    programs = processes.Programs(folder)
    try:
        folder.chmod(0o755)
        contenders = start_all(folder, programs, binary, wanted)
        rounds = measure(contenders, wanted, folder)
    except BaseException:
        show_logs(folder)
        raise
    finally:
        programs.stop()
        shutil.rmtree(folder, ignore_errors=True)
    rows = summarise(rounds, contenders, wanted.cases)
    print(present.table(rows))
    if wanted.json:
        write_json(Path(wanted.json), rounds, rows, contenders, wanted)
    if wanted.markdown:
        Path(wanted.markdown).write_text(present.markdown(rows))
    if wanted.svg:
        Path(wanted.svg).write_text(present.svg(rows))
    return 1 if any(one["bad"] for one in rounds) else 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each case (default 5)")
    parser.add_argument("--seconds", type=int, default=3, help="seconds of load in a round (default 3)")
    parser.add_argument("--cases", type=names, default=list(load.CASES), help=f"any of {','.join(load.CASES)} (default all)")
    parser.add_argument("--peers", type=names, default=["nginx", "haproxy"], help=f"any of {','.join(PEERS)} (default nginx,haproxy)")
    parser.add_argument("--no-access-log", action="store_true", help="no proxy writes access lines")
    parser.add_argument("--bin", help="the vestibule to measure (default: cargo build --profile dist)")
    parser.add_argument("--json", metavar="FILE", help="write every round and the medians to this file too")
    parser.add_argument("--markdown", metavar="FILE", help="write the table as Markdown too")
    parser.add_argument("--svg", metavar="FILE", help="write a picture of CPU time for a request too")
    wanted = parser.parse_args()
    for given, known in ((wanted.cases, load.CASES), (wanted.peers, PEERS)):
        unknown = [name for name in given if name not in known]
        if unknown:
            parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
    if wanted.rounds < 1 or wanted.seconds < 1:
        parser.error("at least one round of one second")
    return wanted


def names(text):
    return [name for name in text.split(",") if name]


def start_all(folder, programs, binary, wanted):
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
    log = not wanted.no_access_log
    contenders = [proxies.start_vestibule(folder, programs, persons, home, addon, binary, access_log=log)]
    for peer in wanted.peers:
        if peer == "relay":
            contenders.append(proxies.start_relay(folder, programs, persons, addon, proxies.find_relay()))
        else:
            contenders.append(PEERS[peer](folder, programs, persons, addon, log))
        if peer in ("auth_request", "caddy"):
            contenders[-1].only = DELEGATED_CASES
    for proxy in contenders:
        faults = verify.faults(proxy, persons, folder / "cert.pem") if proxy.name != "relay" else []
        if faults:
            raise RuntimeError(f"{proxy.name} does not do the job:\n  " + "\n  ".join(faults))
        print(f"{proxy.name:10s} does the job: {proxy.version}", flush=True)
    return contenders


def measure(contenders, wanted, folder):
    """All cases, round by round, the proxies in a new order in each."""
    rounds = []
    for case in wanted.cases:
        print(f"\n{case}: {load.CASES[case]}; {wanted.rounds} rounds of {wanted.seconds} s", flush=True)
        of_case = [proxy for proxy in contenders if not proxy.only or case in proxy.only]
        rate = half_of_the_slowest(of_case, rounds, folder) if case == "half" else 0
        for proxy in of_case:
            load.load(case, proxy, 1, folder, rate)
        for number in range(wanted.rounds):
            for proxy in random.sample(of_case, len(of_case)):
                one = one_round(case, proxy, wanted.seconds, folder, rate)
                rounds.append({"case": case, "round": number, "proxy": proxy.name, **one})
    return rounds


def half_of_the_slowest(contenders, rounds, folder):
    """In requests a second: from the rounds of `h1`, or from one second of it where there are none."""
    rates = []
    for proxy in contenders:
        of_it = [one["rate"] for one in rounds if (one["case"], one["proxy"]) == ("h1", proxy.name)]
        if not of_it:
            tried = load.load("h1", proxy, 1, folder)
            of_it = [tried["requests"] / tried["seconds"]]
        rates.append(statistics.median(of_it))
    print(f"  at {min(rates) / 2:.0f} requests a second", flush=True)
    return min(rates) / 2


def one_round(case, proxy, seconds, folder, rate):
    pids = [pid for root in (proxy.pid, *proxy.helpers) for pid in processes.family(root)]
    before, memory = processes.cpu_seconds(pids), {}
    result = load.load(case, proxy, seconds, folder, rate, lambda: memory.update(processes.memory_mib(pids)))
    spent = processes.cpu_seconds(pids) - before
    result["cpu_us"] = spent * 1e6 / max(result["requests"], 1)
    result["rate"] = result["requests"] / result["seconds"]
    return {**result, **{f"{kind}_mib": size for kind, size in (memory or processes.memory_mib(pids)).items()}}


def summarise(rounds, contenders, cases):
    """The median of every figure, and of the ratios of CPU time within a round."""
    rows = []
    for case in cases:
        ours = {one["round"]: one for one in rounds if (one["case"], one["proxy"]) == (case, OURS)}
        for proxy in contenders:
            of_it = [one for one in rounds if (one["case"], one["proxy"]) == (case, proxy.name)]
            if not of_it:
                continue
            row = {key: statistics.median(one[key] for one in of_it) for key in ("cpu_us", "rate", "p50_us", "p99_us", "rss_mib", "pss_mib")}
            ratios = sorted(ours[one["round"]]["cpu_us"] / one["cpu_us"] for one in of_it if one["cpu_us"])
            row |= {"cpu_us_min": min(one["cpu_us"] for one in of_it), "cpu_us_max": max(one["cpu_us"] for one in of_it)}
            row |= {"ratio": statistics.median(ratios), "ratio_min": ratios[0], "ratio_max": ratios[-1]} if ratios else {}
            rows.append({"case": case, "proxy": proxy.name, "bad": sum(one["bad"] for one in of_it), **row})
    return rows


def write_json(path, rounds, rows, contenders, wanted):
    document = {
        "cores": os.cpu_count(),
        "seconds": wanted.seconds,
        "access_log": not wanted.no_access_log,
        "versions": {proxy.name: proxy.version for proxy in contenders},
        "summary": rows,
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
