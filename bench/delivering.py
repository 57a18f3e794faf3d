"""The row about deliveries: parcels of one line posted over HTTPS by a worker, against a client that only posts."""

from __future__ import annotations

import base64
import http.client
import os
import secrets
import ssl
import subprocess
import sys
from pathlib import Path
from threading import Event
from time import perf_counter
from uuid import UUID

from laboratory import Laboratory
from measuring import Budget, Sample, Samples, Scenario
from realtime import FIRM, HERE, ME, free_port, installation, running
from sqlalchemy import func, select

from gateway import settings
from gateway.db.models import Client, EventRow, Parcel
from gateway.db.session import Database
from gateway.domain.partners import homes, versions
from gateway.events import ClientChanged
from gateway.jobs.queues import Queue
from gateway.jobs.worker import Worker, connections_for
from gateway.office import Office
from gateway.wings import KINDS, PARTNER_YAML, office_of
from outbound import carrying, waiting
from outbound.changes import body_of

PARCELS = int(os.environ.get("BENCH_PARCELS", "5000"))
_POOLS: dict[Queue, int] = {"deliveries": 1}

_SETTINGS = """
partner: bench
firm: FIRM
name: Bench
time_zone: UTC
feeds: {}
deliveries:
  changes:
    trigger: on_change
    events: [client.updated]
    carrier: {via: https, url: "https://127.0.0.1:PORT/hooks", secret: HOOK}
"""


def _deliveries(lab: Laboratory) -> Samples:
    port, certificate, key = free_port(), lab.folder / "sink.crt", lab.folder / "sink.key"
    _certify(certificate, key)
    os.environ["SSL_CERT_FILE"] = str(certificate)
    sink = [sys.executable, str(HERE / "sink.py"), str(port), str(certificate), str(key)]
    with running(sink, port, dict(os.environ)):
        office = _office(lab, port)
        try:
            size = _laid_out(office)
            lab.settle()
            yield "deliveries", Sample(_carried(office), _posted(port, size), 0.0)
        finally:
            office.db.close()


def _certify(certificate: Path, key: Path) -> None:
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    command += ["-subj", "/CN=sink", "-addext", "subjectAltName=IP:127.0.0.1", "-out", str(certificate)]
    subprocess.run([*command, "-keyout", str(key)], check=True, stderr=subprocess.DEVNULL)


def _office(lab: Laboratory, port: int) -> Office:
    """An installation that may call this machine, with a partner to which changes are told there."""
    firm, _, _ = installation(lab)
    kept = lab.folder / "secrets" / FIRM
    kept.mkdir(parents=True)
    kept.joinpath("HOOK").write_text(f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}", encoding="ascii")
    told = {"GATEWAY_DATA_DIR": str(lab.server.data_dir), "GATEWAY_ALLOW_PRIVATE": "127.0.0.0/8"}
    loaded = settings.load(told | {"GATEWAY_SECRETS_DIR": str(kept.parent)})
    office = office_of(Database(Database.open(loaded).addresses, connections=connections_for(_POOLS)), loaded)
    agreed = lab.folder / "partner.yaml"
    agreed.write_text(_SETTINGS.replace("FIRM", FIRM).replace("PORT", str(port)), encoding="utf-8")
    with office.acting(UUID(firm), ME) as acting:
        versions.apply(acting, PARTNER_YAML.read(agreed))
    return office


def _laid_out(office: Office) -> int:
    """Parcels that wait on the line, each about the same change of one person; the bytes of one."""
    home = homes.find_home(office, "bench")
    with office.acting(home.firm_id, ME) as acting:
        [person] = acting.session.scalars(select(Client.id).limit(1))
        acting.tell(ClientChanged(partner_id=home.partner_id, records=[person], change="updated"))
        acting.session.flush()
        seq = acting.session.scalars(select(func.max(EventRow.seq))).one()
        line = waiting.line_of(acting.session, home, "changes")
        waiting.add(acting.session, line, [waiting.Cause("event", event_seq=seq)] * PARCELS)
        carrying.queue(acting.session, line)
        return len(body_of(acting.session, home.firm_id, seq, 0))


def _carried(office: Office) -> float:
    worker = Worker(office, KINDS, _POOLS)
    begun = perf_counter()
    worker.start()
    try:
        while _waiting(office):
            Event().wait(0.2)
        return perf_counter() - begun
    finally:
        worker.stop()


def _waiting(office: Office) -> bool:
    with office.db.system() as session:
        tried = session.scalars(select(func.count()).where(Parcel.attempts > 1)).one()
        if tried:
            raise SystemExit("The bench is broken: the sink did not take all.")
        return bool(session.scalar(select(func.count()).where(Parcel.state == "waiting")))


def _posted(port: int, size: int) -> float:
    """The same number of bytes as often, on a connection each, as the gateway makes them."""
    trust, body = ssl.create_default_context(), b"x" * size
    begun = perf_counter()
    for _ in range(PARCELS):
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=trust)
        connection.request("POST", "/hooks", body, {"content-type": "application/json"})
        connection.getresponse().read()
        connection.close()
    return perf_counter() - begun


SCENARIOS = (
    Scenario(
        {
            "deliveries": Budget(
                f"{PARCELS:,} parcels of one line over HTTPS: made, stored, signed, every attempt on record",
                "a bare client that posts as much as often",
                15.0,
            )
        },
        _deliveries,
        rounds=1,
        long=True,
    ),
)
