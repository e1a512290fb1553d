"""SEC-01 to SEC-03, SEC-18: each text, in each language, with its longest values; and what is refused."""

from __future__ import annotations

import re
import shutil
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from notifications import policy, wording
from notifications.languages import FILE
from notifications.messages import Label, Missing, Moment, Noted
from notifications.wording import WordingError, catalogue, longest, render

PARIS = ZoneInfo("Europe/Paris")
SERVICE = {"svc": "Suivi Baie", "tel": "0199001234", "sos": "15", "night": ("", "15")}
TEXTS = [(key, language) for key, template in catalogue().items() for language in template.texts]


@pytest.mark.parametrize(("key", "language"), TEXTS)
def test_every_text_fits_with_its_longest_values(key: str, language: str) -> None:
    """SEC-02: one segment for what is asked and answered, two for echoes and advice; GSM-7 throughout."""
    body = render(key, language, longest(key))
    length = policy.length(body)
    assert length.encoding == "GSM-7"
    assert length.units <= catalogue()[key].limit


@pytest.mark.parametrize("key", catalogue())
def test_every_text_was_reviewed_as_it_stands(key: str) -> None:
    """SEC-01. After changing a text: have both languages read again, then write the day and this fingerprint in catalogue.toml."""
    template = catalogue()[key]
    day, fingerprint = template.reviewed.split()
    assert date.fromisoformat(day).isoformat() == day
    assert fingerprint == template.fingerprint
    assert template.clinical in ("draft", "signed")


@pytest.mark.parametrize("key", catalogue())
def test_no_question_has_an_opt_out_word_as_natural_answer(key: str) -> None:
    """SEC-18."""
    template = catalogue()[key]
    assert policy.opt_out_answers(template.answers) == []
    assert template.answers or not key.startswith(("q_", "reask_1_"))


FORBIDDEN = r"cancer|oncolog|chimio|chemo|tumeur|tumour|tumor|capecitabine|ibrutinib|sunitinib|h[oô]pital|hospital|patient|\bdr\b|!"


@pytest.mark.parametrize(("key", "language"), TEXTS)
def test_no_text_names_a_disease_a_drug_or_a_place(key: str, language: str) -> None:
    """SEC-03, ux: discreet by default, and no exclamation mark."""
    assert re.search(FORBIDDEN, catalogue()[key].texts[language], re.IGNORECASE) is None


@pytest.mark.parametrize("key", [key for key in catalogue() if key.startswith("staff_")])
def test_a_text_to_a_professional_holds_a_level_and_a_reference_only(key: str) -> None:
    assert catalogue()[key].names <= {"level", "ref"}


@pytest.mark.parametrize("key", [key for key in catalogue() if key.startswith("city_")])
def test_a_text_to_the_city_holds_a_reference_and_whom_to_call(key: str) -> None:
    assert catalogue()[key].names == {"svc", "ref", "tel"}


@pytest.mark.parametrize("key", [key for key in catalogue() if key.startswith("urgent") or key == "suicidal"])
def test_every_safety_text_names_somebody_to_call_now(key: str) -> None:
    assert catalogue()[key].names & {"sos", "sos_or_112"}


def test_every_text_is_named_in_the_readme() -> None:
    page = (Path(wording.__file__).parent / "README.md").read_text(encoding="utf-8")
    assert [key for key in catalogue() if f"`{key}`" not in page] == []


def moment(text: str, now: str = "2026-11-18T14:00") -> Moment:
    return Moment(datetime.fromisoformat(text).replace(tzinfo=PARIS), datetime.fromisoformat(now).replace(tzinfo=PARIS))


NAUSEA, DIARRHOEA, FATIGUE = Label("nausées"), Label("diarrhée"), Label("fatigue")


@pytest.mark.parametrize(
    ("key", "language", "values", "expected"),
    [
        (
            "q_multi",
            "fr",
            {"labels": (NAUSEA, DIARRHOEA, FATIGUE)},
            "Suivi Baie : depuis 7 jours, de 0 (non) à 4 (très fort) : A nausées, B diarrhée, C fatigue ? "
            "Répondez 3 chiffres, par ex. 1 0 2",
        ),
        (
            "q_multi",
            "en",
            {"labels": (Label("nausea"), Label("tiredness"))},
            "Suivi Baie: last 7 days, from 0 (none) to 4 (very strong): A nausea, B tiredness? Reply 2 numbers, e.g. 1 0",
        ),
        (
            "q_temp",
            "fr",
            {"limit": Decimal("38.0")},
            "Suivi Baie : votre température maintenant ? Par ex. 37,2. Sans thermomètre, répondez NON. "
            "Frissons, ou 38,0 et plus : appelez le 0199001234.",
        ),
        (
            "confirm",
            "fr",
            {"noted": (Noted(NAUSEA, 2), Noted(Label("température"), Decimal("38.5")), Noted(FATIGUE, None))},
            "Noté : nausées 2, température 38,5, fatigue ?. Merci. Une erreur ? Répondez ERREUR dans les 2 h.",
        ),
        (
            "confirm_g2",
            "en",
            {"noted": (Noted(Label("diarrhoea"), 2),), "when": moment("2026-11-18T16:30")},
            "Noted: diarrhoea 2. A nurse will call you before 4:30 pm. If it gets worse before then: 0199001234. Emergency: 15 or 112.",
        ),
        ("reask_part", "fr", {"missing": (Missing(2, FATIGUE),)}, "Merci. Il manque C (fatigue) : de 0 (non) à 4 (très fort) ?"),
        (
            "closed",
            "fr",
            {"opening": moment("2026-11-19T08:00")},
            "Suivi Baie : fermé jusqu'à demain 8 h, votre message sera lu alors. Si cela ne peut pas attendre : 15.",
        ),
        (
            "closed",
            "en",
            {"opening": moment("2026-11-23T08:00", now="2026-11-20T19:00")},
            "Suivi Baie: closed until 8 am Monday, your message will be read then. If it cannot wait: 15 or 112.",
        ),
        (
            "welcome_1",
            "fr",
            {"day": date(2026, 11, 19), "hour": time(10, 0)},
            "Suivi Baie : bonjour. Vos questions arriveront ici dès jeudi, 10 h. Répondez par des chiffres. "
            "Ce n'est pas un numéro d'urgence : en urgence, le 15.",
        ),
        ("staff_alert", "fr", {"level": "high", "ref": "A12"}, "Suivi : nouvelle alerte, niveau élevé, réf. A12. Ouvrez la liste."),
    ],
)
def test_texts_as_people_read_them(key: str, language: str, values: dict[str, object], expected: str) -> None:
    known = {name: value for name, value in SERVICE.items() if name in catalogue()[key].names}
    assert render(key, language, known | values) == expected


@pytest.mark.parametrize(
    ("at", "now", "fr", "en"),
    [
        ("2026-11-18T16:00", "2026-11-18T14:00", "avant 16 h", "before 4 pm"),
        ("2026-11-18T12:00", "2026-11-18T11:00", "avant 12 h", "before 12 pm"),
        ("2026-11-19T10:30", "2026-11-18T23:50", "demain avant 10 h 30", "before 10:30 am tomorrow"),
        ("2026-11-23T09:00", "2026-11-20T14:00", "lundi avant 9 h", "before 9 am Monday"),
        ("2026-12-28T09:00", "2026-12-21T14:00", "le 28/12 avant 9 h", "before 9 am on 28/12"),
    ],
)
def test_an_hour_to_promise(at: str, now: str, fr: str, en: str) -> None:
    said = wording.PLACEHOLDERS["when"].say
    assert (said(moment(at, now), "fr"), said(moment(at, now), "en")) == (fr, en)


def test_112_stands_beside_15_and_beside_no_other_number() -> None:
    assert "Appelez le 15 ou le 112 MAINTENANT" in render("urgent_15", "fr", {"sos_or_112": "15"})
    assert "Call 911 NOW" in render("urgent_15", "en", {"sos_or_112": "911"})


@pytest.mark.parametrize(
    ("key", "language", "values", "complaint"),
    [
        ("q_everything", "fr", {}, "no text called"),
        ("help", "swb", SERVICE, "no text in 'swb'"),
        ("help", "fr", {"svc": "Suivi Baie", "tel": "0199001234"}, "expected the values"),
        ("help", "fr", SERVICE | {"name": "Marie"}, "expected the values"),
        ("q_single", "fr", {"svc": "Suivi Baie", "symptom": "nausées"}, "not a Label"),
        ("q_single", "fr", {"svc": "Suivi Baie", "symptom": Label("")}, "empty or longer"),
        ("q_single", "fr", {"svc": "Suivi Baie", "symptom": Label("douleur")}, None),
        ("q_single", "fr", {"svc": "Suivi Baie", "symptom": Label("peau qui brûle")}, "'û' is outside"),
        ("q_single", "fr", {"svc": "Hôpital", "symptom": Label("douleur")}, "not of the expected form"),
        ("q_single", "fr", {"svc": "Suivi de la Baie", "symptom": Label("douleur")}, "at most 12"),
        ("q_multi", "fr", {"svc": "Suivi", "labels": (NAUSEA,)}, "two or three"),
        ("q_multi", "fr", {"svc": "Suivi", "labels": (NAUSEA, DIARRHOEA, FATIGUE, NAUSEA)}, "two or three"),
        ("q_multi", "fr", {"svc": "Suivi", "labels": (NAUSEA, Label("bouche très douloureuse"))}, "longer than 18"),
        ("confirm", "fr", {"noted": (Noted(NAUSEA, -1),)}, "whole number"),
        ("confirm", "fr", {"noted": (Noted(NAUSEA, Decimal("NaN")),)}, "ordinary size"),
        ("confirm", "fr", {"noted": (Noted(NAUSEA, True),)}, "whole number"),
        ("confirm", "fr", {"noted": "nausées 2"}, "between one and nine"),
        ("urgent", "fr", {"tel": "0199001234", "sos": "15", "minutes": 0}, "whole number from 1"),
        ("link", "fr", {"svc": "Suivi", "link": "javascript:alert(1)"}, "not of the expected form"),
        ("staff_alert", "fr", {"level": "terrible", "ref": "A1"}, "not a level"),
        ("staff_alert", "fr", {"level": "urgent", "ref": "Marie H."}, "not of the expected form"),
        ("closed", "fr", {"svc": "Suivi", "night": ("", "15"), "opening": moment("2026-11-18T13:00")}, "cannot be promised"),
    ],
)
def test_a_text_that_would_be_wrong_is_refused(key: str, language: str, values: dict[str, object], complaint: str | None) -> None:
    """SEC-01: rather no text than one cut, in another language, or with words somebody typed."""
    if complaint is None:
        assert render(key, language, values)
        return
    with pytest.raises(WordingError, match=re.escape(complaint)):
        render(key, language, values)


def a_library(folder: Path, texts: dict[str, str], listed: str) -> None:
    for name, text in texts.items():
        path = folder / f"{name}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "catalogue.toml").write_text(listed, encoding="utf-8")
    for language in ("fr", "en"):
        (folder / language).mkdir(exist_ok=True)
        shutil.copy(Path(wording.__file__).parent / "texts" / language / FILE, folder / language / FILE)


ENTRY = '[hello]\nwhen = "always"\nsegments = 1\n'


@pytest.mark.parametrize(
    ("texts", "listed", "complaint"),
    [
        ({"fr/hello": "Bonjour {svc}", "en/hello": "Hello {svc}"}, ENTRY, None),
        ({"fr/hello": "Bonjour {svc}"}, ENTRY, "no text in 'en'"),
        ({"fr/hello": "Bonjour", "en/hello": "Hello {svc}"}, ENTRY, "same placeholders"),
        ({"fr/hello": "Bonjour {nom}", "en/hello": "Hello {nom}"}, ENTRY, "not a known placeholder"),
        ({"fr/hello": "Bonjour {svc.__class__}", "en/hello": "Hello {svc.__class__}"}, ENTRY, "not a known placeholder"),
        ({"fr/hello": "Bonjour {svc:>99}", "en/hello": "Hello {svc:>99}"}, ENTRY, "not a known placeholder"),
        ({"fr/hello": "Reçu", "en/hello": "Hello"}, ENTRY, "'ç' is outside"),
        ({"fr/hello": "Bonjour", "en/hello": "Hello", "fr/bye": "Adieu", "en/bye": "Bye"}, ENTRY, "differ: bye"),
    ],
)
def test_a_library_with_a_hole_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, texts: dict[str, str], listed: str, complaint: str | None
) -> None:
    a_library(tmp_path, texts, listed)
    monkeypatch.setattr(wording, "TEXTS", tmp_path)
    if complaint is None:
        assert set(wording.catalogue.__wrapped__()) == {"hello"}
        return
    with pytest.raises(WordingError, match=re.escape(complaint)):
        wording.catalogue.__wrapped__()
