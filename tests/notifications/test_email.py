"""A letter to a professional over a real SMTP conversation: the text's own words, one name, and failures told without an address."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from email import message_from_bytes
from typing import Any

import pytest

from notifications.messages import Channel, Failure, Outgoing, Reason, Recipient
from notifications.transports.email import Email

WORDS = "Suivi : nouvelle alerte, niveau URGENT, réf. A12. Ouvrez la liste."
LETTER = Outgoing(12, Recipient(Channel.EMAIL, "claire@baie.example"), "+33199001234", WORDS)


class Post(socketserver.ThreadingTCPServer):
    """The least of a mail server. refusal: what it answers to a recipient."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        self.letters: list[bytes] = []
        self.refusal = ""
        super().__init__(("127.0.0.1", 0), Clerk)


class Clerk(socketserver.StreamRequestHandler):
    server: Post

    def handle(self) -> None:
        self._say("220 post.example")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self._say("354 go on")
                said = b""
                while (line := self.rfile.readline()) != b".\r\n":
                    said += line
                self.server.letters.append(said)
            refused = self.server.refusal if word == b"RCPT" else ""
            self._say("221 bye" if word == b"QUIT" else refused or "250 well")
            if word == b"QUIT":
                return

    def _say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


@pytest.fixture
def post() -> Iterator[Post]:
    with Post() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def mail(post: Post, **changes: Any) -> Email:
    host, port = post.server_address[:2]
    settings: dict[str, Any] = {"host": str(host), "port": port, "sender": "vigie@baie.example", "tls": False, "timeout": 2.0}
    return Email(**{**settings, **changes})


def test_a_letter_says_what_the_text_says_under_one_name(post: Post) -> None:
    """SEC-01: subject and body hold a level and a reference."""
    first, second = mail(post).send(LETTER), mail(post).send(LETTER)
    assert first == second, "a letter sent twice after a lost answer is one letter"
    letter = message_from_bytes(post.letters[0])
    body = letter.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode().strip() == WORDS
    assert (letter["To"], letter["From"], letter["Message-ID"]) == ("claire@baie.example", "vigie@baie.example", first.carrier_id)


@pytest.mark.parametrize(
    ("answer", "reason", "permanent"),
    [("550 no such mailbox", Reason.BAD_NUMBER, True), ("450 busy", Reason.CARRIER, False)],
)
def test_a_refused_mailbox_is_told_without_its_address(post: Post, answer: str, reason: Reason, permanent: bool) -> None:
    post.refusal = answer
    with pytest.raises(Failure) as caught:
        mail(post).send(LETTER)
    assert (caught.value.reason, caught.value.permanent) == (reason, permanent)
    assert "claire" not in caught.value.sentence


def test_no_server_fails_for_good_and_a_silent_one_is_tried_again(post: Post) -> None:
    with pytest.raises(Failure) as none:
        mail(post, host="").send(LETTER)
    assert (none.value.permanent, none.value.reason) == (True, Reason.ACCOUNT)
    port = post.server_address[1]
    post.shutdown()
    post.server_close()
    with pytest.raises(Failure) as silent:
        Email(host="127.0.0.1", port=port, sender="vigie@baie.example", tls=False, timeout=1.0).send(LETTER)
    assert (silent.value.permanent, silent.value.reason) == (False, Reason.CARRIER)
