"""Every command, in one place."""

from __future__ import annotations

import typer

from app.commands import (
    accounts,
    adherence,
    assess,
    bench,
    doctor,
    grade,
    programmes,
    protocol_looks,
    protocols,
    replies,
    running,
    setting_up,
    texts,
    trying,
    verifying,
    wording,
)

vigie = typer.Typer(
    help="Vigie watches over people who take chemotherapy as tablets at home.",
    add_completion=False,
    rich_markup_mode=None,
)
vigie.command()(running.dev)
vigie.command()(running.serve)
vigie.command()(running.work)
vigie.command()(setting_up.migrate)
vigie.command()(setting_up.init)
vigie.command()(doctor.doctor)
vigie.add_typer(accounts.user, name="user")
vigie.add_typer(accounts.token, name="token")
protocols.protocols.command("check")(protocol_looks.check)
protocols.protocols.command("diff")(protocol_looks.diff)
protocols.protocols.command("unverified")(protocol_looks.unverified)
vigie.add_typer(protocols.protocols, name="protocols")
vigie.add_typer(programmes.programmes, name="programmes")
vigie.add_typer(wording.wording, name="wording")
vigie.add_typer(texts.texts, name="texts")
vigie.add_typer(verifying.verify, name="verify")
vigie.command()(verifying.explain)
vigie.command("assess")(assess.assess)
vigie.command("try")(trying.try_protocol)
vigie.add_typer(grade.grade, name="grade")
vigie.command("read-replies")(replies.read_replies)
vigie.command()(bench.bench)
vigie.command()(adherence.adherence)
