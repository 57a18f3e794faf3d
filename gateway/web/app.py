"""The application: the one list of routes, and what all requests have in common."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Any

from anyio import CapacityLimiter
from litestar import Litestar, Request, Response, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ControllerRouterHandler
from litestar.utils import normalize_path

from gateway import tallies
from gateway.db.direct import Direct
from gateway.db.session import Database
from gateway.domain.links.clicks import Clicks
from gateway.domain.upkeep.checks import Check
from gateway.domain.upkeep.health import examine
from gateway.domain.upkeep.looking import Examiner
from gateway.errors import Problem
from gateway.jobs.broker.listening import Bulletin
from gateway.jobs.broker.nudging import Nudger
from gateway.jobs.ledger import PROGRESS
from gateway.limits import counter_for
from gateway.logging import configure
from gateway.office import Office
from gateway.settings import Settings, load
from gateway.web import console, public
from gateway.web.api import (
    arrivals,
    assignment,
    assignment_policy,
    attorneys,
    audit,
    auth,
    callbacks,
    cases,
    checks,
    clients,
    config_drafts,
    configs,
    credentials,
    criteria,
    deliveries,
    document,
    documents,
    eligibility,
    employees,
    expiry,
    feeds,
    files,
    health,
    hris,
    imports,
    inbox,
    jobs,
    limits,
    lines,
    links,
    metrics,
    models,
    notices,
    notifications,
    oauth,
    outbox,
    outcomes,
    partners,
    preferences,
    previews,
    profiles,
    push,
    records,
    repair_links,
    repairs,
    reports,
    reviews,
    staff,
    templates,
    trials,
    walls,
    webhooks,
)
from gateway.web.auth import admit, provide_call
from gateway.web.auth.lobby import Lobby
from gateway.web.auth.partners import Known
from gateway.web.auth.tokens import Keyring
from gateway.web.belling import Belling
from gateway.web.bodies import Asking
from gateway.web.bulkheads import (
    HEAVY,
    HEAVY_EACH,
    LEAFING,
    LEAFING_EACH,
    READING,
    READING_EACH,
    SENDING,
    SENDING_EACH,
    STORING,
    Bulkhead,
)
from gateway.web.calls import PROOF
from gateway.web.console import visiting
from gateway.web.console.page import SAID, on_http_error_page
from gateway.web.described import Described
from gateway.web.following import Following
from gateway.web.heads import headed
from gateway.web.problems import on_http_error, on_problem, on_surprise
from gateway.web.public.strangers import Strangers
from gateway.web.reference import Reference, reference_router
from gateway.web.schemas import Constrained
from gateway.web.watching import watched
from gateway.wings import office_of
from ingest.arrivals.standing import check as places

OPEN_ROUTES: list[ControllerRouterHandler] = [
    health.live,
    health.ready,
    document.describe,
    metrics.metrics,
    oauth.give_token,
    webhooks.take_call,
    callbacks.note_status,
    callbacks.take_answer,
    public.router,
]
ROUTES: list[ControllerRouterHandler] = [
    assignment.router,
    assignment_policy.router,
    attorneys.router,
    audit.router,
    auth.login,
    auth.logout,
    auth.me,
    auth.change_password,
    auth.list_sessions,
    auth.end_other_sessions,
    auth.end_session,
    cases.router,
    checks.of_client,
    checks.router,
    clients.router,
    config_drafts.router,
    config_drafts.listing,
    trials.router,
    configs.router,
    credentials.router,
    criteria.router,
    deliveries.router,
    documents.router,
    eligibility.router,
    employees.router,
    expiry.router,
    files.router,
    imports.router,
    previews.router,
    lines.router,
    repairs.router,
    repair_links.of_firm,
    repair_links.router,
    inbox.router,
    jobs.router,
    arrivals.router,
    limits.router,
    links.router,
    models.router,
    notices.router,
    limits.status,
    limits.list_rates,
    health.tell_checks,
    notifications.router,
    outbox.router,
    outcomes.router,
    partners.router,
    feeds.router,
    push.push_key,
    push.router,
    preferences.router,
    profiles.kinds,
    profiles.router,
    records.router,
    reports.router,
    reviews.of_checks,
    reviews.router,
    hris.accounts,
    hris.router,
    staff.router,
    templates.router,
    walls.router,
]

MOST_BODY = 1 << 20  # bytes of a request, where a route does not say otherwise


def create_app(settings: Settings | None = None) -> Litestar:
    """The application over an installation's database; the environment's, unless other settings are given."""
    settings = settings or load()
    configure(settings, "api")
    app = Described(
        [*OPEN_ROUTES, Router("/v1", route_handlers=ROUTES), console.router, visiting.router],
        lifespan=[_opened(settings)],
        guards=[admit],
        dependencies={
            "office": Provide(_provide_office, sync_to_thread=False),
            "call": Provide(provide_call, sync_to_thread=False),
        },
        exception_handlers={Problem: on_problem, HTTPException: _on_http_error, Exception: on_surprise},
        openapi_config=_openapi(),
        plugins=[Constrained()],
        request_class=Asking,
        request_max_body_size=MOST_BODY,
        logging_config=None,
        debug=False,
    )
    answering = headed(app.asgi_handler, partial(_is_page, app), SAID)
    app.asgi_handler = watched(answering)  # around the router: middleware sees known paths only
    _refuse_undeclared(app)
    return app


def _is_page(app: Litestar, path: str) -> bool:
    """Whether a GET of this path is answered by the console."""
    try:
        _, handler, *_ = app.asgi_router.handle_routing(path=normalize_path(path), method="GET")
    except HTTPException:
        return False
    return console.is_page(handler)


def _on_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """An address that is nobody's is told to a browser as a page, and to programs as all else."""
    return (on_http_error_page if console.is_wanted(request) else on_http_error)(request, error)


def _provide_office(state: State) -> Office:
    office: Office = state.office
    return office


def _examined(office: Office) -> Iterator[Check]:
    """All checks; those of places need the database."""
    for one in examine(office.settings):
        yield one
        if one.name == "database" and one.level != "ok":
            return
    yield places(office)


def _opened(settings: Settings) -> Any:  # noqa: ANN401 - Litestar's lifespan type is an alias of its own
    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        database = Database.open(settings)
        app.state.office = office_of(database, settings)
        app.state.keyring = Keyring(app.state.office)
        app.state.counter = counter_for(settings.limits_url)
        app.state.known = Known()
        app.state.examiner = Examiner(partial(_examined, app.state.office))
        nudger = Nudger(settings, database.addresses)
        database.tell = nudger.nudge
        app.state.heavy = Bulkhead(HEAVY_EACH, HEAVY)
        app.state.leafing = Bulkhead(LEAFING_EACH, LEAFING)
        app.state.sending = Bulkhead(SENDING_EACH, SENDING)
        app.state.readers = Bulkhead(READING_EACH, READING)
        app.state.storing = CapacityLimiter(STORING)
        app.state.lobby = Lobby(app.state.office)
        app.state.strangers = Strangers()
        app.state.clicks = Clicks()
        app.state.following = Following(Bulletin(database.addresses.app, PROGRESS))
        app.state.belling = Belling(database.addresses.app)
        try:
            async with Direct(database.addresses.app) as app.state.direct:
                with tallies.kept(database, app.state.clicks.settle):
                    yield
        finally:
            app.state.belling.close()
            app.state.following.bulletin.close()
            nudger.close()
            app.state.counter.close()
            database.close()

    return lifespan


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Partner integration gateway",
        version=version("partner-integration-gateway"),
        openapi_router=reference_router(),
        render_plugins=[Reference(path="/")],
        components=Components(security_schemes={PROOF: SecurityScheme(type="http", scheme="bearer")}),
        use_handler_docstrings=True,
    )


def routes_of(app: Litestar) -> list[tuple[str, str, HTTPRouteHandler]]:
    """Every route of ours: path, method, handler. What the framework adds (OPTIONS, the document) is not ours."""
    return [
        (route.path, method, handler)
        for route in app.routes
        for handler in getattr(route, "route_handlers", [])
        if isinstance(handler, HTTPRouteHandler) and _is_ours(handler)
        for method in sorted(handler.http_methods)
        if method != "OPTIONS"
    ]


def _is_ours(handler: BaseRouteHandler) -> bool:
    return str(handler).startswith("gateway.")


def _refuse_undeclared(app: Litestar) -> None:
    """A route that forgot to say who may use it must not exist."""
    for path, method, handler in routes_of(app):
        if ("may" in handler.opt) == bool(handler.opt.get("open")):
            raise AssertionError(f"{method} {path} must name its permission, or say that it is open")
        if console.is_page(handler) and method != "GET" and "form" not in handler.parsed_fn_signature.parameters:
            raise AssertionError(f"{method} {path} must take the form that it is sent, for that is checked with it")
