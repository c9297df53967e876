"""Names as people type them: plain ones from word lists, and the odd ones that break careless programs."""

# ruff: noqa: RUF001 - characters that look like others are what these names are for
from __future__ import annotations

import random

ADJECTIVES = ("Adjustable", "Brass", "Compact", "Double", "Folding", "Heavy", "Magnetic", "Oak", "Rustic", "Slim")
NOUNS = ("desk lamp", "bracket", "chair", "cable", "drawer", "filter", "hinge", "kettle", "panel", "valve", "wheel")
COLOURS = ("black", "blue", "green", "grey", "red", "sand", "white", "yellow")
FIRST_NAMES = ("Ada", "Bram", "Chloë", "Daan", "Emre", "Femke", "Gül", "Hugo", "Inès", "Jörg", "Zoë", "Łukasz")
LAST_NAMES = ("Bakker", "de Vries", "van 't Hof", "O'Neill", "Müller", "Öztürk", "Park", "Ng", "d'Ávila")
STREETS = ("Wonder Ave.", "Kerkstraat", "Port Rd", "Rue de l'Église", "Ørstedsgade", "Quay 3 / Unit B")
CITIES = (
    ("Amsterdam", "NH", "1011 AB", "Netherlands"),
    ("Gent", "", "9000", "Belgium"),
    ("Toronto", "Ontario", "M5V 0A1", "Canada"),
    ("Köln", "NRW", "50667", "Germany"),
)
COMPANIES = ("Brightlight", "Northwind", "Van Dam & Zn", "Acme", "Fabrikam", "Küchen Krüger", "Oceanic", "Tailspin")
FORMS = ("Ltd", "B.V.", "GmbH", "Inc.", "S.A.", "& Co.")

#: ``{n}`` keeps them unique. The long ones cross 255 UTF-16 units, one of them in the middle of a surrogate pair.
ODD_NAMES = (
    "Smart bulb 💡🔆 {n}",
    "Family set 👩‍👩‍👧‍👦 {n}",
    "𝔉𝔯𝔞𝔨𝔱𝔲𝔯 𠮷野 sign {n}",
    "Shelf   with  double   spaces {n}",
    "Tab\tline\r\nbreak {n}",
    "{n} " + "long name that never ends " * 12,
    "27\" monitor 'Pro' \\ back/slash {n}",
    "مصباح مكتب \u202bنحاسي\u202c {n}",
    "  blanks at both ends {n}  ",
    "Café cre\u0301me, nbsp\u00a0and thin\u2009space {n}",
    "{n} " + "x" * 246 + "😀😀😀",
    "<b>Bold</b> & 100% {n}; drop",
    "null {n}",
    "Line\u2028separator {n}",
)


def _odd(index: int) -> str | None:
    if index % 9 != 4:
        return None
    return ODD_NAMES[(index // 9) % len(ODD_NAMES)].format(n=f"{index:07d}")


def product_name(index: int) -> str:
    """Return the unique name of the product at ``index``; one in nine is odd."""
    plain = f"{NOUNS[index % 11]}, {COLOURS[index // 11 % 8]} {index:06d}"
    return _odd(index) or f"{ADJECTIVES[index // 3 % 10]} {plain}"


def company_name(index: int, salt: int) -> str:
    """Return the unique name of a vendor or customer; one in nine is odd."""
    return _odd(index) or f"{COMPANIES[(index + salt) % 8]} {FORMS[(index // 8 + salt) % 6]} {index + 1}"


def person_name(rng: random.Random) -> str:
    """Return the name of a contact."""
    return f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"


def address(rng: random.Random, address_type: str | None = None) -> dict[str, str | None]:
    """Return an inline address value."""
    city, state, postal_code, country = rng.choice(CITIES)
    return {
        "address1": f"{rng.randint(1, 400)} {rng.choice(STREETS)}",
        "address2": rng.choice(("", "", "Unit 207", "c/o 'De  Hoek'")),
        "city": city,
        "state": state,
        "postalCode": postal_code,
        "country": country,
        "remarks": "",
        "addressType": address_type,
    }


EMPTY_ADDRESS = {
    "address1": "",
    "address2": "",
    "city": "",
    "state": "",
    "postalCode": "",
    "country": "",
    "remarks": "",
    "addressType": None,
}


def custom_fields(first: str = "", second: str = "") -> dict[str, str]:
    """Return the ten inline custom fields, of which the first two may hold something."""
    return {"custom1": first, "custom2": second, **{f"custom{number}": "" for number in range(3, 11)}}
