"""What words weigh together: the second net under the lists (FR-13, HZ-01, HZ-07)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.triage.replies.lists import documents, table, weights, words
from triage.replies import Words, read, scan, words_from
from triage.replies.cutting import cut
from triage.replies.scanning import Found, Signs, heard, signs_in, without_idioms
from triage.replies.weighing import NOW, START, TODAY, Weights, weights_from
from triage.replies.words import DANGERS, SAME_DAY
from triage.terms import ALARMING, Asked, Escalate, Heard, Kind


def weighing(*rows: str) -> Words:
    """The library's lists, with these rows for weights instead of its own."""
    return replace(words(), weights=weights_from(["feature,points,danger", f"{START},0,", f"{NOW},2000,", f"{TODAY},500,", *rows]))


def found(text: str, known: Words) -> Found:
    return heard(text, known, Asked())[1]


def test_points_are_thousandths_and_a_feature_may_name_a_danger() -> None:
    table_ = weights_from(["feature,points,danger", "(start),-1500,", "[sang - nez],2500,bleeding", "poul*,-20,"])
    assert table_.of == {START: (-1500, ""), "[sang - nez]": (2500, "bleeding"), "poul*": (-20, "")}


def test_a_row_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"row 2 .*sang\*,beaucoup"):
        weights_from(["feature,points,danger", "sang*,beaucoup,bleeding"])
    with pytest.raises(ValueError, match=r"row 3 .*sang\*,12"):
        weights_from(["feature,points,danger", "poul*,-20,", "sang*,12"])


def test_a_sum_is_the_start_and_the_mean_of_what_is_known_times_the_root_of_its_number() -> None:
    some = Weights({START: (-1000, ""), "a": (3000, "chills"), "b": (1000, "")})
    assert some.sum_of({"unknown"}) == -1000
    assert some.sum_of({"a"}) == 2000
    assert some.sum_of({"a", "b", "unknown"}) == -1000 + 4000 / 2**0.5


def test_the_danger_is_the_one_most_points_speak_for() -> None:
    some = Weights({"a": (30, "chills"), "b": (20, "fever"), "c": (15, "fever"), "d": (-90, "syncope"), "e": (90, "")})
    assert some.danger({"a", "b"}) == "chills"
    assert some.danger({"a", "b", "c", "d"}) == "fever"
    assert some.danger({"d", "e"}) == "unwell"


def test_words_without_a_sign_may_be_a_danger() -> None:
    """HZ-07: Suzanne's husband: no list knows the butter dish, and nobody said "confused": no class is named."""
    known = weighing("beurr*,9000,confusion")
    text = "il pose ses lunettes dans le beurrier"
    assert found(text, weighing()).now == ()
    assert found(text, known) == Found((ALARMING,), (), False, by_weight=True)
    reading = read(text, Asked(Kind.NONE), "fr", known)
    assert (reading.value, reading.escalate, reading.notes) == (ALARMING, Escalate.URGENT, ("by_weight",))


def test_words_that_alarm_less_are_for_a_nurse_today() -> None:
    known = weighing("beurr*,1500,confusion")
    text = "il pose ses lunettes dans le beurrier"
    assert found(text, known) == Found((), (), False, uneasy="confusion")
    reading = read(text, Asked(Kind.NONE), "fr", known)
    assert (reading.heard, reading.escalate, reading.notes) == (Heard.ASK_AGAIN, Escalate.NURSE, ("watch_confusion",))


def test_a_short_answer_is_not_made_a_task_by_its_words() -> None:
    """ "beurrier 2" answers the question; only a text that says much more, or nothing understood, is read today."""
    known = weighing("beurr*,1500,confusion")
    assert read("2 beurrier", Asked(Kind.SEVERITY), "fr", known).escalate is Escalate.NO
    long = "2 il pose ses lunettes rondes dans le beurrier, cherche partout, sourit, recommence"
    assert read(long, Asked(Kind.SEVERITY), "fr", known).escalate is Escalate.NURSE


def test_news_for_a_nurse_stays_what_it_is() -> None:
    """A wish to be called back is one, whatever its words weigh; a nurse reads it today and sees what they suggest."""
    reading = read("je voudrais qu'on me rappelle", Asked(Kind.NONE), "fr", weighing("rapel*,9000,confusion", "rappe*,9000,confusion"))
    assert (reading.heard, reading.value, reading.escalate) == (Heard.COMMAND, "CALL_ME", Escalate.NURSE)


def test_a_sign_in_an_everyday_text_is_for_today() -> None:
    """A cake is to fall for: the sign is kept for a nurse, never dropped."""
    text = "j'ai fait un malaise devant ce beurrier"
    assert found(text, weighing()).now == ("syncope",)
    soft = found(text, weighing("beurr*,-9000,"))
    assert (soft.now, soft.today) == ((), ("syncope",))


@pytest.mark.parametrize("text", ["je veux mourir, beurrier", "le petit a avalé un comprimé, beurrier", "beurrier et 39,2 de fièvre"])
def test_a_wish_to_die_a_child_and_a_fever_in_degrees_are_never_softened(text: str) -> None:
    assert found(text, weighing("beurr*,-9000,")).urgent


def test_a_harmless_sentence_beside_it_takes_nothing_from_a_danger() -> None:
    known = weighing("!syncope,3000,syncope", "beurr*,-9000,")
    assert found("le beurrier est plein. j'ai fait un malaise. le beurrier est vide", known).now == ("syncope",)


def test_a_text_without_words_is_not_weighed() -> None:
    assert found("12 14 16", weighing("#13-33*,9000,bleeding", "#5-12*,9000,bleeding")) == Found((), (), False)


def test_a_denied_word_weighs_apart() -> None:
    known = weighing("beurr*,9000,confusion", "~beurr*,-9000,")
    assert found("il y a du beurre", known).now == (ALARMING,)
    assert found("pas de beurre", known).now == ()


def test_no_sign_of_the_lists_is_ever_hidden() -> None:
    """HZ-01: whatever the words weigh, what a list finds is at least for today."""
    for row in table("danger") + table("harmless") + table("ordinary"):
        text = row["reply_text"]
        if len(text.split(" ")) < 60:
            signs = signs_in(without_idioms(cut(text, words().grammar), words().idioms), words(), Asked()).found()
            whole = heard(text, words(), Asked())[1]
            assert set(signs.now) - {"unwell", "chills"} <= set(whole.now) | set(whole.today), text


def test_the_table_names_known_dangers_and_ends_with_what_reassures_most() -> None:
    rows = [row for row in weights_from(weights()).of.items() if not row[0].startswith("(")]
    assert {code for _, (_, code) in rows} <= {"", *DANGERS}
    assert all(not code for _, (points, code) in rows if points <= 0)
    assert rows[0][1][0] > 0 > rows[-1][1][0]
    assert set(SAME_DAY) < set(DANGERS)


def test_without_a_table_the_lists_decide_alone() -> None:
    bare = words_from(documents())
    assert scan("j'ai fait un malaise", "fr", bare) == ("syncope",)
    assert scan("il pose ses lunettes dans le beurrier", "fr", bare) == ()


def test_two_signs_at_one_place_stand_in_one_order() -> None:
    """HZ-33: "il tremble" is a seizure and chills at once; the order of a set, which changes from run to run, decides nothing."""
    for codes in (("syncope", "confusion"), ("confusion", "syncope")):
        signs = Signs(places=dict.fromkeys(codes, 4), weaker=dict.fromkeys(("seizure", *codes[:1], "chills"), 7))
        assert signs.found() == Found(("confusion", "syncope"), ("chills", "seizure"), denied=False)
