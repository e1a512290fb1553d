"""SEC-29: a log holds no body, number, name, token or value, whoever writes it and whatever breaks."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog

from app.core import logs


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[dict[str, object]]]]:
    """Every line logged, as a monitoring tool reads it."""
    root = logging.getLogger()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    logs.set_up("INFO")
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**config)


def test_only_listed_names_are_written(said: Callable[[], list[dict[str, object]]]) -> None:
    structlog.get_logger("app.web.hooks").warning("a text was refused", message_id=7, body="38,9 de fièvre", patient="HOARAU Marie")
    [line] = said()
    assert (line["event"], line["message_id"], line["body"], line["patient"]) == ("a text was refused", 7, "[struck out]", "[struck out]")
    assert (line["level"], line["logger"]) == ("warning", "app.web.hooks")
    assert str(line["timestamp"]).endswith("Z")


def test_numbers_and_tokens_in_free_text_are_struck_out(said: Callable[[], list[dict[str, object]]]) -> None:
    logging.getLogger("a.package").warning("no route to %s with %s", "+33 6 39 98 00 01", "Zm9vYmFyYmF6cXV4Zm9vYmFy")
    [line] = said()
    assert line["event"] == "no route to [number] with [token]"


@pytest.mark.parametrize("token", ["bdFPS2nTq9-DRUL4q8-dxa", "12345678abcdefgh-_ABCD", "a" * 22])
def test_the_address_of_a_form_is_blanked(said: Callable[[], list[dict[str, object]]], token: str) -> None:
    """SEC-06: whichever field or library carries it, digits in it or not."""
    structlog.get_logger("app.web").error("a page broke", path=f"/q/{token}")
    logging.getLogger("a.server").warning('"GET /q/%s HTTP/1.1" 500', token)
    first, second = said()
    assert first["path"] == "/q/[token]"
    assert second["event"] == '"GET /q/[token] HTTP/1.1" 500'


@pytest.mark.parametrize("by_library", [True, False], ids=["by a library", "by us"])
def test_an_exception_is_told_by_kind_and_place_never_by_message(said: Callable[[], list[dict[str, object]]], by_library: bool) -> None:
    try:
        try:
            raise ValueError("Marie a écrit : 38,9")
        except ValueError as error:
            raise KeyError("+33639980001") from error
    except KeyError:
        if by_library:
            logging.getLogger("a.package").exception("something broke")
        else:
            structlog.get_logger("app").exception("a page broke", route="/patients/{patient_id}")
    [line] = said()
    told = str(line["exception"])
    assert told.startswith("KeyError at app/core/test_logs.py:")
    assert ", from ValueError at app/core/test_logs.py:" in told
    assert "Marie" not in json.dumps(line)
    assert "639980001" not in json.dumps(line)


def test_an_exception_handed_over_is_told_the_same(said: Callable[[], list[dict[str, object]]]) -> None:
    structlog.get_logger("app").error("a page broke", exc_info=RuntimeError("38,9"))
    [line] = said()
    assert (line["exception"], "38,9" in json.dumps(line)) == ("RuntimeError at ", False)
