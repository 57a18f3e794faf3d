"""Who gets in: by a key or a password that is live, to one partner alone; nobody learns which partners there are."""

import asyncio
import time
from datetime import timedelta

import asyncssh
import paramiko
import pytest
from helpers.endpoint import ADMIN
from helpers.servers import until

from gateway import clock
from gateway.domain.access import credentials, host_key, sign_in_delays, ssh_keys
from gateway.errors import Conflict, Invalid, Permanent


def live(inbox, prefix="gw"):
    return inbox.sql("SELECT id FROM credentials WHERE prefix LIKE %s", f"{prefix}%")[0][0]


def refused(endpoint, user, **proof):
    with pytest.raises(paramiko.AuthenticationException), endpoint.paramiko(user, **proof):
        pass


def acts(inbox, action):
    return inbox.sql("SELECT actor, origin FROM audit_log WHERE action = %s", action)


def test_a_login_is_on_record_with_its_address_and_the_credential_was_used(endpoint, acme, inbox):
    with endpoint.paramiko("acme", key=acme) as client:
        client.listdir("/")
    assert acts(inbox, "sftp.login") == [("acme", "127.0.0.1")]
    assert inbox.sql("SELECT last_used_at IS NOT NULL, usual_from FROM credentials") == [(True, ["127.0.0.1"])]


def test_a_key_lets_in_to_its_own_partner_alone(endpoint, acme, inbox):
    for other in ("globex", "initech", "nobody", "ACME", "acme\x00", ""):
        refused(endpoint, other, key=acme)
    assert acts(inbox, "sftp.login") == []


def test_one_key_may_be_of_two_partners_each_under_its_own_name(endpoint, acme, tenants, inbox):
    public = ssh_keys.normalised(asyncssh.read_private_key(str(acme)).export_public_key().decode())
    with endpoint.office.acting(tenants.harbor, ADMIN) as acting:
        credentials.add_key(
            acting,
            tenants.initech,
            name="b",
            scopes=["files:write"],
            expires_at=None,
            kind="ssh_key",
            public_key=public,
        )
    for user in ("acme", "initech"):
        with endpoint.paramiko(user, key=acme) as client:
            client.open("inbox/a.csv", "w").close()
    with endpoint.office.db.system() as session:
        from sqlalchemy import text

        assert set(session.scalars(text("SELECT partner_id FROM files"))) == {tenants.acme, tenants.initech}


@pytest.mark.parametrize("how", ["revoked", "expired", "deactivated"])
def test_what_has_ended_lets_nobody_in_and_whoever_is_in_goes(endpoint, acme, inbox, tenants, how):
    with endpoint.paramiko("acme", key=acme) as client:
        client.listdir("/")
        with endpoint.office.acting(tenants.northgate, ADMIN) as acting:
            if how == "revoked":
                credentials.revoke(acting, live(inbox))
            elif how == "expired":
                acting.session.get_one(
                    credentials.Credential, (tenants.northgate, live(inbox))
                ).expires_at = clock.now()
            else:
                acting.session.get_one(credentials.Partner, (tenants.northgate, tenants.acme)).status = "deactivated"
        until(lambda: not client.get_channel().get_transport().is_active())
    refused(endpoint, "acme", key=acme)


def test_wrong_passwords_are_slowed_down_and_on_record_and_the_right_one_waits_too(
    endpoint, tenants, inbox, monkeypatch
):
    password = endpoint.password_for(tenants.northgate, tenants.acme)
    for _ in range(sign_in_delays.FREE_TRIES):
        refused(endpoint, "acme", password="wrong")
    assert acts(inbox, "sftp.refuse") == [("acme", "127.0.0.1")] * sign_in_delays.FREE_TRIES
    refused(endpoint, "acme", password=password)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=16))
    with endpoint.paramiko("acme", password=password) as client:
        client.listdir("/")


def test_the_right_key_lets_in_while_passwords_wait(endpoint, acme, tenants, inbox):
    endpoint.password_for(tenants.northgate, tenants.acme)
    for _ in range(sign_in_delays.FREE_TRIES + 1):
        refused(endpoint, "acme", password="wrong")
    with endpoint.paramiko("acme", key=acme) as client:
        client.listdir("/")


def test_a_connection_that_offers_wrong_keys_is_one_try(endpoint, inbox, tmp_path):
    stranger = tmp_path / "stranger"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(stranger))
    refused(endpoint, "acme", key=stranger)
    until(lambda: acts(inbox, "sftp.refuse") == [("acme", "127.0.0.1")])


def test_nobody_learns_which_partners_there_are(endpoint, acme, tenants, inbox, monkeypatch):
    monkeypatch.setattr(sign_in_delays, "FREE_TRIES", 1_000)
    endpoint.password_for(tenants.northgate, tenants.acme)
    took, said = {}, {}
    for user in ("acme", "nobody-at-all"):
        with paramiko.Transport(("127.0.0.1", endpoint.port)) as transport:
            transport.start_client()
            with pytest.raises(paramiko.BadAuthenticationType) as none:
                transport.auth_none(user)
            said[user] = [sorted(none.value.allowed_types)]
        with paramiko.Transport(("127.0.0.1", endpoint.port)) as transport:
            transport.start_client()
            began = time.perf_counter()
            with pytest.raises(paramiko.AuthenticationException) as wrong:
                transport.auth_password(user, "wrong")
            took[user] = time.perf_counter() - began
            said[user].append(str(wrong.value))
    assert said["acme"] == said["nobody-at-all"]
    assert min(took.values()) >= 0.5


@pytest.mark.parametrize(("wrong", "is_in"), [(5, True), (6, False)])
def test_six_tries_end_a_connection(endpoint, acme, inbox, wrong, is_in):
    keys = [asyncssh.generate_private_key("ssh-ed25519") for _ in range(wrong)]

    async def come_in():
        there = {"host": "127.0.0.1", "port": endpoint.port, "username": "acme", "known_hosts": None, "config": None}
        async with asyncssh.connect(**there, client_keys=[*keys, str(acme)], agent_path=None):
            return True

    if is_in:
        assert asyncio.run(come_in())
    else:
        with pytest.raises(asyncssh.Error):
            asyncio.run(come_in())


def test_the_host_key_is_made_once_and_is_its_owners_alone(settings):
    first = host_key.fingerprint(settings)
    assert host_key.fingerprint(settings) == first
    assert first.startswith("SHA256:")
    assert (settings.data_dir / "sftp_host_key").stat().st_mode & 0o777 == 0o600


def test_a_host_key_that_cannot_be_used_is_told(settings, tmp_path):
    from msgspec.structs import replace

    for content in (None, b"no key"):
        path = tmp_path / "given"
        if content:
            path.write_bytes(content)
        with pytest.raises(Permanent, match="GATEWAY_SFTP_HOST_KEY_FILE"):
            host_key.load(replace(settings, sftp_host_key_file=path))


def test_a_key_is_added_once_and_replaced_by_another(acme, endpoint, tenants, inbox):
    mine = asyncssh.read_private_key(str(acme)).export_public_key().decode()
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    with endpoint.office.acting(tenants.northgate, ADMIN) as acting:
        add = {"name": "b", "scopes": ["files:write"], "expires_at": None, "kind": "ssh_key"}
        with pytest.raises(Conflict, match="this very key"):
            credentials.add_key(acting, tenants.acme, **add, public_key=mine)
        with pytest.raises(Invalid, match="public half"):
            credentials.rotate(acting, live(inbox), grace=None)
        made = credentials.rotate(acting, live(inbox), grace=timedelta(hours=1), public_key=other)
        assert (made.secret, made.credential.public_key) == ("", ssh_keys.normalised(other))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nabc", "private key"),
        ("", "one line"),
        ("ssh-dss AAAAB3NzaC1kc3M= x", "one line"),
        ("ssh-ed25519 AAAA", "cut off"),
        ("ssh-ed25519 !!!!", "cut off"),
        (
            "ssh-rsa "
            + asyncssh.generate_private_key("ssh-rsa", key_size=1024).export_public_key().decode().split()[1],
            "2048 bits",
        ),
    ],
)
def test_a_public_key_that_cannot_be_used_says_why(text, why):
    with pytest.raises(Invalid, match=why):
        ssh_keys.normalised(text)


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
def test_keys_of_every_type_that_is_taken_log_in(endpoint, tenants, inbox, tmp_path, kind):
    path = tmp_path / "id"
    made = asyncssh.generate_private_key(kind)
    made.write_private_key(str(path))
    path.chmod(0o600)
    with endpoint.office.acting(tenants.northgate, ADMIN) as acting:
        public = made.export_public_key().decode()
        credentials.add_key(
            acting, tenants.acme, name="b", scopes=["files:write"], expires_at=None, kind="ssh_key", public_key=public
        )
    done = endpoint.sftp("acme", path, "ls\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "inbox" in done.stdout
