"""Spans go to a collector where the settings name one, and hold nothing that an exception or a file said."""

import subprocess
import sys
import time

import pytest
from helpers.otel_collector import collecting
from helpers.servers import free_port
from msgspec.structs import replace

from gateway.errors import Permanent
from gateway.settings import load
from gateway.tracing import span, traceparent, tracing


def test_the_endpoint_is_ours_or_the_standard_one_and_an_address():
    assert load({}).otlp_endpoint is None
    assert load({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4318"}).otlp_endpoint == "http://a:4318"
    both = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4318", "GATEWAY_OTLP_ENDPOINT": "http://b:4318"}
    assert load(both).otlp_endpoint == "http://b:4318"
    with pytest.raises(Permanent, match="GATEWAY_OTLP_ENDPOINT must be an address"):
        load({"GATEWAY_OTLP_ENDPOINT": "collector:4318"})


def test_spans_arrive_with_their_attributes_below_the_one_that_made_them(settings):
    with collecting() as collector:
        with tracing(replace(settings, otlp_endpoint=collector.url + "/"), "worker"):
            with span("making", partner="acme", code=None) as made:
                parent = traceparent()
                made.tell("made", rows=3)
            with span("job", made_by=parent), span("phase"):
                pass
        assert traceparent() is None
    making, job, phase = (collector.one(name) for name in ("made", "job", "phase"))
    assert making.attributes == {"gateway.partner": "acme", "gateway.rows": 3}
    assert (making.role, making.parent) == ("worker", "")
    assert parent.split("-")[1:3] == [making.trace, making.id]
    assert (job.trace, job.parent) == (making.trace, making.id)
    assert (phase.trace, phase.parent) == (making.trace, job.id)


def test_what_an_exception_says_stays_here_and_only_its_kind_is_told(settings):
    with (
        collecting() as collector,
        tracing(replace(settings, otlp_endpoint=collector.url), "worker"),
        pytest.raises(ValueError, match="Zelenka"),
        span("failing"),
    ):
        raise ValueError("Zelenka, born 1980-02-03")
    failing = collector.one("failing")
    assert (failing.failed, failing.attributes) == (True, {"error.type": "ValueError"})
    assert "Zelenka" not in failing.whole


def test_a_collector_that_is_away_delays_an_end_by_seconds_at_most(settings):
    begun = time.perf_counter()
    with tracing(replace(settings, otlp_endpoint=f"http://127.0.0.1:{free_port()}"), "worker"), span("lost"):
        pass
    assert time.perf_counter() - begun < 20, "6 seconds on an idle machine"


def test_where_nobody_traces_a_span_is_nothing(settings):
    with tracing(settings, "worker"), span("nothing", job_id="1") as told:
        told.tell("other", failed="so")
        assert traceparent() is None


UNTRACED = """
import sys
import gateway.web.server, gateway.jobs.worker, gateway.jobs.schedule, gateway.cli.serve, ingest.jobs
from gateway.settings import load
from gateway.tracing import span, tracing

with tracing(load({}), "api"), span("request"):
    pass
print([name for name in sys.modules if name.startswith(("opentelemetry", "google.protobuf", "requests"))])
"""
MISSING = """
import sys
sys.modules["opentelemetry.sdk.trace"] = None
from gateway.settings import load
from gateway.tracing import tracing

try:
    with tracing(load({"GATEWAY_OTLP_ENDPOINT": "http://127.0.0.1:1"}), "api"):
        pass
except Exception as error:
    print(error.sentence)
"""


def said(program):
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    ).stdout


def test_without_the_setting_nothing_of_opentelemetry_is_imported():
    assert said(UNTRACED) == "[]\n"


def test_without_the_packages_a_sentence_says_how_to_install_them():
    assert "pip install 'partner-integration-gateway[otel]'" in said(MISSING)
