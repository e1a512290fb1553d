"""What a patient wrote, understood: danger first, then the answer, then everything else."""

from triage.replies.reading import read, scan
from triage.replies.words import Words, words_from

__all__ = ["Words", "read", "scan", "words_from"]
