"""Post leaves through a real mail server: once, the most urgent first, whatever the server does."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
import time_machine
from django.conf import settings as site
from django.db import connection, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from portal import outbox
from portal.models import Heartbeat, Message, Urgency, User
from portal.post.drain import drain
from portal.querysets import PAUSES, URGENCIES
from tests.house.bells import take_bells
from tests.house.people import make_user
from tests.house.post_office import HANG, HANG_UP, PostOffice
from tests.house.servers import free_port

ROOT = Path(site.BASE_DIR)


def tell(
    to: User | str, text: str = "Words.", *, template: str = "account", **how: object
) -> Message:
    """Write one message and return its row."""
    with transaction.atomic():
        outbox.tell(to, template, {"subject": f"To {to}", "body": text}, **how)  # type: ignore[arg-type]
    return Message.objects.latest("pk")


def fresh(message: Message) -> Message:
    """The row as it is now."""
    return Message.objects.get(pk=message.pk)


def outcome(message: Message) -> tuple[bool, bool, int, str]:
    """Sent or done with, given up, attempts, why."""
    row = fresh(message)
    return row.finished_at is not None, row.failed_at is not None, row.attempts, row.last_error


def test_a_letter_carries_text_html_and_its_headers(db: None, post_office: PostOffice) -> None:
    mia = make_user("Mia Okafor")
    message = tell(mia, "Grant & grit", unsubscribe_url="/stop/abc/")
    assert drain() == 1
    [mail] = post_office.taken
    assert {name: str(mail[name]) for name in ("From", "To", "Subject", "Message-ID")} == {
        "From": "Storybank <storybank@testserver>",
        "To": "mia@example.org",
        "Subject": "To Mia Okafor",
        "Message-ID": f"<{message.message_id}@testserver>",
    }
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] == "<http://testserver/stop/abc/>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Date"].datetime <= timezone.now()
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert "Grant & grit" in text.get_content()
    assert html is not None
    assert "Grant &amp; grit" in html.get_content()
    assert 'style="' in html.get_content()
    assert "<style" not in html.get_content()
    assert outcome(message) == (True, False, 1, "")
    assert Heartbeat.objects.filter(name="mail server").count() == 1


def test_mail_without_a_way_out_says_nothing_of_one(db: None, post_office: PostOffice) -> None:
    tell("mia@example.org")
    drain()
    assert post_office.taken[0]["List-Unsubscribe"] is None
    assert "Stop messages" not in post_office.taken[0].as_string()


def test_a_subject_cannot_add_headers(db: None, post_office: PostOffice) -> None:
    with transaction.atomic():
        outbox.tell(
            "mia@example.org",
            "account",
            {"subject": "Hello\r\nBcc: eve@example.org\x01\u2028there", "body": "Words."},
            unsubscribe_url="/stop/\r\nBcc: eve@example.org",
        )
    assert drain() == 1
    [mail] = post_office.taken
    assert mail["Subject"] == "Hello Bcc: eve@example.org there"
    assert mail["Bcc"] is None
    assert mail["List-Unsubscribe"] == "<http://testserver/stop/Bcc:eve@example.org>"
    text = mail.get_body(("plain",))
    assert text is not None
    assert text.get_content().startswith("Words.")


def test_many_letters_go_over_one_connection(db: None, post_office: PostOffice) -> None:
    for number in range(30):
        tell(f"member{number}@example.org")
    assert drain(handful=7) == 30
    assert sorted(post_office.recipients) == sorted(f"member{n}@example.org" for n in range(30))
    assert post_office.calls == 1
    assert drain() == 0


def test_the_most_urgent_leave_first(db: None, post_office: PostOffice) -> None:
    assert list(URGENCIES) == list(Urgency.values)
    tell("bulk@example.org", urgency=Urgency.BULK)
    tell("normal@example.org", urgency=Urgency.NORMAL)
    tell("code@example.org", urgency=Urgency.AT_ONCE)
    drain()
    assert post_office.recipients == ["code@example.org", "normal@example.org", "bulk@example.org"]


@pytest.mark.django_db(transaction=True)
def test_an_urgent_letter_overtakes_the_bulk_that_is_being_sent(post_office: PostOffice) -> None:
    for number in range(6):
        tell(f"bulk{number}@example.org", urgency=Urgency.BULK)

    def recall_comes_in(mail: EmailMessage) -> None:
        post_office.on_taking = None
        tell("recall@example.org", urgency=Urgency.AT_ONCE)
        connection.close()

    post_office.on_taking = recall_comes_in
    assert drain(handful=2) == 7
    assert post_office.recipients.index("recall@example.org") == 2


@pytest.mark.parametrize("pipelining", [False, True])
def test_a_refused_recipient_is_given_up_at_once_and_the_rest_goes(
    db: None, post_office: PostOffice, pipelining: bool
) -> None:
    post_office.pipelining = pipelining
    post_office.at_rcpt["gone@example.org"] = "550 no such person gone@example.org"
    gone, here = tell("gone@example.org", urgency=Urgency.AT_ONCE), tell("here@example.org")
    assert drain() == 1
    assert post_office.recipients == ["here@example.org"]
    assert outcome(gone) == (False, True, 1, "refused by the mail server (550)")
    assert outcome(here) == (True, False, 1, "")
    assert post_office.calls == 1


@pytest.mark.parametrize("pipelining", [False, True])
@pytest.mark.parametrize(
    ("stage", "answer"), [("at_rcpt", "450 later"), ("after_data", "451 later")]
)
def test_a_letter_that_is_put_off_waits_and_the_rest_goes(
    db: None, post_office: PostOffice, stage: str, answer: str, pipelining: bool
) -> None:
    post_office.pipelining = pipelining
    getattr(post_office, stage)["busy@example.org"] = answer
    busy, here = tell("busy@example.org", urgency=Urgency.AT_ONCE), tell("here@example.org")
    before = timezone.now()
    assert drain() == 1
    assert outcome(busy) == (False, False, 1, f"put off by the mail server ({answer[:3]})")
    assert fresh(busy).due_at >= before + dt.timedelta(seconds=PAUSES[0])
    assert fresh(busy).leased_until is None
    assert outcome(here) == (True, False, 1, "")


def test_pauses_grow_until_the_letter_is_given_up(db: None, post_office: PostOffice) -> None:
    post_office.at_rcpt["busy@example.org"] = "450 later"
    message = tell("busy@example.org")
    start = fresh(message).due_at
    waits = []
    with time_machine.travel(start, tick=False) as clock:
        for _ in PAUSES:
            drain()
            row = fresh(message)
            waits.append(int((row.due_at - timezone.now()).total_seconds()))
            clock.move_to(max(row.due_at, timezone.now()))
    assert waits[:-1] == list(PAUSES[:-1])
    assert outcome(message) == (False, True, len(PAUSES), "put off by the mail server (450)")
    assert drain() == 0


def test_text_refused_for_good_is_put_back_and_shown(db: None, post_office: PostOffice) -> None:
    post_office.after_data["mia@example.org"] = "554 looks like spam"
    message = tell("mia@example.org")
    assert drain() == 0
    assert outcome(message) == (False, False, 1, "refused by the mail server (554)")


@pytest.mark.parametrize("pipelining", [False, True])
def test_a_server_that_hangs_up_gets_the_same_letter_again_under_the_same_id(
    db: None, post_office: PostOffice, pipelining: bool
) -> None:
    post_office.pipelining = pipelining
    post_office.after_data["first@example.org"] = HANG_UP
    first = tell("first@example.org", urgency=Urgency.AT_ONCE)
    rest = [tell(f"rest{number}@example.org") for number in range(3)]
    assert drain() == 0
    assert outcome(first)[:3] == (False, False, 1)
    assert [outcome(message) for message in rest] == [(False, False, 0, "")] * 3
    post_office.after_data.clear()
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=PAUSES[0] + 1)):
        assert drain() == 4
    copies = [mail["Message-ID"] for mail in post_office.taken if mail["To"] == "first@example.org"]
    assert copies == [f"<{first.message_id}@testserver>"] * 2


def test_a_server_that_hangs_up_after_some_letters_is_called_again(
    db: None, post_office: PostOffice
) -> None:
    post_office.after_data["second@example.org"] = HANG_UP
    tell("first@example.org", urgency=Urgency.AT_ONCE)
    second, third = tell("second@example.org"), tell("third@example.org", urgency=Urgency.BULK)
    assert drain() == 2
    assert post_office.calls == 2
    assert outcome(second)[:3] == (False, False, 1)
    assert outcome(third)[:3] == (True, False, 1)


def test_a_hanging_server_costs_one_timeout(
    db: None, post_office: PostOffice, settings: Settings
) -> None:
    settings.EMAIL_TIMEOUT = 1
    post_office.after_data["slow@example.org"] = HANG
    slow, rest = tell("slow@example.org", urgency=Urgency.AT_ONCE), tell("rest@example.org")
    assert drain() == 0
    assert outcome(slow)[:3] == (False, False, 1)
    assert outcome(rest) == (False, False, 0, "")


def test_a_server_that_is_down_costs_no_attempt(db: None, post_office: PostOffice) -> None:
    message = tell("mia@example.org")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site, "EMAIL_PORT", free_port())
        assert drain() == 0
    assert outcome(message) == (False, False, 0, "")
    assert drain() == 1


def test_nobody_is_called_where_nothing_is_due(db: None, post_office: PostOffice) -> None:
    message = tell("mia@example.org")
    Message.objects.update(due_at=timezone.now() + dt.timedelta(hours=1))
    assert drain() == 0
    assert post_office.calls == 0
    assert outcome(message) == (False, False, 0, "")


def test_a_closed_account_hears_nothing_and_a_changed_address_counts(
    db: None, post_office: PostOffice
) -> None:
    closed, moved = make_user("Carl Closed"), make_user("Mona Moved")
    to_closed, to_moved = tell(closed), tell(moved)
    User.objects.filter(pk=closed.pk).update(is_active=False)
    User.objects.filter(pk=moved.pk).update(email="mona@elsewhere.example")
    assert drain() == 1
    assert post_office.recipients == ["mona@elsewhere.example"]
    assert outcome(to_closed) == (True, False, 1, "no address")
    assert fresh(to_closed).context == {}
    assert outcome(to_moved) == (True, False, 1, "")


def test_a_broken_template_is_visible_and_the_rest_goes(db: None, post_office: PostOffice) -> None:
    broken = tell("mia@example.org", template="no_such_letter", urgency=Urgency.AT_ONCE)
    here = tell("here@example.org")
    assert drain() == 1
    assert outcome(broken) == (False, False, 1, "cannot be written (TemplateDoesNotExist)")
    assert outcome(here) == (True, False, 1, "")


def test_codes_are_forgotten_when_they_have_left(db: None, post_office: PostOffice) -> None:
    code = tell("mia@example.org", "Your code is 123456")
    with transaction.atomic():
        outbox.tell("ben@example.org", "digest", {"count": 1, "day": "Monday", "lines": []})
    digest = Message.objects.latest("pk")
    assert drain() == 2
    assert (fresh(code).context, fresh(code).address) == ({}, "")
    assert fresh(code).forgotten_at is not None
    assert fresh(digest).context == {"count": 1, "day": "Monday", "lines": []}
    assert fresh(digest).forgotten_at is None


@pytest.mark.django_db(transaction=True)
def test_a_letter_whose_lease_was_lost_is_left_to_the_other_worker(post_office: PostOffice) -> None:
    tell("first@example.org", urgency=Urgency.AT_ONCE)
    second = tell("second@example.org")
    others: list[Message] = []
    with time_machine.travel(timezone.now()) as clock:

        def the_machine_sleeps_and_another_worker_goes_on(mail: EmailMessage) -> None:
            clock.shift(dt.timedelta(hours=1))
            others.extend(Message.objects.take_handful(20, seconds=600))
            connection.close()

        post_office.on_taking = the_machine_sleeps_and_another_worker_goes_on
        drain(handful=2)
    assert second in others
    assert post_office.recipients == ["first@example.org"]
    assert outcome(second) == (False, False, 2, "")


@pytest.mark.django_db(transaction=True)
def test_a_slow_handful_keeps_what_nobody_else_took(post_office: PostOffice) -> None:
    tell("first@example.org", urgency=Urgency.AT_ONCE)
    second = tell("second@example.org")
    with time_machine.travel(timezone.now()) as clock:
        post_office.on_taking = lambda _: clock.shift(dt.timedelta(hours=1))
        assert drain(handful=2) == 2
    assert outcome(second) == (True, False, 1, "")


@pytest.mark.django_db(transaction=True)
def test_two_drains_at_once_send_each_letter_once(post_office: PostOffice) -> None:
    for number in range(40):
        tell(f"member{number}@example.org")
    sent: list[int] = []
    start = threading.Barrier(3)

    def work() -> None:
        start.wait()
        sent.append(drain(handful=3))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(sent) == 40
    assert sorted(post_office.recipients) == sorted(f"member{n}@example.org" for n in range(40))


@pytest.mark.django_db(transaction=True)
def test_a_drain_ends_in_time_and_rings_for_the_next(post_office: PostOffice) -> None:
    for number in range(5):
        tell(f"member{number}@example.org")
    take_bells()
    assert drain(seconds=0, handful=2) == 2
    assert [(bell.queue, bell.task) for bell in take_bells()] == [("mail", "portal.send_mail")]
    assert Message.objects.takeable().count() == 3


SENDER = "import django; django.setup(); from portal.post.drain import drain; drain()"


@pytest.mark.parametrize("pipelining", [False, True])
def test_a_worker_killed_between_the_yes_and_the_mark_sends_the_same_id_again(
    post_office: PostOffice, database_url: str, pipelining: bool
) -> None:
    post_office.pipelining = pipelining
    message = tell("mia@example.org")
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": database_url,
        "EMAIL_URL": post_office.url,
    }
    worker = subprocess.Popen([sys.executable, "-c", SENDER], cwd=ROOT, env=environment)
    post_office.on_taking = lambda _: worker.kill()
    assert worker.wait(timeout=60) == -9
    post_office.on_taking = None
    assert outcome(message) == (False, False, 1, "")
    assert drain() == 0  # still in the dead worker's hands
    until = fresh(message).leased_until
    assert until is not None
    with time_machine.travel(until + dt.timedelta(seconds=1)):
        assert drain() == 1
    assert [mail["Message-ID"] for mail in post_office.taken] == [
        f"<{message.message_id}@testserver>"
    ] * 2
    assert outcome(message) == (True, False, 2, "")


def test_no_log_line_holds_an_address_or_a_text(
    db: None, post_office: PostOffice, log_lines: Callable[[], str]
) -> None:
    private = "My daughter lived."
    people = {
        "refused@example.org": "550 <refused@example.org>: My daughter lived.",
        "busy@example.org": "450 <busy@example.org>: My daughter lived.",
    }
    post_office.at_rcpt |= people
    post_office.after_data["spam@example.org"] = "554 spam@example.org: My daughter lived."
    for address in (*people, "spam@example.org", "mia@example.org"):
        tell(address, private)
    tell("broken@example.org", private, template="no_such_letter")
    post_office.after_data["last@example.org"] = HANG_UP
    tell("last@example.org", private, urgency=Urgency.BULK)
    assert drain() == 1
    logged = log_lines()
    assert "account was given up: refused by the mail server (550)" in logged
    assert "no_such_letter cannot be written" in logged
    for secret in ("example.org", "daughter", "Okafor"):
        assert secret not in logged
    errors = set(Message.objects.values_list("last_error", flat=True))
    assert not any("@" in error or "daughter" in error for error in errors)


def test_an_address_that_could_end_a_command_gets_no_letter_and_the_rest_goes(
    db: None, post_office: PostOffice
) -> None:
    for spoilt in (
        "a@b.org>\r\nRCPT TO:<eve@b.org",
        "a@b.org, eve@b.org",
        "a@b.org\nBcc: eve@b.org",
    ):
        broken = Message.objects.create(
            address=spoilt, template="account", context={"subject": "S"}, urgency=Urgency.AT_ONCE
        )
        here = tell("here@example.org")
        assert drain() == 1
        assert outcome(broken) == (False, False, 1, "cannot be written (ValueError)")
        assert outcome(here) == (True, False, 1, "")
    assert post_office.recipients == ["here@example.org"] * 3
