"""The decision page's form: what it offers, and what was sent with it."""

import asyncio
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

from aiohttp import web

from notifications.views.replies import NOT_RECORDED
from workflows.content.proposal import typed_rightly
from workflows.messages.base import Frozen
from workflows.messages.decisions import Verdict
from workflows.messages.policy import Risk
from workflows.messages.requests import CardView

LARGEST: Final = 64 * 1024
LONGEST_COMMENT: Final = 3_000
_SECONDS: Final = 10.0
_LABELS = {
    Verdict.APPROVE: "Approve",
    Verdict.REJECT: "Reject",
    Verdict.REQUEST_CHANGES: "Request changes",
}


class BadForm(Exception):  # noqa: N818 - named by what it is
    """What was sent is no form of ours."""

    def __init__(self, sentence: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(sentence)
        self.status = status


class DecisionForm(Frozen):
    """What was sent, unchecked except for its size; an unknown verdict is None."""

    digest: str = ""
    seal: str = ""
    verdict: Verdict | None = None
    comment: str = ""
    confirmation: str = ""
    code: str = ""


class VerdictOption(Frozen):
    """One verdict on offer."""

    value: Verdict
    label: str


class FormView(Frozen):
    """What the template shows."""

    person: str
    action: str
    seal: str
    choices: tuple[VerdictOption, ...]
    comment_note: str
    phrase: str
    verdict: Verdict | None = None
    comment: str = ""


async def read_form(request: web.Request) -> DecisionForm:
    """Read at most 64 KB within 10 s; raises BadForm."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise BadForm("That is no form of ours.", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    body = await _body(request)
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=20)
    except ValueError:
        raise BadForm("That is no form of ours.") from None
    found = {
        name: values[0] for name, values in fields.items() if name in DecisionForm.model_fields
    }
    if found.get("verdict") not in set(Verdict):
        found.pop("verdict", None)
    return DecisionForm.model_validate(found)


async def _body(request: web.Request) -> bytes:
    too_large = BadForm("That is too much text.", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if (request.content_length or 0) > LARGEST:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > LARGEST:
                    raise too_large
    except TimeoutError:
        raise BadForm("The form did not arrive in time.", HTTPStatus.REQUEST_TIMEOUT) from None
    return bytes(body)


def choices(view: CardView, *, live: bool) -> tuple[VerdictOption, ...]:
    """The verdicts that could count; without approval where the policy wants a live result."""
    offered = [Verdict.APPROVE, Verdict.REJECT] if live else [Verdict.REJECT]
    if view.ballot.revision < view.request.policy.max_revisions:
        offered.append(Verdict.REQUEST_CHANGES)
    return tuple(VerdictOption(value=verdict, label=_LABELS[verdict]) for verdict in offered)


def comment_note(view: CardView) -> str:
    """When a comment is needed."""
    needed = "to reject or to request changes"
    return f" (needed {needed if view.request.policy.reason_required else 'to request changes'})"


def phrase(view: CardView) -> str:
    """What has to be typed to approve; empty where nothing has to."""
    return view.ballot.phrase if view.request.policy.risk is Risk.HIGH else ""


def problem(form: DecisionForm, view: CardView) -> str:
    """What is missing in the form, as a sentence; the code is not looked at."""
    reason = form.verdict is Verdict.REQUEST_CHANGES or (
        form.verdict is Verdict.REJECT and view.request.policy.reason_required
    )
    if form.verdict is None:
        return f"Choose a decision. {NOT_RECORDED}"
    if reason and not form.comment.strip():
        return f"Write a reason as the comment. {NOT_RECORDED}"
    if len(form.comment) > LONGEST_COMMENT:
        return f"Keep the comment under {LONGEST_COMMENT:,} characters. {NOT_RECORDED}"
    typed = typed_rightly(form.confirmation, phrase(view))
    if form.verdict is Verdict.APPROVE and phrase(view) and not typed:
        return f"To approve, type {phrase(view)} in its field. {NOT_RECORDED}"
    return ""
