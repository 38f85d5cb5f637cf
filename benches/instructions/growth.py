#!/usr/bin/env python3
"""What a request costs as a home grows: instructions with few and with many add-ons, sessions, entities, rules and open tunnels.

In: a binary, and the example `sessions` beside it. Out: a row for each kind, few beside many; 1 when many cost more than the tolerance.
Instructions say how much is done, whatever else the machine does; `--time` adds the CPU time of a request, which also knows of caches.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "compare")]

import streams  # noqa: E402
from count import COUNTED, WARM, control, counted, load  # noqa: E402
from job import PREFIX, addon_configuration, digest, make_certificate, make_home, people  # noqa: E402
from processes import Programs, cpu_seconds, free_port, wait_for_port  # noqa: E402
from proxies import Addon, start_vestibule  # noqa: E402

TOLERANCE = 0.05
TIMED = 20_000
SESSIONS_OF_A_USER = 20


@dataclass
class Home:
    """How much of each kind there is."""

    addons: int = 1
    sessions: int = 10
    entities: int = 10
    rules: int = 1
    tunnels: int = 1
    # Pages and rules that are asked: what the kind is about must be on the way of the request.
    lines: list = field(default_factory=list)


def few_and_many(small):
    """Each kind with the two homes that differ in it alone."""
    by = 100 if small else 1
    return {
        "add-ons": (Home(), Home(addons=100), Home(addons=10_000 // by)),
        "sessions": (Home(), Home(sessions=1_000_000 // by)),
        "entities": (Home(), Home(entities=10_000 // by)),
        "rules": (Home(), Home(rules=1000 // by)),
        "tunnels": (Home(), Home(tunnels=5000 // by)),
    }


def main():
    options = arguments()
    over = False
    print(f"{'kind':<10} {'how many':>10} {'instructions':>13} {'ratio':>7}" + (f" {'CPU us':>8} {'ratio':>7}" if options.time else ""))
    for kind, homes in few_and_many(options.small).items():
        if options.only and kind not in options.only:
            continue
        first = None
        for home in homes:
            figures = measure(home, options)
            first = first or figures
            ratios = [figure / before for figure, before in zip(figures, first)]
            over = over or ratios[0] > 1 + TOLERANCE
            how_many = getattr(home, kind.replace("-", ""))
            row = f"{kind:<10} {how_many:>10} {figures[0]:>13} {ratios[0]:>7.3f}"
            row += f" {figures[1]:>8.1f} {ratios[1]:>7.3f}" if options.time else ""
            print(row + ("  <-- more" if ratios[0] > 1 + TOLERANCE else ""), flush=True)
    return 1 if over else 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    target = HERE.parents[1] / "target/release"
    parser.add_argument("--bin", type=Path, default=target / "vestibule", help="what is measured")
    parser.add_argument("--sessions", type=Path, default=target / "examples/sessions", help="what fills the file of sessions")
    parser.add_argument("--only", action="append", help="this kind alone")
    parser.add_argument("--small", action="store_true", help="a hundredth of everything: to try the script")
    parser.add_argument("--time", action="store_true", help="add the CPU time of a request, from a second start without callgrind")
    return parser.parse_args()


def measure(home, options):
    """Instructions of a request in this home, and its CPU time in microseconds where that is wanted."""
    instructions = run(home, options, True, instructions_of_a_request)
    return (instructions, run(home, options, False, timed)) if options.time else (instructions,)


def run(home, options, under_callgrind, figure):
    with tempfile.TemporaryDirectory(prefix="growth-") as name:
        folder = Path(name)
        programs = Programs(folder)
        try:
            persons = people(max(1000, home.sessions // SESSIONS_OF_A_USER))
            make_certificate(folder)
            addon = Addon(free_port(), free_port())
            (folder / "addon.conf").write_text(addon_configuration(folder, addon.pages))
            wait_for_port(programs.start("addon", ["nginx", "-p", folder, "-c", folder / "addon.conf"]), addon.pages)
            wait_for_port(programs.start("sink", [sys.executable, HERE.parent / "compare/sink.py", str(addon.sink)]), addon.sink)
            config_dir = make_home(folder, persons)
            add_entities(config_dir, home.entities)
            fill_sessions(folder, options.sessions, persons, home.sessions)
            # Counting begins later: a start with a million sessions would take an hour if each instruction of it were counted.
            valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/callgrind.out", "--separate-threads=no",
                        "--instr-atstart=no"]
            proxy = start_vestibule(folder, programs, persons[:20], config_dir, addon, options.bin.resolve(),
                                    valgrind if under_callgrind else (), more=tables(home, addon), seconds=900)
            tunnels = open_tunnels(proxy, folder, home.tunnels)
            load(proxy, ["--h1"], WARM)
            if under_callgrind:
                control(proxy.pid, "--instr=on")
                load(proxy, ["--h1"], WARM)
                control(proxy.pid, "--zero")
            found = figure(proxy, folder)
            for tunnel in tunnels:
                tunnel.close()
            return found
        finally:
            programs.stop()


def instructions_of_a_request(proxy, folder):
    """Without what is done every few seconds, which no request waits for."""
    load(proxy, ["--h1"], COUNTED)
    control(proxy.pid, "--dump")
    instructions, _, _, by_the_clock = counted(folder)
    return instructions - by_the_clock


def timed(proxy, _folder):
    before = cpu_seconds([proxy.pid])
    load(proxy, ["--h1"], TIMED)
    return (cpu_seconds([proxy.pid]) - before) / TIMED * 1e6


def tables(home, addon):
    """The rest of the configuration: rules of the add-on that is asked, one of which is about an entity, and the other add-ons."""
    rules = [f'[[addon.protect]]\npath = "/section{number}/{{*rest}}"\nrequire = "admin"\n' for number in range(1, home.rules)]
    asked = '[[addon.protect]]\npath = "/{*rest}"\nentities = ["light.kitchen"]\naccess = "read"\n'
    others = [f'[[addon]]\nslug = "other{number}"\nupstream = "http://127.0.0.1:{addon.pages}"\npath = "/ingress/other{number}"\n'
              for number in range(1, home.addons)]
    return {"session": f'idle_timeout = "12h"\nper_user = {SESSIONS_OF_A_USER + 1}\n', "bench": asked + "\n".join(rules), "addons": "\n".join(others)}


def add_entities(config_dir, number):
    """Lights in the registry beside those that the example home has."""
    registry = config_dir / ".storage/core.entity_registry"
    document = json.loads(registry.read_text())
    model = dict(next(entity for entity in document["data"]["entities"] if entity["entity_id"].startswith("light.")))
    for place in range(number):
        document["data"]["entities"].append({**model, "entity_id": f"light.growth_{place}", "id": digest("entity", place)[:32],
                                             "unique_id": f"growth {place}"})
    registry.chmod(0o644)
    registry.write_text(json.dumps(document))


def fill_sessions(folder, program, persons, number):
    """Live sessions of everybody, in the file that the proxy opens then."""
    users = "".join(f"{person.id}\n" for person in persons)
    subprocess.run([program, folder / "state/sessions.redb", str(number)], input=users, text=True, check=True, timeout=900)


def open_tunnels(proxy, folder, number):
    """WebSockets that say nothing; each is another person's."""
    context = streams.client_context(folder)
    cookie = lambda place: proxy.cookies[place % len(proxy.cookies)]  # noqa: E731
    return [streams.open_websocket(proxy, context, [f"Cookie: {cookie(place)}"]) for place in range(number)]


if __name__ == "__main__":
    sys.exit(main())
