"""Spans of requests, jobs and the phases of imports, for a collector of OpenTelemetry where the settings name one.

Without one nothing of OpenTelemetry is imported, and a span costs a look at a variable. An attribute is an id, a word
of ours, a partner or a number; what an exception says stays in the log, for it may speak of a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gateway.errors import Permanent
from gateway.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider

Attribute = str | int | float | bool | None

_SEND_SECONDS = 5.0  # what a collector may take for a batch
_running: dict[str, TracerProvider] = {}  # one, while this process traces


@contextmanager
def tracing(settings: Settings, role: str) -> Iterator[None]:
    """Send this process's spans meanwhile, if the settings name a collector; at the end, those that wait.

    Raises:
        Permanent: `tracing_missing`, OpenTelemetry is not installed.
    """
    if settings.otlp_endpoint is None:
        yield
        return
    provider = _provider(settings.otlp_endpoint, role)
    _running["provider"] = provider
    try:
        yield
    finally:
        del _running["provider"]
        provider.shutdown()


class Span:
    """A span that may be told more until it ends; where nobody traces, all of that is nothing."""

    def __init__(self, found: Any = None) -> None:  # noqa: ANN401 - OpenTelemetry's, which may not be installed
        self._found = found

    def tell(self, name: str | None = None, *, failed: str | None = None, **attributes: Attribute) -> None:
        """Rename it, add attributes, or say in a word how it failed."""
        if self._found is None:
            return
        if name:
            self._found.update_name(name)
        self._found.set_attributes(_named(attributes))
        if failed:
            self._found.set_attribute("error.type", failed)
            self._found.set_status(_error())


_NO_SPAN = Span()


@contextmanager
def span(name: str, *, made_by: str | None = None, **attributes: Attribute) -> Iterator[Span]:
    """A span around what happens meanwhile, below the one that is open in this thread.

    Args:
        name: of what is done.
        made_by: the span that made it necessary, as W3C traceparent, where that was in another process.
        attributes: of it; `job_id` becomes `gateway.job_id`, None is left out.
    """
    provider = _running.get("provider")
    if provider is None:
        yield _NO_SPAN
        return
    with provider.get_tracer("gateway").start_as_current_span(
        name,
        context=_context(made_by) if made_by else None,
        attributes=_named(attributes),
        record_exception=False,
        set_status_on_exception=False,
    ) as found:
        one = Span(found)
        try:
            yield one
        except BaseException as error:
            one.tell(failed=type(error).__name__)
            raise


def traceparent() -> str | None:
    """The span that is open in this thread, as W3C traceparent; None where there is none."""
    if not _running:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415 - see above

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")


def _context(made_by: str) -> Context:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415 - see above

    return TraceContextTextMapPropagator().extract({"traceparent": made_by})


def _provider(endpoint: str, role: str) -> TracerProvider:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - see above
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise Permanent(
            "tracing_missing",
            "GATEWAY_OTLP_ENDPOINT is set, but OpenTelemetry is not installed:"
            " pip install 'partner-integration-gateway[otel]'.",
        ) from error
    provider = TracerProvider(resource=Resource.create({"service.name": "gateway", "gateway.role": role}))
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=_SEND_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _error() -> Any:  # noqa: ANN401 - OpenTelemetry's, which may not be installed
    from opentelemetry.trace import StatusCode  # noqa: PLC0415 - see above

    return StatusCode.ERROR


def _named(attributes: dict[str, Attribute]) -> dict[str, str | int | float | bool]:
    return {f"gateway.{name}": value for name, value in attributes.items() if value is not None}
