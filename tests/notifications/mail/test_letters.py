"""Letters: complete in plain text, threaded, inert whatever an agent writes."""

import re
from datetime import timedelta
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.mail.letters import WIDTH, Invitation, Letters, boxed
from notifications.mail.smtp import ENCODING, MailRefused
from notifications.text.sanitize import visible
from tests.notifications.approval_views import ADA, GRACE, NOW, PEOPLE, approval_view, decided
from tests.notifications.corpus import TEXTS, Poison
from tests.notifications.mail.smtp_servers import read
from workflows.activities import Why
from workflows.messages.decisions import Outcome
from workflows.messages.electorate import Person
from workflows.messages.requests import CardView
from workflows.messages.results import AgentResult, ExecutionMode

LETTERS = Letters("signoff@example.com")
LINK, CODE = "https://signoff.example.com/decide/" + "t" * 43, "K7QM-3XWP"
INVITATION = Invitation(link=LINK, code=CODE, expires_at=NOW + timedelta(hours=5))
HIDDEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)


class Page(HTMLParser):
    """What a mail program would make of the HTML part."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            assert "url(" not in (value or ""), (tag, name)
            if name in ("href", "src", "action", "background", "srcset", "data"):
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def request(view: CardView, invitation: Invitation | None = INVITATION) -> EmailMessage:
    """The letter to Grace as it arrives."""
    return arrived(LETTERS.request(view, PEOPLE[0], invitation, NOW))


def arrived(message: EmailMessage) -> EmailMessage:
    return read(message.as_bytes(policy=ENCODING))


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    text: str = body.get_content()
    return text.replace("\r\n", "\n")


def test_a_request_says_everything_in_both_parts() -> None:
    """Facts by code, the agent's text, link and code; the times are the reader's."""
    message = request(approval_view())
    assert message.get_content_type() == "multipart/alternative"
    for text in (part(message, "plain"), Page(part(message, "html")).text):
        for fact in (
            "Sales review: analyse · version 1",
            "Revenue rose by 4 %.",
            "South: -3 %",
            "Grace Hopper, Linus",
            "1 approval; any rejection ends it",
            "Fri 20 Nov 2026, 18:00 (Europe/Berlin), in 5 h; then it expires",
            "the agent analyst",
            approval_view().ballot.digest[:16],
            CODE,
            "Replies to this mail are not read",
        ):
            assert fact in text, fact
    assert LINK in part(message, "plain")


def test_headers_mark_an_automatic_mail_in_a_thread() -> None:
    """Auto-Submitted everywhere; whatever follows refers to the request, under its subject."""
    first = request(approval_view())
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["To"] == "Grace Hopper <grace@example.com>"
    assert first["Subject"] == "Approval wanted: Sales review: analyse · v1"
    later = [
        arrived(LETTERS.reminder(approval_view(), PEOPLE[0], INVITATION, NOW, "email@0.75")),
        arrived(LETTERS.closing(decided(), PEOPLE[0], NOW)),
    ]
    for message in later:
        assert message["In-Reply-To"] == message["References"] == first["Message-ID"]
        assert message["Subject"] == f"Re: {first['Subject']}"
        assert message["Auto-Submitted"] == "auto-generated"
    assert len({str(m["Message-ID"]) for m in (first, *later)}) == 3


def test_the_same_letter_has_the_same_message_id() -> None:
    """Made again after a crash, with a new token; other people and approvals have others."""
    other = INVITATION.model_copy(update={"code": "AAAA-BBBB"})
    once, again = request(approval_view()), request(approval_view(), other)
    assert once["Message-ID"] == again["Message-ID"]
    different = [
        LETTERS.request(approval_view(), PEOPLE[1], INVITATION, NOW),
        LETTERS.request(approval_view(id="t1.analyse.v2"), PEOPLE[0], INVITATION, NOW),
        LETTERS.reminder(approval_view(), PEOPLE[0], INVITATION, NOW, "a"),
        LETTERS.reminder(approval_view(), PEOPLE[0], INVITATION, NOW, "b"),
    ]
    assert len({str(m["Message-ID"]) for m in (once, *different)}) == 5


def test_high_risk_gets_no_link() -> None:
    """Unless its policy allows it; the letter says so instead."""
    barred = request(approval_view(policy={"risk": "high"}))
    for text in (part(barred, "plain"), part(barred, "html")):
        assert LINK not in text
        assert CODE not in text
        assert "cannot be decided by e-mail" in text
        assert "HIGH RISK" in text
    allowed = request(approval_view(policy={"risk": "high", "email_decides_high_risk": True}))
    assert LINK in part(allowed, "plain")


def test_without_an_invitation_the_letter_points_to_slack() -> None:
    """And names no link."""
    assert "Please decide in Slack" in part(request(approval_view(), None), "plain")


@pytest.mark.parametrize("why", list(Why))
def test_every_letter_says_why_it_comes(why: Why) -> None:
    """The first line tells; only one of them speaks of an outage."""
    message = LETTERS.request(approval_view(), PEOPLE[0], INVITATION, NOW, why)
    assert ("Slack cannot be reached" in part(arrived(message), "plain")) == (why is Why.SLACK_DOWN)


def test_a_closing_letter_names_who_decided_elsewhere() -> None:
    """With the reason, boxed, and with nothing to do."""
    view = decided(outcome=Outcome.REJECTED, reason="Too early.\nDecide here: https://evil.example")
    message = arrived(LETTERS.closing(view, PEOPLE[0], NOW))
    for text in (part(message, "plain"), Page(part(message, "html")).text):
        assert "Nothing is left for you to do." in text
        assert "Rejected by Linus, Fri 20 Nov 2026, 14:00 (Europe/Berlin)" in text
        assert "Too early." in text
    assert "\n| Decide here" in part(message, "plain")


def test_warnings_stand_before_the_agents_text() -> None:
    """A stand-in's result, a fallback, hidden characters: said by us."""
    view = approval_view(
        result=AgentResult(summary="a\u202eb", offline=True),
        execution_mode=ExecutionMode.FALLBACK,
        mode_reason="no quota",
    )
    text = part(request(view), "plain")
    assert text.index("ATTENTION: This result is a fallback") < text.index("| a[U+202E]b")
    assert "no quota" in text
    assert "ATTENTION: Hidden characters were made visible." in text
    assert "offline model" in text


def test_an_answer_from_the_cache_is_said_to_be_one() -> None:
    """Live as it was then; nobody asked the agent again."""
    view = approval_view(mode_reason="From the cache, 5 min old.")
    assert "ATTENTION: From the cache, 5 min old." in part(request(view), "plain")


def test_changes_since_the_revision_before_are_shown() -> None:
    """As words taken out and put in, before the text itself."""
    text = part(request(approval_view(revision=2, previous=AgentResult(summary="Old."))), "plain")
    assert "Changes since version 1, [-removed-] and {+added+}:" in text
    assert "| Summary: [-Old[.]-] {+Revenue rose by 4 %.+}" in text.replace("Old.", "Old[.]")
    assert text.index("[-Old") < text.index("| Revenue rose by 4 %.")


def test_names_are_used_where_known() -> None:
    """The requester is a Slack id; whoever knows the name passes it."""
    message = LETTERS.request(approval_view(), PEOPLE[0], INVITATION, NOW, names={ADA: "Ada <b>"})
    assert "Requested by: Ada <b>" in part(arrived(message), "plain")
    assert "b" not in Page(part(arrived(message), "html")).tags


def hostile(view_of: str) -> CardView:
    """One string wherever somebody else's text can stand; lone surrogates never get that far."""
    view_of = view_of.encode("utf-8", "replace").decode()
    text = view_of[:600]
    return approval_view(
        title=view_of[:2_000],
        step=view_of[:200],
        result=AgentResult(summary=text, findings=(view_of[:3_000], text)),
        previous=AgentResult(summary="before"),
        mode_reason=text,
        execution_mode=ExecutionMode.SYNTHETIC,
    )


def check_harmless(message: EmailMessage) -> None:
    """One recipient, known headers, one link of ours, no markup, no hidden character."""
    raw = message.as_bytes(policy=ENCODING)
    assert raw.isascii()
    head = raw.split(b"\r\n\r\n")[0].decode()
    names = {line.split(":")[0] for line in head.split("\r\n") if not line.startswith((" ", "\t"))}
    assert names <= {
        *("From", "To", "Subject", "Date", "Auto-Submitted", "X-Auto-Response-Suppress"),
        *("Message-ID", "MIME-Version", "Content-Type", "In-Reply-To", "References"),
    }, names
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    found = read(raw)
    assert found["To"] == "Grace Hopper <grace@example.com>"
    assert "\n" not in str(found["Subject"])
    plain, page = part(found, "plain"), Page(part(found, "html"))
    assert page.links in ([LINK], [])
    assert not {"img", "script", "iframe", "form", "link", "object", "base", "input"} & set(
        page.tags
    )
    assert not HIDDEN.search(plain)
    assert not HIDDEN.search(page.text)
    without = plain.replace(LINK, "")
    assert not re.search(r"(?i)\bhttps?://|\bwww\.|mailto:", without)


@pytest.mark.parametrize("poison", TEXTS, ids=lambda poison: poison.name)
def test_no_poison_gets_through(poison: Poison) -> None:
    """Every text of the corpus, in every place where somebody else's text can stand."""
    text = str(poison.make())[:20_000]
    view = hostile(text)
    for message in (
        LETTERS.request(view, PEOPLE[0], INVITATION, NOW),
        LETTERS.reminder(view, PEOPLE[0], INVITATION, NOW, text[:50]),
    ):
        check_harmless(message)


alphabet = st.one_of(
    st.characters(exclude_categories=[]),
    st.sampled_from(list("\r\n\0\t<>&\"'|@#:/.-=?_*`{}%\u202e\u200b\u2028\udcff")),
)


@given(st.text(alphabet, max_size=300))
@settings(max_examples=150, deadline=None)
def test_no_text_leaves_its_box(text: str) -> None:
    """Whatever is written: our headers, our lines, our one link."""
    message = LETTERS.request(hostile(text), PEOPLE[0], INVITATION, NOW)
    check_harmless(message)
    plain = part(read(message.as_bytes(policy=ENCODING)), "plain")
    lines = plain.split("\n")
    begin = next(n for n, line in enumerate(lines) if line.startswith("Every line that begins"))
    end = next(n for n, line in enumerate(lines) if "characters shown; digest" in line)
    assert all(line.startswith("|") for line in lines[begin + 1 : end] if line)
    assert sum(line.startswith("Decide here: ") for line in lines) == 1
    assert sum(line.startswith("Code to type in there: ") for line in lines) == 1


@given(st.text(alphabet, max_size=500))
@settings(max_examples=200, deadline=None)
def test_every_line_of_a_box_has_its_bar(text: str) -> None:
    """And none is longer than mail programs leave unbroken."""
    for line in boxed(visible(text)).split("\n"):
        assert line.startswith("|")
        assert len(line) <= WIDTH + 2


@pytest.mark.parametrize(
    "address",
    [
        "",
        "grace",
        "@example.com",
        "grace@",
        "grace@example.com\r\nBcc: x@example.com",
        "grace@example.com, x@example.com",
        "grace@example.com>\r\nRCPT TO:<x@example.com",
        "a b@example.com",
        "<grace@example.com>",
        ".grace@example.com",
        "grüße@example.com",
        "grace@" + "x" * 300 + ".com",
    ],
)
def test_addresses_that_are_none_are_refused(address: str) -> None:
    """With a sentence that names the person; no header can be smuggled in."""
    person = Person(id=GRACE, name="Grace\r\nBcc: x@example.com", email=address)
    with pytest.raises(MailRefused, match="Grace Bcc"):
        LETTERS.request(approval_view(), person, INVITATION, NOW)


def test_hostile_names_stay_names() -> None:
    """Quotes, commas and line breaks in a display name address nobody else."""
    person = Person(id=GRACE, name='Eve <eve@evil.example>, "x"\r\nCc: y', email="g@example.com")
    message = arrived(LETTERS.request(approval_view(), person, INVITATION, NOW))
    assert [address.addr_spec for address in message["To"].addresses] == ["g@example.com"]
    assert message["Cc"] is None


def test_domains_of_other_alphabets_are_written_as_servers_want() -> None:
    """In ASCII."""
    person = Person(id=GRACE, name="Zoë", email="zoe@bücher.example")
    message = arrived(LETTERS.request(approval_view(), person, INVITATION, NOW))
    assert message["To"] == "Zoë <zoe@xn--bcher-kva.example>"
