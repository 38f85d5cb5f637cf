"""The figures for people: a table on the terminal, Markdown, and a picture.

In: the summary's rows. Out: text. A ratio is vestibule's CPU time for a request over the other proxy's: below 1, vestibule is cheaper.
"""

from html import escape

OURS = "vestibule"
HEIGHT, GAP, LEFT, WIDTH = 16, 26, 230, 460  # of the picture, in its own units


def table(rows):
    """For a terminal."""
    lines = [f"\n{'case':11s}{'proxy':13s}{'cpu us/req':>11s}{'min..max':>18s}{'req/s':>9s}{'p50 ms':>9s}{'p99 ms':>9s}"
             f"{'rss MiB':>9s}{'pss MiB':>9s}{'bad':>5s}   vestibule/it (min..max)"]
    for row in rows:
        between = f"{row['cpu_us_min']:.1f}..{row['cpu_us_max']:.1f}"
        lines.append(f"{row['case']:11s}{row['proxy']:13s}{row['cpu_us']:11.1f}{between:>18s}{row['rate']:9.0f}{row['p50_us'] / 1000:9.2f}"
                     f"{row['p99_us'] / 1000:9.2f}{row['rss_mib']:9.1f}{row['pss_mib']:9.1f}{row['bad']:5d}   {ratio(row)}")
    return "\n".join(lines)


def markdown(rows):
    """For the README: a row for each case and proxy."""
    lines = ["| Case | Proxy | CPU time for a request | p50 | p99 | Memory (PSS) | vestibule beside it |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for row in rows:
        lines.append(f"| {row['case']} | {row['proxy']} | {row['cpu_us']:.1f} µs | {row['p50_us'] / 1000:.2f} ms | {row['p99_us'] / 1000:.2f} ms "
                     f"| {row['pss_mib']:.1f} MiB | {ratio(row)} |")
    return "\n".join(lines) + "\n"


def ratio(row):
    if row["proxy"] == OURS or "ratio" not in row:
        return ""
    return f"{row['ratio']:.2f} ({row['ratio_min']:.2f}..{row['ratio_max']:.2f})"


def svg(rows):
    """Bars of CPU time for a request; each case is scaled to its own largest."""
    parts, y = [], 24
    for case in dict.fromkeys(row["case"] for row in rows):
        of_it = [row for row in rows if row["case"] == case]
        most = max(row["cpu_us"] for row in of_it) or 1
        parts.append(f'<text x="8" y="{y}" class="case">{escape(case)}</text>')
        y += 8
        for row in of_it:
            length = max(1, round(row["cpu_us"] / most * WIDTH))
            kind = "ours" if row["proxy"] == OURS else "theirs"
            parts.append(f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(row["proxy"])}</text>'
                         f'<rect x="{LEFT}" y="{y}" width="{length}" height="{HEIGHT}" class="{kind}"/>'
                         f'<text x="{LEFT + length + 6}" y="{y + 12}">{row["cpu_us"]:.1f} µs</text>')
            y += HEIGHT + 4
        y += GAP
    style = ("text{font:12px sans-serif;fill:#57606a}.case{font-weight:bold}.ours{fill:#0969da}.theirs{fill:#8c959f}")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 110} {y}" role="img">'
            f"<title>CPU time for a request</title><style>{style}</style>{''.join(parts)}</svg>\n")
