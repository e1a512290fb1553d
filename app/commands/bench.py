"""Measured, not guessed: how many judgements a second, how long a reply takes; beside a baseline loop run in the same minute.

Times are those of this process on its core: what else the machine does in the meantime is not counted.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from decimal import Decimal
from statistics import median
from typing import Annotated, Any

import typer

from app.commands import bench_cases, bench_list
from app.commands.accounts import Json
from app.commands.console import BadInput, say, say_json
from app.core.start import settle
from app.protocols import shelf
from app.protocols.words import FOLDER, words
from triage import engine, replies
from triage.protocol import Protocol

RULES = 25
"""The benchmark protocol: of the agents of the library, the one with so many rules or the fewest over it."""
ROUNDS = 7
CASES = 3000
BATCH = 100
"""Check-ins of a round, read and judged so many at a time."""
TEXTS = 3000
BASELINE_LOOPS = 200_000


NAMES = ("triage", "worklist")


def bench(
    name: Annotated[str, typer.Argument(help="What to measure: triage, worklist.")],
    database: Annotated[str, typer.Option(help="worklist: an empty database instead of SQLite in a folder of its own.")] = "",
    as_json: Json = False,
) -> None:
    """Measure: what was measured, on what, median of N rounds, and the ratio: its cost in turns of a baseline loop, same minute."""
    if name not in NAMES:
        raise BadInput(f"{name}: expected one of {', '.join(NAMES)}")
    measured = triage() if name == "triage" else bench_list.worklist(database) | {"baseline_per_s": round(_baseline())}
    if as_json:
        say_json(measured)
        return
    say(f"{'measured':<34}{'on':<52}{'median':>12}  of{'ratio':>8}")
    for what, on, value, unit, rounds, ratio in _rows(measured) if name == "triage" else _list_rows(measured):
        say(f"{what:<34}{on:<52}{value:>8} {unit:<4}{rounds:>3}{ratio:>8}")


def _list_rows(measured: dict[str, Any]) -> list[tuple[str, str, str, str, int, str]]:
    on, base = f"{measured['items']} open items, {measured['rows']} rows, {measured['engine']}", measured["baseline_per_s"]
    figures = [
        ("list, first rows, median", measured["first_rows_median_ms"]),
        ("list, first rows, 95 %", measured["first_rows_p95_ms"]),
        ("list, last row, median", measured["whole_median_ms"]),
        ("list, last row, 95 %", measured["whole_p95_ms"]),
    ]
    return [
        *((what, on, f"{spent}", "ms", measured["requests"], f"{base * spent / 1000:.0f}") for what, spent in figures),
        ("baseline: a look in a dict", "a loop of plain Python", f"{base}", "/s", 1, "1"),
    ]


def _rows(measured: dict[str, Any]) -> list[tuple[str, str, str, str, int, str]]:
    on = f"{measured['protocol']}, {measured['rules']} rules, {measured['cases']} check-ins"
    texts = f"{measured['texts']} texts, 1 to 28 words"
    base, slow = measured["baseline_per_s"], measured["reply_p99_ms"]
    return [
        ("assessments with trace", on, f"{measured['traced_per_s']}", "/s", ROUNDS, f"{base / measured['traced_per_s']:.0f}"),
        ("assessments without trace", on, f"{measured['untraced_per_s']}", "/s", ROUNDS, f"{base / measured['untraced_per_s']:.0f}"),
        ("reply scanned and read, 99 %", texts, f"{slow:.3f}", "ms", ROUNDS, f"{base * slow / 1000:.0f}"),
        ("baseline: a look in a dict", "a loop of plain Python", f"{base}", "/s", ROUNDS, "1"),
    ]


def triage() -> dict[str, Any]:
    """Figures of ``vigie bench triage``. Every round has check-ins of its own: what is remembered is facts, never a whole check-in."""
    usual = [p for p in shelf.compiled().values() if p.dosing and not p.draft and len(p.rules) >= RULES]
    protocol = min(usual, key=lambda p: (len(p.rules), p.slug))
    rates: dict[bool, list[float]] = {True: [], False: []}
    _round(protocol, -1, True)
    _round(protocol, -1, False)
    settle()  # as the service does once it has started
    baselines = []
    for number in range(ROUNDS):
        baselines.append(_baseline())
        for trace in (True, False):
            rates[trace].append(_round(protocol, number, trace))
    spent = _replies()
    return {
        "protocol": f"{protocol.slug}@{protocol.effective_from}",
        "rules": len(protocol.rules),
        "cases": CASES,
        "rounds": ROUNDS,
        "traced_per_s": round(median(rates[True])),
        "untraced_per_s": round(median(rates[False])),
        "texts": TEXTS,
        "reply_median_ms": round(median(spent) * 1000, 4),
        "reply_p99_ms": round(sorted(spent)[int(len(spent) * 0.99)] * 1000, 4),
        "baseline_per_s": round(median(baselines)),
    }


def _round(protocol: Protocol, number: int, trace: bool) -> float:
    """Assessments a second over check-ins that no other round has seen: some patients are read, then judged, as in the service."""
    spent = 0.0
    for begun in range(0, CASES, BATCH):
        cases = bench_cases.check_ins(protocol, seed=(2 * number + trace + 2) * CASES + begun, count=BATCH)
        begin = time.process_time()
        for answers, context in cases:
            engine.assess(protocol, answers, context, trace=trace)
        spent += time.process_time() - begin
    return len(range(0, CASES, BATCH)) * BATCH / spent


def _replies() -> Sequence[float]:
    """Seconds for each text as the service reads it, danger first; the quickest of the rounds, so that another process does not count."""
    lists = words()
    texts = bench_cases.texts(FOLDER, seed=2026, count=TEXTS)

    def once(text: bench_cases.Text) -> float:
        said, lang, asked = text
        begin = time.process_time()
        replies.scan(said, lang, lists, asked)
        replies.read(said, asked, lang, lists)
        return time.process_time() - begin

    rounds: list[list[float]] = [[once(text) for text in texts] for _ in range(ROUNDS)]
    return [min(of_one) for of_one in zip(*rounds, strict=True)]


def _baseline() -> float:
    """What this machine does now: looks in a dictionary, and comparisons of exact numbers, a second."""
    table: dict[int, Decimal] = {n: Decimal(n) for n in range(97)}
    limit, over = Decimal(48), 0
    begin = time.process_time()
    for n in range(BASELINE_LOOPS):
        over += table[n % 97] >= limit
    return BASELINE_LOOPS / (time.process_time() - begin)
