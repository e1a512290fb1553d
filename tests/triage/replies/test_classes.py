"""Each class of danger beside its everyday twin: the same words, told of the body and told of life."""

from __future__ import annotations

import pytest

from tests.triage.replies.lists import words
from triage.replies import read, scan
from triage.terms import Asked, Escalate, Heard, Kind

TWINS = [
    ("chest_pain", "comme un gros chien couché sur mon sternum", "le gros chien est couché sur le canapé"),
    ("chest_pain", "une enclume entre les deux épaules et je suis en nage", "j'ai porté une enclume au marché, je suis en nage"),
    ("chest_pain", "mon coeur fait des bonds puis s'arrête", "mon coeur fait des bonds de joie"),
    ("dyspnea", "je respire comme à travers une paille", "je bois à travers une paille"),
    ("dyspnea", "je parle haché, je cherche l'air entre les mots", "du persil haché, et je cherche la recette"),
    ("dyspnea", "il a les ongles mauves et il halète", "elle s'est fait les ongles en mauve avec un vernis"),
    ("bleeding", "le lavabo est rempli de rouge, ça goutte encore", "le lavabo fuit, ça goutte encore"),
    ("bleeding", "mes gencives coulent depuis deux heures", "les bougies coulent depuis deux heures"),
    ("bleeding", "selles couleur réglisse et collantes", "des bonbons couleur réglisse et collants"),
    ("suicidal", "je pense à sauter du viaduc", "on va sauter en parachute"),
    ("suicidal", "si je ne me réveillais pas demain ça arrangerait tout le monde", "si tu viens demain ça arrangerait tout le monde"),
    ("suicidal", "j'ai accroché une corde à la poutre", "j'ai accroché la balançoire avec une corde"),
    ("syncope", "je suis tombée comme une masse dans le couloir", "je dors comme une masse"),
    ("syncope", "on m'a ramassé sur le trottoir", "on a ramassé des feuilles sur le trottoir"),
    ("stroke_signs", "ma main gauche ne m'appartient plus", "la maison ne m'appartient plus"),
    ("stroke_signs", "il parle comme s'il avait bu et la bouche part de côté", "il a trop bu au mariage, il parlait fort"),
    ("confusion", "maman m'appelle madame", "la boulangère m'appelle madame"),
    ("confusion", "papa a mis son téléphone au frigo et cherche sa mère", "j'ai mis la bière au frigo"),
    ("seizure", "il tapait des bras et des jambes par terre, les yeux à l'envers", "il tapait des mains pendant tout le concert"),
    ("seizure", "raide comme une planche, de la mousse aux lèvres", "la mousse au chocolat était parfaite"),
    ("anaphylaxis", "mes lèvres sont comme des boudins depuis le cachet", "on mange des boudins ce soir"),
    ("anaphylaxis", "ma gorge rétrécit depuis la piqûre", "le pull a rétréci au lavage"),
    ("dvt_signs", "une botte rentre, l'autre non, la cuisse a enflé", "ces bottes sont trop petites"),
    ("dvt_signs", "mon mollet est dur comme une planche", "le pain est dur comme une planche"),
    ("anuria", "plus une goutte de pipi depuis hier", "plus un litre de lait depuis hier"),
    ("anuria", "la sonde reste vide depuis ce matin", "le frigo reste vide depuis ce matin"),
    ("fever", "mon front est une fournaise, je grelotte", "la voiture est une fournaise"),
    ("chills", "je tremble, le lit bouge", "la terre a tremblé en Italie"),
    ("persistent_vomiting", "tout ce que j'avale ressort", "tout ce que j'avais prévu tombe à l'eau"),
    ("no_fluids", "papi n'a pas pris une gorgée de la journée", "je n'ai pas pris une minute de la journée"),
    ("overdose", "j'ai vidé les cases de mardi et mercredi le même jour", "j'ai coché les cases de mardi et mercredi"),
    ("overdose", "mon mari a bu mon oramorph en se trompant de flacon", "mon mari a bu mon café"),
    ("child_ingestion", "la petite a croqué mon comprimé", "la petite a croqué mon biscuit"),
    ("unwell", "je sens que je pars, venez", "je sens que je pars en vacances"),
    ("unwell", "mes genoux sont marbrés et je suis glacé", "les murs sont marbrés, c'est joli"),
]


@pytest.mark.parametrize(("code", "danger", "twin"), TWINS)
def test_a_danger_and_its_everyday_twin(code: str, danger: str, twin: str) -> None:
    """HZ-01 on the left, alert fatigue (HZ-07) on the right."""
    assert code in scan(danger, "fr", words())
    assert scan(twin, "fr", words()) == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("mi gingn pi respir", "dyspnea"),
        ("mi kras di san", "bleeding"),
        ("mon zanm lé gonflé é lé so", "dvt_signs"),
        ("mi vé mor", "suicidal"),
        ("li la tonm fèb dann salon", "syncope"),
        ("mon bous lé dotravé", "stroke_signs"),
        ("li rékoné pi son zanfan", "confusion"),
        ("mi gard pi arien dann lestoma", "persistent_vomiting"),
        ("marmay la aval mon konprimé", "child_ingestion"),
        ("an awfy weight on ma breastbone", "chest_pain"),
        ("cannae keep even water doon since last night", "persistent_vomiting"),
        ("les frettes ben raide, je shake comme une feuille", "chills"),
    ],
)
def test_regional_words(text: str, code: str) -> None:
    """Réunion Creole, Scots, Québec: whatever the language on file."""
    assert code in scan(text, "fr", words())


@pytest.mark.parametrize("text", ["mi néna pa la fièv, mi manz bien", "nae chest pain, just ma usual tea", "il fait frette dehors"])
def test_regional_words_of_people_who_are_well(text: str) -> None:
    """The same, denied or of the weather."""
    assert scan(text, "fr", words()) == ()


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        (Kind.COUNT, "3 fois, couleur charbon", "bleeding"),
        (Kind.YES_NO, "oui, 39 à 3h du matin", "fever"),
        (Kind.INTAKE, "6, le 7e c'est la petite qui l'a croqué", "child_ingestion"),
    ],
)
def test_the_question_lends_its_word_to_the_answer(kind: Kind, text: str, code: str) -> None:
    """Asked how many stools, "charbon" is a stool; unasked it is coal."""
    assert code in scan(text, "fr", words(), Asked(kind))
    assert code not in scan(text, "fr", words(), Asked(Kind.WEIGHT))


@pytest.mark.parametrize(
    ("kind", "text"), [(Kind.COUNT, "4, and they look like roofing tar"), (Kind.YES_NO, "oui et c'était rempli de caillots")]
)
def test_what_the_question_makes_plain_is_found(kind: Kind, text: str) -> None:
    """Their words alarm by themselves too, so nothing is said of them unasked."""
    assert "bleeding" in scan(text, "fr", words(), Asked(kind))


def test_a_lost_ability_denies_nothing() -> None:
    """ "n'arrive plus à" is the danger itself: it must not cancel what follows it."""
    assert scan("je n'arrive plus à tenir ma tasse de la main gauche", "fr", words()) == ("stroke_signs",)
    assert scan("je n'arrive pas à respirer normalement", "fr", words()) == ("dyspnea",)
    assert scan("je n'ai pas de douleur dans le bras gauche", "fr", words()) == ()


def test_a_new_subject_ends_a_denial() -> None:
    """ "ça va pas" denies nothing of what comes after "je"."""
    assert scan("non ça va pas je vais y passer", "fr", words()) == ("unwell",)


def test_an_image_between_friends_is_no_danger_but_a_wish_to_die_is() -> None:
    """ "tu" marks a private text: images fall silent, plain signs and suicidal words never do."""
    assert scan("tu verrais ma tête, comme un ballon après le match", "fr", words()) == ()
    assert scan("tu sais je crache du sang", "fr", words()) == ("bleeding",)
    assert scan("tu sais je pense à sauter du pont", "fr", words()) == ("suicidal",)


def test_kin_never_soften_a_wish_to_die() -> None:
    """Mr Grondin is followed by the team already; the rope is still news."""
    assert scan("mon mari a accroché une corde dans la grange, il est suivi chez vous, je tremble", "fr", words()) == ("suicidal",)


def test_a_comparison_is_nobody_else() -> None:
    """A cat on the chest is no cat; a neighbour who found the patient is not the patient; a neighbour's own faint is news."""
    assert scan("comme un gros chat couché sur le sternum", "fr", words()) == ("chest_pain",)
    assert "syncope" in scan("les voisins m'ont trouvée inanimée devant la porte", "fr", words())
    assert scan("les voisins ont trouvé un homme inanimé devant la porte", "fr", words()) == ()


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("maman a vomi 3 fois", True),
        ("je suis sa fille, elle va bien", True),
        ("texting for my husband, he has no pain", True),
        ("j'ai vomi 3 fois", False),
        ("mon mari m'a dit de vous écrire, j'ai mal au ventre", False),
        ("2", False),
    ],
)
def test_a_relative_who_answers_is_noted(text: str, note: bool) -> None:
    """What a relative tells counts as the patient's, and the nurse sees who told it."""
    assert ("third_person" in read(text, Asked(Kind.FREE_TEXT), "fr", words()).notes) is note


def test_a_danger_told_by_a_relative_is_the_patient_s() -> None:
    """Mrs Payet writes about her husband from his telephone."""
    reading = read("mon mari respire très mal depuis midi", Asked(), "fr", words())
    assert "dyspnea" in reading.dangers
    assert reading.escalate is Escalate.URGENT
    assert "third_person" in reading.notes


@pytest.mark.parametrize(("typed", "value"), [("1", "yes"), ("2", "no"), ("1.", "yes"), ("oui", "yes"), ("non", "no")])
def test_our_own_menu_is_answered_by_its_numbers(typed: str, value: str) -> None:
    """The text we send says "1 oui, 2 non"."""
    assert read(typed, Asked(Kind.YES_NO, ("vomited",)), "fr", words()).value == value


@pytest.mark.parametrize("typed", ["1", "2"])
def test_elsewhere_a_lone_digit_is_no_yes(typed: str) -> None:
    """Without our menu it may be how many times."""
    assert read(typed, Asked(Kind.YES_NO), "fr", words()).heard is Heard.ASK_AGAIN


@pytest.mark.parametrize(
    ("text", "fever"),
    [
        ("oui j'ai eu 39 à 3h du matin", True),
        ("elle a pris 39 à l'oreille", True),
        ("38,2 ce soir", True),
        ("385 ce matin", True),
        ("420 photos à trier", False),
        ("il pèse 3 kg 420", False),
        ("salle 39 au deuxième étage", False),
        ("39 euros ce soir", False),
        ("39 dehors à l'ombre", False),
        ("il fait 39", False),
    ],
)
def test_what_stands_beside_a_number(text: str, fever: bool) -> None:
    """The words that make a number a temperature, or anything else, stand in a list of their own."""
    assert ("fever" in scan(text, "fr", words())) is fever


def test_a_temperature_in_arabic_digits_is_a_temperature() -> None:
    """Any telephone's digits are digits."""
    assert read("٣٨,٥", Asked(Kind.TEMPERATURE), "fr", words()).value == "38.5"
