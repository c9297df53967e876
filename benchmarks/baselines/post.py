"""Baseline: post products with ``requests.Session.post``, one by one over one kept connection, bodies ready-made.

Arguments: the sandbox's ready line as a file, and how many.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import requests

from benchmarks.bodies import ready_made

ready = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["optiply"]
session = requests.Session()
form = {"grant_type": "password", "username": ready["username"], "password": ready["password"]}
answer = session.post(ready["auth_url"], data=form, auth=(ready["client_id"], ready["client_secret"]), timeout=30)
headers = {
    "Authorization": f"Bearer {answer.json()['access_token']}",
    "Content-Type": "application/vnd.api+json",
    "Accept": "application/vnd.api+json",
}
url = f"{ready['api_url']}/products?accountId={ready['account_id']}&couplingId={ready['coupling_id']}"
for body in ready_made(int(sys.argv[2])):
    answer = session.post(url, data=body, headers=headers, timeout=30)
    if answer.status_code != 201:
        sys.exit(f"{answer.status_code} {answer.text[:300]}")
