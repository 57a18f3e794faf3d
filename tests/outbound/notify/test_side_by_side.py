"""Where much is due several leave at once, each on a connection of its own; what is true of one line is true of each."""

import asyncio

from helpers.servers import PATIENCE

MANY, LINES = 60, 3  # so many lines for the first fifty


def ids_of(post_office):
    return sorted(one["Message-ID"].partition("@")[0].removeprefix("<") for one in post_office.taken)


def test_many_leave_side_by_side_and_each_once(make, work, rows, attempts, post_office):
    here, together, handled = set(), asyncio.Event(), post_office.handle_DATA

    async def once_all_are_here(server, session, envelope):
        here.add(session.peer)
        if len(here) == LINES:
            together.set()
        await asyncio.wait_for(together.wait(), PATIENCE)
        return await handled(server, session, envelope)

    post_office.handle_DATA = once_all_are_here
    made = make(MANY)
    work()
    assert ids_of(post_office) == sorted(map(str, made))
    assert len(here) == LINES, "the connections are kept"
    assert rows("state, attempts, steps, is_repeat") == [("sent", 1, 0, False)] * MANY
    assert attempts("outcome, number") == [("taken", 1)] * MANY


def test_one_that_is_refused_keeps_no_neighbour(stood_in, office, tenants, work, rows, post_office):
    post_office.answers["admin@northgate.example"] = "550 no such mailbox"
    for role in ("admin", "attorney"):
        stood_in.make(office, tenants.northgate, tenants.staff[role], MANY // 2)
    work()
    assert sorted(rows("state, attempts")) == [("failed", 1)] * (MANY // 2) + [("sent", 1)] * (MANY // 2)


def test_a_relay_that_bears_fewer_connections_is_given_fewer(make, work, rows, post_office, states):
    busy, refused = set(), []

    async def mail(server, session, envelope, address, options):
        if len(busy | {session.peer}) > LINES - 1:
            refused.append(session.peer)
            return "421 too many connections"
        busy.add(session.peer)
        envelope.mail_from = address
        return "250 OK"

    async def leave(server, session, envelope):
        busy.discard(session.peer)
        return "221 bye"

    post_office.handle_MAIL, post_office.handle_QUIT = mail, leave
    make(MANY)
    work()
    assert rows("state") == [("sent",)] * MANY
    assert len(post_office.messages()) == len(post_office.taken) == MANY
    assert len(refused) == 1
    assert states("failures, rests, rests_until") == [(0, 0, None)], "the channel works"


def test_a_relay_that_is_away_is_left_alone_after_three_that_left_side_by_side(make, work, rows, post_office, states):
    post_office.answers["MAIL"] = "421 busy"
    make(MANY)
    work()
    assert states("failures, rests") == [(3, 1)]
    assert sum(attempts for (attempts,) in rows("attempts")) == LINES
