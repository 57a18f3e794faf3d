"""What is wrong with the settings of a webhook is told with the line and what to do."""

import pytest
from helpers.webhooks import settings_with

from gateway.config import ConfigError
from gateway.wings import PARTNER_YAML

NAME = "name: 'changes_{time}.json'"


@pytest.mark.parametrize(
    ("arrival", "sentence"),
    [
        ("{via: webhook, name: 'other_{time}.json', secret: HOOK}", "is none of this feed's: changes_*.json"),
        ("{via: webhook, name: 'changes_new.json', secret: HOOK}", "`as_of` cannot read changes_new.json"),
        ("{via: webhook, name: 'changes_{day}.json', secret: HOOK}", "A name knows {time} alone, not {day}"),
        ("{via: webhook, name: '../{time}.json', secret: HOOK}", "name"),
        (f"{{via: webhook, {NAME}, secret: HOOK, look: true}}", "or that it is time to `look`"),
        ("{via: webhook, secret: HOOK, look: true}", "There is nowhere to look"),
        (f"{{via: webhook, {NAME}, secret: hunter2}}", "secret"),
        (f"{{via: webhook, {NAME}, secret: []}}", "secret"),
        (f"{{via: webhook, {NAME}, secret: HOOK, id: X-Id}}", "say the id in `webhook-id`"),
        (f"{{via: webhook, {NAME}, secret: HOOK, proof: {{type: hmac}}}}", "header"),
        (
            f"{{via: webhook, {NAME}, secret: HOOK, proof: {{type: hmac, header: X, signed: '{{id}}.'}}}}",
            "the body in it",
        ),
        (
            f"{{via: webhook, {NAME}, secret: HOOK, proof: {{type: hmac, header: X, signed: '{{id}}.{{body}}'}}}}",
            "what the header says that `id` names",
        ),
        (
            f"{{via: webhook, {NAME}, secret: HOOK, proof: {{type: hmac, header: X, timestamp: T, signed: '{{body}}'}}}}",
            "A time counts where it is signed",
        ),
        (
            f"{{via: webhook, {NAME}, secret: HOOK, proof: {{type: hmac, header: X, signed: '{{timestamp}}{{body}}'}}}}",
            "A time counts where it is signed",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused(arrival, sentence):
    with pytest.raises(ConfigError) as caught:
        PARTNER_YAML.read(settings_with(arrival), "partner.yaml")
    assert sentence in str(caught.value)
    assert "partner.yaml:1" in str(caught.value)
    assert "hunter2" not in str(caught.value)
