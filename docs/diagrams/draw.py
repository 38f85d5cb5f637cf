#!/usr/bin/env python3
"""Draws the diagrams of ARCHITECTURE.md as SVG, beside this script. Run it after a change to the tables below."""

from html import escape
from pathlib import Path

STYLE = """
  text { font: 14px system-ui, sans-serif; fill: #1c2733 }
  .name { font-weight: 600 }
  .type, .note { font-size: 12px; fill: #52606d }
  .type { font-family: ui-monospace, monospace; text-anchor: end }
  rect { fill: #f4f8fb; stroke: #0a7ea4; rx: 6 }
  .outside { fill: #fff7e6; stroke: #b7791f }
  .refuse { fill: #fdecec; stroke: #b3261e }
  line, path { stroke: #52606d; fill: none; stroke-width: 1.5; marker-end: url(#arrow) }
  #arrow path { fill: #52606d; stroke: none; marker-end: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #e4ebf1 } .type, .note { fill: #a8b5c1 }
    rect { fill: #17242f; stroke: #3fb0d6 } .outside { fill: #2b2415; stroke: #d9a441 } .refuse { fill: #321b1a; stroke: #e5776f }
    line, path { stroke: #a8b5c1 } #arrow path { fill: #a8b5c1 }
  }
"""

# stage, what it does, the type that it hands on
REQUEST = [
    ("listener", "accept, limits, PROXY protocol", "Connection"),
    ("tls", "handshake with a deadline, SNI, ALPN", "Secured"),
    ("connection", "h1 or h2, timeouts, floods, its end", "Arrived"),
    ("http", "one valid target; names stripped", "Sanitized"),
    ("route", "host and prefix to add-on", "Routed"),
    ("session", "cookie or token to credential", "Authenticated"),
    ("identity", "credential to user, as of now", "Identified"),
    ("authorization", "address, origin, access, rules", "Permitted"),
    ("upstream", "pool, headers in, bytes through", ""),
]
# what happens, and why it is in this place
RELOAD = [
    ("read", "config.toml and what it names"),
    ("judge", "all mistakes at once, each with its line"),
    ("bind", "new addresses; old ones stay open"),
    ("load", "certificates and keys"),
    ("swap", "one pointer: the next request sees all of it"),
    ("close", "addresses that are gone; pools of changed add-ons"),
]
REVIEW = ["session ended", "users changed", "configuration changed", "add-on token rotated", "twice a second"]


def box(x, y, width, height, title, note="", kind=""):
    """A box with a name, and a line of explanation below it."""
    middle = y + (height / 2 + 5 if not note else height / 2 - 3)
    lines = [f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}"/>',
             f'<text class="name" x="{x + 14}" y="{middle}">{escape(title)}</text>']
    if note:
        lines.append(f'<text class="note" x="{x + 14}" y="{middle + 18}">{escape(note)}</text>')
    return lines


def arrow(x1, y1, x2, y2):
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'


def write(name, width, height, title, shapes):
    body = "\n  ".join(shapes)
    text = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">
  <title>{escape(title)}</title>
  <style>{STYLE}</style>
  <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>
  {body}
</svg>
"""
    (Path(__file__).parent / name).write_text(text, encoding="utf-8")


def request():
    shapes = box(20, 10, 330, 36, "browser", kind="outside")
    y = 46
    for stage, does, hands_on in REQUEST:
        shapes.append(arrow(60, y, 60, y + 24))
        y += 24
        shapes += box(20, y, 330, 48, stage, does)
        if hands_on:
            shapes.append(f'<text class="type" x="338" y="{y + 20}">{hands_on}</text>')
            shapes.append(arrow(350, y + 24, 418, y + 24))
        y += 48
    shapes.append(arrow(60, y, 60, y + 24))
    shapes += box(20, y + 24, 330, 36, "add-on", kind="outside")
    shapes += box(420, 70, 250, y - 70 - 48 - 24, "refusal", "Err(Reason): one table says status,", "refuse")
    low = 70 + (y - 70 - 72) / 2 + 33
    for at, line in enumerate(["page, log level and metric label;", "the client learns the status alone"]):
        shapes.append(f'<text class="note" x="434" y="{low + 18 * at}">{line}</text>')
    write("request.svg", 690, y + 70, "The way of a request through the stages", shapes)


def reload():
    shapes, y = [], 10
    for place, (step, note) in enumerate(RELOAD):
        shapes += box(20, y, 380, 48, step, note)
        if place < len(RELOAD) - 1:
            shapes.append(arrow(60, y + 48, 60, y + 70))
        if place < 4:
            shapes.append(arrow(400, y + 24, 458, y + 24))
        y += 70
    shapes += box(460, 10, 230, 258, "a mistake", "the old configuration stays", "refuse")
    write("reload.svg", 710, y, "A reload: what can fail comes first", shapes)


def review():
    shapes, y = [], 10
    for cause in REVIEW:
        shapes += box(20, y, 200, 36, cause, kind="outside")
        shapes.append(arrow(220, y + 18, 298, 118))
        y += 50
    shapes += box(300, 92, 210, 52, "review", "admits every exchange again")
    shapes.append(arrow(510, 106, 588, 60))
    shapes.append(arrow(510, 130, 588, 186))
    shapes += box(590, 34, 230, 52, "goes on", "counts as seen")
    shapes += box(590, 160, 230, 52, "cut within a second", "a broken end, never a clean one", "refuse")
    write("review.svg", 840, y + 6, "What is open is admitted again", shapes)


request()
reload()
review()
