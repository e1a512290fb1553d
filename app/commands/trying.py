"""A protocol tried at the prompt: its questions one by one, what is typed read as a text would be, level and trace after each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated

import typer

from app.checkins import script
from app.commands import protocols
from app.commands.console import BadInput, say
from app.core.clock import Clock
from app.protocols.words import words
from notifications import wording
from triage import engine, explain, questions, replies
from triage.protocol import Protocol
from triage.terms import Answer, Asked, Context, Escalate, Level, Reading

SIGNED = {"svc": "Vigie", "tel": "0199001234"}
"""What a service would sign its texts with."""


@dataclass
class Talk:
    """What was said so far."""

    protocol: Protocol
    language: str
    context: Context
    answers: dict[str, Answer] = field(default_factory=dict)

    def hear(self, asked: Asked, text: str) -> Reading:
        """One reply: its values become answers, its dangers stay whatever comes after."""
        reading = replies.read(text, asked, self.language, words())
        values = reading.values or (None,) * len(asked.keys)
        for key, value in zip(asked.keys, values, strict=False):
            self.answers[key] = Answer(key, None if value is None else questions.read_value(self.protocol.questions[key], value))
        for key in asked.keys:
            self.answers.setdefault(key, Answer(key, None))
        dangers = tuple(dict.fromkeys((*self.context.dangers, *reading.dangers)))
        escalate = max(self.context.escalate, reading.escalate, key=list(Escalate).index)
        self.context = replace(self.context, dangers=dangers, escalate=escalate)
        return reading


def try_protocol(
    protocol: Annotated[str, typer.Argument(help="A protocol file, or a slug of the library.")],
    cycle: Annotated[int, typer.Option("--cycle", min=1, help="Cycle of the check-in.")] = 1,
    day: Annotated[int | None, typer.Option("--day", min=1, help="Day of the cycle; the first check-in's when absent.")] = None,
    language: Annotated[str, typer.Option("--language", help="fr or en.")] = "fr",
) -> None:
    """Answer one check-in at the prompt; level and trace after each reply. An empty line is no answer, Ctrl-D ends."""
    if language not in ("fr", "en"):
        raise BadInput(f"--language {language}: expected fr or en")
    found = protocols.named(protocol)
    beat = next((b for b in found.rhythm if b.in_cycle(cycle)), found.rhythm[0])
    on = day or (beat.days[0] if beat.days else beat.from_day)
    asked = found.asks(cycle, on)
    today = Clock().now().date()
    due = tuple(question.key for question in asked)
    talk = Talk(found, language, Context(today, cycle=cycle, cycle_day=on, on_day=None, treatment_day=on if cycle == 1 else None, due=due))
    say(f"{found.title[language]}: cycle {cycle}, day {on}, {len(asked)} questions")
    while (group := questions.next_group(asked, talk.answers)) is not None:
        try:
            text = str(typer.prompt(_question(found, group, language), default="", show_default=False, prompt_suffix="\n> "))
        except typer.Abort:
            say()
            break
        reading = talk.hear(group, text)
        say(f"  read as {reading.heard.value}: {reading.value or '(nothing)'}")
        _show(talk, closing=False)
    say("\nThe window closes:")
    _show(talk, closing=True)


def _question(protocol: Protocol, group: Asked, language: str) -> str:
    """The text as the patient would get it."""
    key, values = script.question_text(group, protocol, language)
    named = {name: word for name, word in SIGNED.items() if name in wording.catalogue()[key].names}
    return "\n" + wording.render(key, language, named | values)


def _show(talk: Talk, *, closing: bool) -> None:
    assessment = engine.assess(talk.protocol, talk.answers, replace(talk.context, closing=closing))
    if closing or assessment.level > Level.NONE:
        for line in explain.sentences(assessment, talk.language):
            say(f"  {line}")
    else:
        say(f"  {explain.sentences(assessment, talk.language)[0]}")
