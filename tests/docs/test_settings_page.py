from __future__ import annotations

import re

from about import PROGRAMS, Setting, about
from settings_page import PAGE, entry, regenerated


def test_the_page_says_what_the_programs_say() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == regenerated(text), "settings or streams changed: run `make docs-tables`"


def test_every_setting_has_its_place_and_its_variable() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for program in PROGRAMS:
        for name in about(program)["settings"]["properties"]:
            variable = f"{program.replace('-', '_')}_{name}".upper()
            assert f"`{variable}`" in text or re.search(rf"^\| `{name}` \|.*`{program}`", text, re.MULTILINE), variable


def test_an_entry_says_what_a_setting_may_be() -> None:
    setting = Setting("speed", "Speed", "How fast.", "options", ("slow", "fast"), "slow", required=False, secret=False)
    assert entry("tap-inventory", setting).splitlines()[2:] == [
        "How fast.",
        "",
        "`TAP_INVENTORY_SPEED` · one of `slow`, `fast` · default `slow`",
    ]
    token = Setting("token", "Token", "The key.", "string", (), None, required=True, secret=True)
    assert entry("tap-inventory", token).splitlines()[-1] == "`TAP_INVENTORY_TOKEN` · text · required · secret"
