"""Calls as partners' systems sign them, and the settings by which they are taken."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

import standardwebhooks
import svix

from gateway import clock

NEW = "whsec_" + base64.b64encode(b"the newest of all secrets").decode()
OLD = "whsec_" + base64.b64encode(b"the secret of before").decode()
PATH = "/v1/webhooks/acme/changes"

STANDARD = "{via: webhook, name: 'changes_{time}.json', secret: [HOOK_NEW, HOOK_OLD]}"
SETTINGS = """
partner: acme
firm: northgate
name: ACME Manufacturing, Inc.
time_zone: America/Chicago
feeds:
  changes:
    file: "changes_*.json"
    format: {type: json, records: data}
    contents: changes
    as_of: {file_name: "changes_%Y-%m-%dT%H%M%S%z.json"}
    arrivals: [ARRIVAL]
    client:
      key: employee_id
      fields:
        employee_id: {from: id, required: true}
        family_name: {from: last, required: true}
  silent:
    file: "silent_*.csv"
    format: {type: csv}
    contents: changes
    client: {key: employee_id, fields: {employee_id: {from: EMP_ID, required: true}}}
"""


def settings_with(arrival: str = STANDARD) -> str:
    return SETTINGS.replace("ARRIVAL", arrival)


def event(*numbers: int, last: str = "Silva") -> bytes:
    return json.dumps({"data": [{"id": f"E{number}", "last": last} for number in numbers]}).encode()


def signed(body: bytes, call_id: str, secret: str = NEW, at: datetime | None = None) -> dict[str, str]:
    """Headers as the package of Standard Webhooks makes them."""
    at = at or clock.now()
    signature = standardwebhooks.Webhook(secret).sign(call_id, at, body.decode())
    return {"webhook-id": call_id, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}


def signed_by_svix(body: bytes, call_id: str, secret: str = NEW) -> dict[str, str]:
    at = clock.now()
    signature = svix.Webhook(secret).sign(call_id, at, body.decode())
    return {"svix-id": call_id, "svix-timestamp": str(int(at.timestamp())), "svix-signature": signature}


def post(http: Any, body: bytes, headers: dict[str, str], path: str = PATH) -> Any:
    return http.post(path, content=body, headers={"Content-Type": "application/json"} | headers)
