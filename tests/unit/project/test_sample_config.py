from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from about import PROGRAMS, SAMPLE_CONFIG


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_sample_is_a_valid_configuration(name: str, abouts: dict[str, dict[str, Any]]) -> None:
    config = json.loads(SAMPLE_CONFIG.read_text(encoding="utf-8"))[name]
    schema = abouts[name]["settings"]
    # Only what the sample sets: the SDK's schema of stream maps is not itself a valid one.
    properties = {setting: schema["properties"][setting] for setting in config}
    jsonschema.validate(config, {"type": "object", "properties": properties, "required": schema.get("required", [])})
