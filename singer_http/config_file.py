"""What may be wrong with a configuration file, told in a sentence before the SDK reads it."""

from __future__ import annotations

import json
from pathlib import Path


def fault_of(path: str) -> str | None:
    """Return what is wrong with a configuration file, without any of its content; None where it can be used."""
    try:
        given = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        return f"The configuration file {path} cannot be read: {error.strerror}."
    except json.JSONDecodeError as error:
        return f"The configuration file {path} is no JSON: see line {error.lineno}, column {error.colno}."
    except ValueError:
        return f"The configuration file {path} is no text in UTF-8."
    return None if isinstance(given, dict) else f"The configuration file {path} holds no JSON object."
