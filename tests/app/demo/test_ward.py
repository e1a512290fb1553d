"""The ward's people: fictional, varied, and describable by the protocols they follow."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

from app.demo import ward
from app.demo.bodies import RATES, Arc, Body
from app.demo.dice import Dice
from app.demo.personas import STYLES
from app.people.telephones import is_fiction

MARIE, JEAN, SAIDA, HELENE = ward.people()[:4]


def test_forty_people_on_three_treatments() -> None:
    people = ward.people()
    assert len(people) == 40
    assert Counter(person.agent for person in people).keys() == {"capecitabine", "ibrutinib", "sunitinib"}
    assert {person.style for person in people} == set(STYLES)
    assert all(person.agent in RATES for person in people)
    assert {person.zone for person in people} == {"Europe/Paris", "Indian/Reunion"}
    assert {person.language for person in people} == {"fr", "en"}


def test_nobody_has_a_real_telephone() -> None:
    """HZ-41: every number of the ward belongs to a range reserved for fiction."""
    numbers = [person.phone for person in ward.people()] + [p.relative_phone for p in ward.people() if p.relative_phone]
    assert [number for number in numbers if not is_fiction(number)] == []


def test_only_those_who_share_a_telephone_have_the_same_number() -> None:
    shared = Counter(person.phone for person in ward.people())
    assert [number for number, holders in shared.items() if holders > 1] == ["+33639980039"]
    assert [person.answers for person in ward.people() if person.phone == "+33639980039"] == ["shared", "shared"]


def test_marie_is_read_from_the_file_as_written() -> None:
    assert (MARIE.family, MARIE.given, MARIE.born) == ("Hoarau", "Marie", date(1955, 3, 14))
    assert (MARIE.dose_mg, MARIE.began, MARIE.hour) == (Decimal(1500), 67, 8)
    assert MARIE.treatment.protocol == "capecitabine-14-7"


def test_odile_s_daughter_answers_from_her_own_telephone() -> None:
    odile = next(person for person in ward.people() if person.given == "Odile")
    assert odile.answering_phone == "+33639980108"


def test_what_is_written_unasked_comes_from_a_telephone_of_the_ward() -> None:
    telephones = {person.answering_phone for person in ward.people()}
    assert {said.phone for said in ward.mornings()} <= telephones | {"+33639980999"}


def test_an_episode_climbs_stays_and_falls() -> None:
    arc = Arc(onset=10, peak=3, step=2, stays=4)
    assert [arc.score(day) for day in (9, 10, 11, 12, 14, 18, 19, 23, 27, 40)] == [0, 1, 1, 2, 3, 3, 2, 1, 0, 0]


def test_jean_worsens_in_the_last_days_and_a_pause_helps() -> None:
    body = Body(JEAN, Dice(1))
    last = JEAN.began - 1
    assert body.score("diarrhea", last) >= 3
    assert body.score("diarrhea", last, held_for=6) == body.score("diarrhea", last) - 2


def test_the_same_seed_gives_the_same_life_and_another_seed_another() -> None:
    days = range(60)
    first, again, other = ([Body(HELENE, Dice(seed)).temperature(day) for day in days] for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_draws_do_not_depend_on_one_another() -> None:
    dice = Dice(3)
    before = dice.chance("Hoarau Marie", "answers", 12)
    dice.chance("Payet Jean", "answers", 12)
    assert dice.chance("Hoarau Marie", "answers", 12) == before
    assert 0 <= before < 1


def test_a_log_normal_draw_has_its_median_and_its_bounds() -> None:
    drawn = sorted(Dice(5).around(10, 0.5, n) for n in range(999))
    assert 9 < drawn[499] < 11
    assert drawn[0] > 0.5
    assert drawn[-1] < 200
