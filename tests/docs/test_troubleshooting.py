"""Every message of trouble has an entry in docs/troubleshooting.md, and every entry a message."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from told import ROOT, messages, normal, texts

PAGE = ROOT / "docs" / "troubleshooting.md"


@dataclass(frozen=True)
class Entry:
    """One entry of the page: the messages it is about, and what it says of them."""

    messages: tuple[str, ...]
    why: str
    do: str


def entries(page: str) -> list[Entry]:
    found = []
    for section in re.split(r"^### ", page, flags=re.MULTILINE)[1:]:
        heading, _, rest = re.split(r"^## ", section, flags=re.MULTILINE)[0].partition("\n")
        also = re.match(r"\s*Also: (.+?)\n\n", rest, re.DOTALL)
        named = re.findall(r"`([^`]+)`", heading + (f" {also[1]}" if also else ""))
        points = dict(re.findall(r"^- \*\*(Why|Do)\*\*: (.+?)(?=^- \*\*|\Z)", rest, re.DOTALL | re.MULTILINE))
        assert points.keys() == {"Why", "Do"}, f"{heading} says not why, or not what to do"
        found.append(Entry(tuple(map(normal, named)), *(" ".join(points[name].split()) for name in ("Why", "Do"))))
    return found


ENTRIES = entries(PAGE.read_text(encoding="utf-8"))
EXPLAINED = [message for entry in ENTRIES for message in entry.messages]


def test_every_message_that_the_programs_can_print_has_an_entry() -> None:
    told = messages()
    assert len(told) > 200
    missing = sorted({f"{each.text}   ({each.place})" for each in told if each.text not in set(EXPLAINED)})
    assert missing == [], "add an entry to docs/troubleshooting.md: why it happens, what to do"


def test_every_entry_is_about_a_message_that_there_is() -> None:
    told = {each.text for each in messages()}
    assert [text for text in EXPLAINED if text not in told] == []


def test_no_message_has_two_entries() -> None:
    assert sorted(text for text in set(EXPLAINED) if EXPLAINED.count(text) > 1) == []


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.messages[0][:40])
def test_an_entry_says_why_and_what_to_do(entry: Entry) -> None:
    assert len(entry.why.split()) >= 6
    assert len(entry.do.split()) >= 3


# The search: a message is found whatever way it takes.


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('raise ValueError(f"the disk {name} is full")', ["the disk … is full"]),
        ('def why():\n    return "the disk is full"', ["the disk is full"]),
        ('log.warning("disk %s: %d rows, %.1f s, %.40r", a, b, c, d)', ["disk …: … rows, … s, …"]),
        ('reason = "the disk " f"{name} is full" if full else "it is gone"', ["the disk … is full", "it is gone"]),
        ('found += [f"{name} is empty" for name in names]', ["… is empty"]),
        ('TABLE = {"enum": lambda rule: f"must be one of {rule}"}', ["must be one of …"]),
        ('raise InvalidRecord(name, "missing")', ["missing"]),
        ('f(key="a", reason="the disk is full")', ["the disk is full"]),
        ('raise ValueError(f"{count} times: {\'it is full\' if full else other}")', ["… times: …", "it is full"]),
    ],
)  # fmt: skip
def test_a_message_is_found_whatever_way_it_takes(source: str, found: list[str]) -> None:
    assert sorted(text for text, _ in texts(source)) == sorted(found)


@pytest.mark.parametrize(
    "source",
    [
        '"""A module that does it."""',
        'def f():\n    """Do it, or not."""',
        'raise TypeError(f"{name} is of no use here")',
        'log.info("all is well with %s", name)',
        'PATTERN = re.compile("not a message")',
        'SCHEMA = {"type": "string", "description": "What it is for."}',
        'th.Property("a", description="What it is for.")',
        'value: "list of things" = 1',
        'value = names["an entry"]',
        'Warn("key", "said once, at ease", info=True)',
    ],
)
def test_what_is_no_trouble_is_no_message(source: str) -> None:
    assert list(texts(source)) == []


def test_an_entry_without_advice_is_no_entry() -> None:
    with pytest.raises(AssertionError, match="what to do"):
        entries("### `a message`\n\n- **Why**: it happens now and then, for a reason.\n")
