"""Baseline: the target's HTTP client and nothing else of it: ready-made requests, one by one over one connection.

Arguments: the sandbox's ready line as a file, and how many.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.bodies import ready_made
from target_optiply.auth import PasswordGrant
from target_optiply.client import Client, Request

ready = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["optiply"]
tokens = PasswordGrant(
    ready["auth_url"],
    client=(ready["client_id"], ready["client_secret"]),
    user=(ready["username"], ready["password"]),
    timeout=30.0,
    user_agent="bench",
)
client = Client(ready["api_url"], tokens, connections=1, timeout=30.0, user_agent="bench")
scope = (("accountId", str(ready["account_id"])), ("couplingId", str(ready["coupling_id"])))
for request in [Request("POST", "products", scope, body) for body in ready_made(int(sys.argv[2]))]:
    answer = client.send(request)
    if answer.status != 201:
        sys.exit(f"{answer.status} {answer.body[:300]!r}")
