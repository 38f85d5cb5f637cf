"""What a dump of callgrind says of stages and allocations.

In: a dump. Out: instructions of whole functions with all that they call, and calls of the allocator.
"""

import re

# The functions that are a stage's way in, by the end of their names. What a stage calls counts as its own.
STAGES = {
    "entered": ("gate::Gate::answer",),
    "sanitize": ("http::sanitize::Sanitized::new",),
    "route": ("route::table::Routes::route",),
    "session": ("session::authenticate::Authenticated::new::{{closure}}",),
    "admission": ("authorization::permitted::AuthorizationContext::admit::{{closure}}",),
    "upstream": ("upstreams::Upstreams>::dispatch::{{closure}}",),
    "upstream: prepared": ("upstreams::Upstreams>::prepare",),
    "upstream: headers": ("request_headers::RequestHeaderPolicy::apply",),
    "upstream: place": ("send::Call::place::{{closure}}",),
    "upstream: HTTP/1.1": ("http1::connection::Http1Connection::send::{{closure}}",),
    "upstream: answer": ("upstream::response::confine",),
    "access log": ("telemetry::access::AccessLog::write", "<vestibule::gate::request_log::RequestLog as core::ops::drop::Drop>::drop"),
    "gate, behind that": ("gate::Gate::answer::{{closure}}",),
}

# What the clock causes, and no request: it goes by how many add-ons, sessions and open exchanges there are.
BY_THE_CLOCK = ("report::keep_reviewing::{{closure}}", "report::keep_keys::{{closure}}")

# What the allocators give memory by: glibc's, and mimalloc's under Rust's names for it.
ALLOCATORS = re.compile(r"^(malloc|calloc|realloc|mi_malloc(_aligned)?|mi_zalloc(_aligned)?|mi_realloc(_aligned)?)$")


class Dump:
    """The calls of a dump: who was called, how often, and what it cost with all that it called."""

    def __init__(self, path):
        self.names, self.calls, self.cost = {}, {}, {}
        caller = called = times = None
        with open(path, errors="replace") as lines:
            for line in lines:
                if line.startswith("fn="):
                    caller = self.name(line[3:])
                elif line.startswith("cfn="):
                    called = self.name(line[4:])
                elif line.startswith("calls="):
                    times = int(line[6:].split()[0])
                elif times is not None:
                    # A function that calls itself is not counted into itself again.
                    if caller != called:
                        self.calls[called] = self.calls.get(called, 0) + times
                        self.cost[called] = self.cost.get(called, 0) + int(line.split()[1])
                    times = None

    def name(self, text):
        """A name is written out once and numbered after that: `(12) name`, then `(12)`."""
        number, name = re.match(r"\((\d+)\)(?: (.*))?", text.rstrip("\n")).groups()
        if name:
            # callgrind marks the second level of a recursion.
            self.names[number] = re.sub(r"'\d+$", "", name)
        return self.names[number]

    def stages(self):
        """Instructions of each stage that has a function of its own in this binary."""
        return {stage: cost for stage, ends in STAGES.items() if (cost := self.of(ends))}

    def of(self, ends):
        """The most expensive function that ends so: the compiler may have made two of one."""
        return max((cost for name, cost in self.cost.items() if name.endswith(ends)), default=0)

    def by_the_clock(self):
        """Instructions of what is done every few seconds, however many requests there are."""
        return sum(self.of(end) for end in BY_THE_CLOCK)

    def allocations(self):
        return sum(times for name, times in self.calls.items() if ALLOCATORS.match(name))
