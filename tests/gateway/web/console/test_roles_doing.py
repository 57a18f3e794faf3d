"""What other roles are refused in `test_roles` passes for an admin, with the same forms, one act after another."""

import re

import pytest
from helpers.roles_at_work import console_of
from helpers.who_may import DOING


@pytest.mark.timeout(360)
def test_the_admin_may_do_all_that_others_are_refused(modules_addresses, tenants, tmp_path):
    wrong = []
    with console_of(modules_addresses, tenants, tmp_path) as console:
        drawings = console.drawings()
        for row in DOING:
            answer = console.press(row, drawings.get(row, {}))
            if answer is None:
                wrong.append((row, "no page draws it any more"))
            elif answer.status_code not in (200, 303) or "There is a problem" in answer.text:
                wrong.append((row, answer.status_code, re.findall(r'class="fault"[^>]*>([^<]*)', answer.text)))
    assert not wrong, "\n".join(map(str, wrong))
