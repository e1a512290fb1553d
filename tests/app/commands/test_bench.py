"""``vigie bench triage`` prints what it promised; its check-ins differ from one round to the next."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from app.commands import bench, bench_cases
from app.commands.tree import vigie
from app.protocols import shelf
from app.protocols.words import FOLDER
from triage.protocol import Protocol


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in {"ROUNDS": 2, "CASES": 20, "TEXTS": 20, "BASELINE_LOOPS": 1000}.items():
        monkeypatch.setattr(bench, name, size)


def test_the_figures_promised_are_there() -> None:
    """Names and signs of the figures; how large they are is for a benchmark."""
    run = CliRunner().invoke(vigie, ["bench", "triage", "--json"])
    assert run.exit_code == 0, run.output
    figures = json.loads(run.output)
    assert figures["rules"] == 25
    assert figures.keys() >= {"traced_per_s", "untraced_per_s", "reply_p99_ms", "baseline_per_s", "protocol", "cases", "rounds"}
    assert min(figures["traced_per_s"], figures["untraced_per_s"], figures["baseline_per_s"]) > 0


def test_one_table_for_people() -> None:
    run = CliRunner().invoke(vigie, ["bench", "triage"])
    assert run.exit_code == 0, run.output
    assert len(run.output.splitlines()) == 5
    assert "assessments with trace" in run.output


def test_another_name_is_refused() -> None:
    run = CliRunner().invoke(vigie, ["bench", "coffee"])
    assert run.exit_code != 0


def _protocol() -> Protocol:
    return next(p for path, p in shelf.compiled().items() if path.parent.name == "capecitabine-14-7")


def test_the_check_ins_are_varied_and_the_same_for_one_seed() -> None:
    one, again, other = (bench_cases.check_ins(_protocol(), seed, 40) for seed in (1, 1, 2))
    assert one == again != other
    said = {tuple(answer.value for answer in answers.values()) for answers, _ in one}
    assert len(said) > 30, "a benchmark of one repeated check-in would measure a memory"
    assert max(len(context.past) for _, context in one) == 9


def test_the_texts_run_from_one_word_to_a_whole_sms() -> None:
    lengths = [len(text.split()) for text, _, _ in bench_cases.texts(FOLDER, 1, 300)]
    assert min(lengths) == 1
    assert max(lengths) >= 20
