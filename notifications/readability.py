"""How easily a French text is read: the Kandel-Moles figure and the longest sentence. Pure arithmetic on words.

Flesch's formula refitted for French by Kandel and Moles ("Application de l'indice de Flesch à la langue française", Cahiers d'études de
radio-télévision 19, 1958): 207 - 1.015 x words per sentence - 73.6 x syllables per word. 60 and more is plain language (house rule
of ux.md, 2026-11-22).

What the figure is worth: it was fitted on pages of a hundred words; on a text of ten words one long word moves it by ten points. It
is a guard against long words and long sentences, not a proof that a patient understands. Choices made here, none of which flatters:
a sentence ends at . ? ! ; : as Flesch counted; a text's opening "service :" is not counted, it would be a sentence of two easy words;
an address or a telephone number is dialled, not read, and is left out; a number is one word of two syllables; a mute final e is
not a syllable, but the mute -ent of verbs is counted; letters said one by one (SMS) are a syllable each. Rejected: textstat, whose
syllables for French are hyphenation points ("été" would be one), which gives better figures than the truth.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

EASY = 60.0
"""The least Kandel-Moles figure of a text for a patient (house rule, 2026-11-22)."""
LONGEST = 12
"""The most words a sentence for a patient may have (house rule, 2026-11-22)."""

_NOT_READ = re.compile(r"https?://\S+|\+?\d[\d .]{7,}\d")
_ABBREVIATED = re.compile(r"\b(ex|réf|tél|env)\.", re.IGNORECASE)
_END = re.compile(r"(?<!\d)[.?!;:]+|[.?!;:]+(?!\d)")
_WORD = re.compile(r"\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:['’-][^\W\d_]+)*")
_VOWELS = "aeiouyàâäéèêëîïôöùûüœæ"
_SOUND = re.compile(rf"i?[éèêëï]|[{_VOWELS.translate(str.maketrans('', '', 'éèêëï'))}]+")


@dataclass(frozen=True)
class Reading:
    """words, sentences: of the whole text. score: Kandel-Moles. longest: words of the longest sentence, ``sentence``."""

    words: int
    sentences: int
    score: float
    longest: int
    sentence: str

    @property
    def is_easy(self) -> bool:
        """Both house rules kept."""
        return self.score >= EASY and self.longest <= LONGEST


def measure(text: str) -> Reading:
    """The figures of one French text as it is read, its placeholders filled. Raises ValueError when it holds no word."""
    bare = _ABBREVIATED.sub(r"\1", _NOT_READ.sub("", text.replace("\u00a0", " ").replace("\u202f", " ")))
    sentences = [(sentence.strip(), _WORD.findall(sentence)) for sentence in _END.split(bare)]
    sentences = [(sentence, words) for sentence, words in sentences if words]
    if not sentences:
        raise ValueError(f"there is no word to read in {text!r}")
    count = sum(len(words) for _, words in sentences)
    sounds = sum(syllables(word) for _, words in sentences for word in words)
    sentence, words = max(sentences, key=lambda pair: len(pair[1]))
    score = 207 - 1.015 * count / len(sentences) - 73.6 * sounds / count
    return Reading(count, len(sentences), round(score, 1), len(words), sentence)


def syllables(word: str) -> int:
    """As the word is said: "nausées" 2, "infirmière" 3, "oublié" 3, "payer" 2, "SMS" 3, "37,2" 2 (by decision)."""
    if word[0].isdigit():
        return 2
    return max(1, sum(_part(part) for part in re.split(r"['’-]", word.lower())))


def _part(part: str) -> int:
    said = re.sub(rf"(?<=[{_VOWELS}])y(?=[{_VOWELS}])", "j", part.replace("qu", "k"))
    said = re.sub(r"gu(?=[eéèiy])", "g", said)
    said = re.sub(rf"(?<=[bcdfgptv][lr])i(?=[{_VOWELS}])", "i-", said)
    if not re.search(rf"[{_VOWELS}]", said):
        return len(part) if len(part) > 1 else 0
    bare = re.sub(r"es?$", "", said)
    found = _SOUND.findall(bare if re.search(rf"[{_VOWELS}]", bare) else said)
    return len(found)
