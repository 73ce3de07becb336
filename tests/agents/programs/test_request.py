"""A program words its draft; who decides, and how, stays the settings' business."""

import subprocess
import sys
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from agents.programs.program import Program, Programs
from agents.programs.request import UnfitDraft, draft_from, fields_from, policy_of
from tests.agents.programs.fakes import OTHER, PEER, POLICY, PROGRAMS
from tests.fakes import GRACE, LINUS
from workflows.messages.policy import OnTimeout, Policy, Risk

DRAFT = {"title": "Deploy", "summary": "All checks passed."}


def policy(given: Policy, **draft: object) -> Policy:
    """What becomes of this policy."""
    return policy_of(draft_from({**DRAFT, **draft}), PEER.model_copy(update={"policy": given}))


def test_a_plain_wish_takes_the_settings_policy() -> None:
    """Unchanged."""
    assert policy(POLICY) == POLICY


def test_nothing_decides_in_place_of_people() -> None:
    """No rule over the program's own words, no bypass, no approval by waiting."""
    easy = Policy(
        approvers=(GRACE,),
        risk=Risk.LOW,
        auto_approve="true",
        on_timeout=OnTimeout.APPROVE,
        bypassers=(GRACE,),
    )
    made = policy(easy, timeout="1s")
    assert not made.decides_alone()
    assert made.on_timeout is OnTimeout.EXPIRE


def test_wishes_narrow() -> None:
    """Fewer approvers, a higher risk, less time; names as the settings write them."""
    made = policy(POLICY, approvers=[LINUS.lower()], risk="high", timeout="2h")
    assert (made.approvers, made.risk, made.timeout) == (
        (LINUS,),
        Risk.HIGH,
        timedelta(hours=2),
    )
    Policy.model_validate(made.model_dump())


@pytest.mark.parametrize(
    "draft",
    [
        {"approvers": ["U0EVE"]},
        {"approvers": [GRACE, "U0EVE"]},
        {"risk": "low"},
        {"timeout": "25h"},
        {"timeout": "0s"},
        {"timeout": "-1h"},
        {"quorum": 1},
        {"requester_may_decide": True},
        {"title": ""},
        {"title": "x" * 151},
        {"summary": "x" * 601},
        {"full_text": "x" * 1_000_001},
        {"findings": "text"},
        {"approvers": {"a": 1}},
    ],
)
def test_wishes_never_widen(draft: dict[str, object]) -> None:
    """Each is refused with the field's name."""
    with pytest.raises(UnfitDraft, match=next(iter(draft))):
        policy(POLICY, **draft)


def test_the_quorum_stays() -> None:
    """Naming fewer people than it takes is refused."""
    two = POLICY.model_copy(update={"quorum": 2})
    with pytest.raises(UnfitDraft, match="2 people"):
        policy(two, approvers=[GRACE])
    with pytest.raises(UnfitDraft, match="2 people"):
        policy(two, approvers=[GRACE, GRACE.lower()])


@given(st.text(min_size=1, max_size=2_000))
def test_any_text_is_shown_whole(text: str) -> None:
    """Either the summary holds it, or the full text does."""
    if not text.strip() or "\x00" in text:
        return
    draft = draft_from(fields_from(text, titled=True))
    assert text.strip() in {draft.summary, draft.full_text}


def test_each_token_opens_its_own_name() -> None:
    """And no other does."""
    assert PROGRAMS.name_of(PEER.token.get_secret_value().encode()) == PEER.name
    assert PROGRAMS.name_of(OTHER.token.get_secret_value().encode()) == OTHER.name
    for wrong in (b"", b"peer", PEER.token.get_secret_value().encode()[:-1], b"\xff" * 40):
        assert PROGRAMS.name_of(wrong) is None


def test_a_shared_or_short_token_is_refused() -> None:
    """At start-up."""
    with pytest.raises(ValueError, match="same token"):
        Programs([PEER, PEER.model_copy(update={"name": "twin"})])
    with pytest.raises(ValidationError):
        Program.model_validate({**PEER.model_dump(), "token": SecretStr("short")})


def test_a_token_is_never_printed() -> None:
    """Principals turn up in logs."""
    assert PEER.token.get_secret_value() not in repr(PEER) + PEER.model_dump_json()


def test_the_server_does_not_load_adk() -> None:
    """It starts fast, and needs no model."""
    code = (
        "import sys, agents.programs.server, bot.approvals.desk; "
        "print([name for name in sys.modules if name.startswith(('google.adk', 'google.genai'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
