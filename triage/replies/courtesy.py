"""Thanks and greetings around an answer: they say nothing of how somebody is."""

from __future__ import annotations

import re

from triage.replies.clauses import Text
from triage.replies.cutting import cut

_COURTESY = (
    r"(?:merci|mrc|mercis|bi[sz]ous?|bises|bizz?|bonne? (?:journee|soiree|nuit|apres|weekend|week|dimanche|courage|fetes?|annee|appetit)|"
    r"cordialement|amities|amicalement|bravo|courage|je vous embrasse|thanks?|thx|cheers|love to|kisses|hugs|regards|"
    r"have a (?:very )?(?:good|nice|great|lovely)|bonjour|bonsoir|hello|hi all|dear)"
)
_A_COURTESY = re.compile(rf"\b{_COURTESY}\b")
_LAST_COURTESY = re.compile(
    rf"[\s,.;!-]*(?:\b(?:et|and|avec|gros|grosses|tres|mille|un grand|many|big|lots of) )*\b{_COURTESY}\b(?!.*\d).*$", re.DOTALL
)
_FIRST_COURTESY = re.compile(rf"^\W*(?:(?:un grand|mille|many) )?\b{_COURTESY}\b[^\d,.:;!?\n]*[,.:;!?\n]")


def without_courtesy(text: Text) -> Text:
    """The text without its thanks and greetings: "toute l'équipe" says nothing about the figures before it, "beaucoup" neither."""
    if text.plain is None:
        text.plain = _plain(text)
    return text.plain


def _plain(text: Text) -> Text:
    if not _A_COURTESY.search(text.folded):
        return text
    kept = _LAST_COURTESY.sub("", _FIRST_COURTESY.sub("", text.folded))
    return text if kept == text.folded or not kept.strip() else cut(kept, text.grammar)
