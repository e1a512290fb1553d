"""HZ-36, SEC-01: every question of every protocol in every language; no medicine in a text; French questions easy to read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.protocols import said, shelf
from notifications import policy, wording
from notifications.messages import Label
from notifications.readability import measure
from triage.questions import Question
from triage.terms import Kind

PROTOCOLS = sorted(shelf.compiled().values(), key=lambda protocol: protocol.slug)
QUESTIONS: list[Question] = list({str(q): q for protocol in PROTOCOLS for q in protocol.questions.values()}.values())
CLAUSES = {
    clause for q in QUESTIONS if q.kind is Kind.YES_NO for clause in (said.clause(q, "fr"), said.clause_of_another(q, "fr")) if clause
}
MEDICINES = {agent.split("_")[0] for protocol in PROTOCOLS for agent in protocol.agents} | {"prednisone", "chimio", "chemo"}


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_every_question_of_every_protocol_can_be_asked(language: str) -> None:
    """HZ-36: each language has the full question set."""
    assert [protocol.slug for protocol in PROTOCOLS if not said.can_ask(protocol.questions.values(), language)] == []


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_names_and_clauses_fit_their_texts(language: str) -> None:
    """SEC-02: what is counted 25, clause 95, letters of an SMS. Of the labels that share a text two may have 18 letters, the others 15."""
    for question in QUESTIONS:
        name, clause = said.label(question, language) or "", said.clause(question, language) or ""
        assert len(name) <= 18, name
        assert len(clause) <= (25 if question.kind is Kind.COUNT else 95), clause
        assert policy.not_gsm7(name + clause) == "", (name, clause)
        assert "?" not in clause
    assert len({name for q in QUESTIONS if q.kind is Kind.SEVERITY and len(name := said.label(q, language) or "") > 15}) <= 2


@pytest.mark.parametrize(
    ("language", "otherwise"),
    [
        ("fr", {"vie courante", "rien ne reste", "urines rares", "yeux", "jambe, pied"}),
        ("en", {"rest-day dose", "paused tablets", "leg, foot"}),
    ],
)
def test_a_text_and_a_page_use_the_same_words(language: str, otherwise: set[str]) -> None:
    """A sore mouth is "bouche douloureuse" in the text, on the form and on the screens; ``otherwise``: only for want of room."""

    def stems(words: str) -> set[str]:
        return {word[:3] for word in re.findall(r"[^\W\d_]{3,}", policy.plain(words.replace("œ", "oe")))}

    apart = {said.label(q, language) for q in QUESTIONS if not stems(said.label(q, language) or "") <= stems(said.name(q, language) or "")}
    assert apart == otherwise
    sore = next(q for q in QUESTIONS if q.key == "mouth_sores")
    assert (said.label(sore, "fr"), said.name(sore, "fr")) == ("bouche douloureuse", "bouche douloureuse")
    assert (said.label(sore, "en"), said.name(sore, "en")) == ("sore mouth", "sore mouth")


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_no_question_names_a_medicine(language: str) -> None:
    """SEC-01: the protocol's own words sometimes do; what leaves never does."""
    words = " ".join(f"{said.label(q, language)} {said.clause(q, language)}" for q in QUESTIONS).casefold()
    assert [medicine for medicine in MEDICINES if medicine in words] == []
    own = " ".join(q.text.get("fr", "") for q in QUESTIONS).casefold()
    assert "nilotinib" in own  # otherwise this test proves nothing


@pytest.mark.parametrize("clause", sorted(CLAUSES))
def test_every_french_question_is_easy_to_read(clause: str) -> None:
    """HZ-36: Kandel-Moles 60 or more, 12 words a sentence at most, as it stands in its text."""
    body = wording.render("q_yes_no", "fr", {"svc": "Suivi", "question": Label(clause)}).removeprefix("Suivi : ")
    found = measure(body)
    assert found.is_easy, f"Kandel-Moles {found.score}, {found.longest} words: {clause}"


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_no_word_is_kept_for_a_question_nobody_asks(language: str) -> None:
    """A changed French sentence leaves its translation behind: it must be translated again, not guessed."""
    asked = {q.label.get("fr") for q in QUESTIONS} | {q.text.get("fr") for q in QUESTIONS}
    book = said.book(language)
    assert [words for words in [*book.labels, *book.texts, *book.of_another] if words not in asked] == []


def test_a_question_that_changed_has_no_words_in_the_third_language() -> None:
    """HZ-36: a new sentence is never asked in the words of the old one."""
    chills = next(q for q in QUESTIONS if q.key == "chills")
    changed = Question("chills", Kind.YES_NO, label=chills.label, text={"fr": "avez-vous froid", "en": "are you cold"})
    assert said.clause(chills, "rcf") == "ou la gingn frison, sinonsa ou la tranm ek fré"
    assert said.clause(changed, "rcf") is None
    assert not said.can_ask([changed], "rcf")
    assert said.can_ask([changed], "en")


@pytest.mark.parametrize(("language", "you"), [("fr", {"vous", "votre", "vos"}), ("en", {"you", "your"})])
def test_who_answers_for_somebody_is_not_asked_about_themselves(language: str, you: set[str]) -> None:
    """FR-32: "do you have chest pain" would be the daughter's chest. Whether they worry is asked of them as well."""
    asked = {
        q.text["fr"]: (said.clause_of_another(q, language) or "").replace("are you, or they, worried", "") for q in QUESTIONS if q.text
    }
    assert {clause for clause in asked.values() if you & set(re.findall(r"\w+", clause.casefold()))} == set()
    assert [clause for clause in said.book(language).of_another.values() if len(clause) > 95 or policy.not_gsm7(clause)] == []


def test_a_language_without_a_file_has_no_words(tmp_path: Path) -> None:
    assert said.book.__wrapped__("swb", tmp_path) == said.Book({}, {})
