"""What a run says beside its counts: remarks, what it left out, figures that were refused. Pure; bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MOST_NOTES = 500


@dataclass(slots=True)
class Note:
    """A sentence, and about how many records it was said.

    Attributes:
        subject: The resource type that it is about; empty where it is about none.
        text: What is said.
        first: The first record that it was said of; empty where it was said of none.
        times: How often it was said.
    """

    subject: str
    text: str
    first: str
    times: int = 0


class Notes:
    """Sentences of one kind, each kept once with its count.

    Attributes:
        more: How often something else was said after ``MOST_NOTES`` different sentences were kept.
    """

    def __init__(self) -> None:
        self._notes: dict[tuple[str, str], Note] = {}
        self.more = 0

    def __iter__(self) -> Iterator[Note]:
        return iter(self._notes.values())

    def __len__(self) -> int:
        return len(self._notes)

    def add(self, text: str, *, subject: str = "", about: str = "") -> None:
        """Note a sentence."""
        note = self._notes.get((subject, text))
        if note is None:
            if len(self._notes) >= MOST_NOTES:
                self.more += 1
                return
            note = self._notes[subject, text] = Note(subject, text, about)
        note.times += 1
