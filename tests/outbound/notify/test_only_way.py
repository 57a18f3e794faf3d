"""No way leads to a channel but through the gate: by the syntax trees of all modules, and when they run."""

from __future__ import annotations

import ast
import copy
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from helpers.passing import passed

from gateway.domain.preferences import budgets
from outbound.notify import gate
from outbound.notify.channels import CHANNELS
from outbound.notify.deciding import Decision, Passed, let_through

ROOT = Path(__file__).parents[3]
MODULES = sorted(
    str(path.relative_to(ROOT)) for wing in ("gateway", "ingest", "outbound") for path in (ROOT / wing).rglob("*.py")
)
MAKERS = {"outbound/notify/gate.py", "outbound/notify/deciding.py"}
POSTING = {"outbound/mail.py", "outbound/carriers/email.py", "outbound/notify/channels/email.py"}
KEEPING = {
    "forget",
    "forget_old",
    "keep",
}  # what others may ask of the post: about its folder, from which nothing leaves


ENGINE = {"outbound/notify/claiming.py", "outbound/notify/handing.py"}  # asks, hands over


def is_engine(module: str) -> bool:
    return module in ENGINE


def faults(module: str, source: str) -> list[str]:
    """What a module does that is another's to do, each with its line."""
    nodes = list(ast.walk(ast.parse(source)))
    post = {one.asname or one.name for node in nodes for one in _imported(node, "outbound") if one.name == "mail"}
    return [f"{node.lineno}: {told}" for node in nodes for told in _faults(module, node, post)]


def _faults(module: str, node: ast.AST, post: set[str]) -> Iterator[str]:
    if module not in MAKERS and _names(node) & {"let_through", "Passed.__new__", "object.__new__(Passed)"}:
        yield "makes a pass"
    if isinstance(node, ast.Call) and _last(node.func) == "Passed":
        yield "makes a pass"
    if not is_engine(module) and module not in MAKERS and _crosses(node):
        yield "crosses the gate"
    if not is_engine(module) and _sends(node):
        yield "sends by a line"
    if module not in POSTING and _posts(node, post):
        yield "posts mail"


def _imported(node: ast.AST, module: str) -> list[ast.alias]:
    return node.names if isinstance(node, ast.ImportFrom) and node.module == module else []


def _names(node: ast.AST) -> set[str]:
    if isinstance(node, ast.ImportFrom):
        return {one.name for one in node.names}
    return {ast.unparse(node)} if isinstance(node, ast.Name | ast.Call) else _attribute(node)


def _attribute(node: ast.AST) -> set[str]:
    return {node.attr, ast.unparse(node)} if isinstance(node, ast.Attribute) else set()


def _last(node: ast.AST) -> str:
    return ast.unparse(node).rpartition(".")[2]


def _crosses(node: ast.AST) -> bool:
    imported = any(one.name in {"cross", "*"} for one in _imported(node, "outbound.notify.gate"))
    return imported or (isinstance(node, ast.Attribute) and ast.unparse(node).endswith("gate.cross"))


def _sends(node: ast.AST) -> bool:
    """A line is handed a pass, an envelope and words; what else is called `send` takes other things."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "send"):
        return False
    given = [*node.args, *(one.value for one in node.keywords)]
    return any(_last(one) == "passed" for one in given) or any(one.arg == "passed" for one in node.keywords)


def _posts(node: ast.AST, post: set[str]) -> bool:
    if _imported(node, "outbound.mail") or _imported(node, "smtplib"):
        return any(one.name not in KEEPING for one in node.names)  # type: ignore[attr-defined]
    if isinstance(node, ast.Import):
        return any(one.name in {"smtplib", "outbound.mail"} for one in node.names)
    return isinstance(node, ast.Attribute) and ast.unparse(node.value) in post and node.attr not in KEEPING


@pytest.mark.parametrize("module", MODULES)
def test_nobody_makes_a_pass_crosses_sends_or_posts_whose_affair_it_is_not(module):
    assert faults(module, (ROOT / module).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "from outbound.notify.gate import Passed\nPassed(a, b)",
        "from outbound.notify import gate\ngate.Passed(a, b)",
        "from outbound.notify.deciding import let_through",
        "from outbound.notify import deciding\ndeciding.let_through(a, b, c)",
        "Passed.__new__(Passed)",
        "object.__new__(Passed)",
        "from outbound.notify.gate import cross",
        "from outbound.notify.gate import *",
        "from outbound.notify import gate\ngate.cross(office, session, ids, 'test')",
        "import outbound.notify.gate\noutbound.notify.gate.cross(office, session, ids, 'test')",
        "line.send(passed, envelope, words)",
        "line.send(crossing.passed, envelope, words)",
        "line.send(envelope=envelope, passed=one, words=words)",
        "from outbound import mail\nmail.post(settings, message, to, 'x')",
        "from outbound import mail as letters\nletters.post(settings, message, to, 'x')",
        "from outbound.mail import post",
        "import outbound.mail",
        "import smtplib",
        "from smtplib import SMTP",
    ],
)
def test_a_way_around_the_gate_is_noticed(source):
    assert faults("gateway/somewhere.py", source)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "outbound/notify/handing.py",
            "from outbound.notify.gate import cross\nline.send(one.passed, envelope, words)",
        ),
        ("outbound/notify/channels/sms.py", "from outbound.notify.gate import Passed\ndoor.send('POST', url, headers)"),
        ("outbound/erasing.py", "from outbound import mail\nmail.forget(settings, names)"),
        ("outbound/carriers/email.py", "from outbound import mail\nmail.post(settings, message, to, name)"),
    ],
)
def test_what_is_somebodys_affair_is_left_to_them(module, source):
    assert faults(module, source) == []


def test_a_pass_cannot_be_called_into_being():
    for call in (Passed, gate.Passed, lambda: Passed(uuid4(), uuid4()), lambda: Passed(dispatch_id=uuid4())):
        with pytest.raises(TypeError, match="through the gate"):
            call()


def test_a_pass_cannot_be_copied_kept_changed_or_inherited():
    one = passed()
    for copying in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="neither copied nor kept"):
            copying(one)
    with pytest.raises(AttributeError, match="stays as it is"):
        one.dispatch_id = uuid4()
    with pytest.raises(TypeError, match="one kind of pass"):
        type("Forged", (Passed,), {})
    with pytest.raises((TypeError, msgspec.ValidationError)):
        msgspec.convert({"dispatch_id": str(uuid4()), "decision_id": str(uuid4())}, Passed)
    assert not isinstance((uuid4(), uuid4()), Passed)


def test_there_is_a_pass_for_send_alone():
    dispatch_id, decision_id = uuid4(), uuid4()
    let = let_through(dispatch_id, decision_id, Decision(verdict="send", reason="clear"))
    assert (let.dispatch_id, let.decision_id) == (dispatch_id, decision_id)
    for verdict in ("delay", "stop"):
        assert let_through(dispatch_id, decision_id, Decision(verdict=verdict, reason="opted_out")) is None


@pytest.mark.parametrize(
    "first", ["outbound.notify.gate", "outbound.notify.facts", "outbound.notify.channels", "outbound.notify.deciding"]
)
def test_any_of_the_modules_may_be_imported_first(first):
    words = [sys.executable, "-c", f"import {first}; from outbound.notify.gate import Passed, cross"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_channel_has_a_budget():
    assert set(CHANNELS) <= set(budgets.channels())
