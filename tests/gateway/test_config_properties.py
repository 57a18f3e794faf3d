"""Whatever stands in a config file, reading it ends in a document or in findings."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.config import ConfigError, PartnerHead, decode, read
from gateway.wings import PARTNER_YAML

PIECES = [
    "partner", "feeds", "a", "01", "1e9", "~", "true", "é", ": ", ":", "- ", "[", "]", "{", "}", ",", "\n", "\n  ", "\t",
    '"', "'", "&x ", "*x", "!", "!!int ", "!!str ", "!!map ", "!!seq ", "!<", ">", "|", "#", "%", "%YAML 1.2\n", "---",
    "...", "? ", "<<: ", "\\", "\\U", "\\x", "0", "\ufeff", "\u2028", "\x85", "\r", "@", "`", "=", "\x00", "\ud800",
]  # fmt: skip
YAMLISH = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


def read_and_decode(source: str | bytes) -> None:
    findings = None
    try:
        document = read(source)
        decode(document, PartnerHead)
        decode(document, PARTNER_YAML.kind)
    except ConfigError as error:
        findings = error.findings
    assert findings != []
    for each in findings or []:
        assert (each.line >= 1, each.column >= 1, "\n" in str(each)) == (True, True, False)


@settings(max_examples=300, deadline=None)
@given(YAMLISH | st.text())
@example("%YAML " + "9" * 5000 + ".1\n--- a")
@example('"\\UFFFFFFFF"')
@example('a: "\\ud800"')
@example("a: " + "1" * 5000)
@example("a: !!float x")
@example("a: !<tag:yaml.org,2002:map> b")
@example("&a [*a]")
@example("? &a [*a]\n: b")
@example("? !!map x\n: b")
def test_any_text_is_a_document_or_findings(text):
    read_and_decode(text)


@settings(max_examples=150, deadline=None)
@given(st.binary())
def test_any_bytes_are_a_document_or_findings(data):
    read_and_decode(data)
