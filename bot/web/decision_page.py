"""The page a mailed link opens: shows exactly what is to be decided, and takes the decision.

GET, HEAD and OPTIONS display and change nothing. Deciding takes a POST from that page, in that
browser, with the one-time token of the link and the short code of the mail typed in. The rules
are the workflow's own: this page only adds reasons to refuse.

Wrong codes count against their link, in the database. A request without a link of ours costs one
look into the database, and nobody else anything: many at once from one address wait for each other.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, Protocol

import structlog
from aiohttp import web

from bot.access.sight import Onlooker, Sight, may_see, subject_of_card
from bot.approvals.queries import no_approval
from bot.config.errors import BadRequest, SignoffError
from bot.web.client_address import Client, client_address
from bot.web.crowd import Crowd, Crowded
from bot.web.decision_form import BadForm, DecisionForm, problem, read_form
from bot.web.form_guard import FormGuard
from bot.web.mailed_case import MailedCase
from bot.web.page_templates import PageTemplates
from notifications.text.sanitize import visible
from notifications.views.replies import NOT_RECORDED
from storage.errors import DatabaseUnavailable
from storage.mail_tokens import (
    MailTokens,
    Redeemed,
    Ticket,
    TicketState,
    TokenProblem,
    could_be_token,
)
from workflows.messages.decisions import Decision, Reply, ReplyKind
from workflows.messages.requests import CardView

log = structlog.get_logger()

PATH: Final = "/decide/{token}"
TEXT_PATH: Final = "/decide/{token}/text"
PATIENCE: Final = 20.0  # seconds; well below the lease of a claimed token
TEXT_INLINE: Final = 20_000
LINKS_INSIDE: Final = 100
OF_ONE_LINK: Final = 4
_MENDABLE = frozenset(
    {
        ReplyKind.REASON_MISSING,
        ReplyKind.CONFIRMATION_MISSING,
        ReplyKind.NOT_READY,
        ReplyKind.HASTY,
        ReplyKind.NOT_LIVE,
        ReplyKind.REVISIONS_USED_UP,
        ReplyKind.UNCONFIRMED,
    }
)
_CLOSED = {
    TicketState.USED: "This link has already been used; it works only once.",
    TicketState.REVOKED: "This link no longer works: there is nothing left to decide.",
    TicketState.EXPIRED: "This link has expired. Please decide in Slack, or wait for a new mail.",
    TicketState.LOCKED: (
        "This link is locked, because the code was wrong too often. Please decide in Slack."
    ),
}
_ELSEWHERE = "The whole text can't be shown here; it is attached in the Slack thread."
_GONE = f"This request is no longer known here. {NOT_RECORDED}"
_UNAVAILABLE = (
    "One of our services isn't responding. Please send it again in a minute: your code stays "
    "valid, and no decision is ever recorded twice."
)
_BROKEN = "That was our mistake. Please open the link again to see where things stand."
_CROWDED = (
    "Too many requests are coming from your network. Nothing was recorded: please try again in a "
    "moment."
)
_UNCHANGED = "Nothing was changed"
_MINE = "Your decision was recorded."
_ALLOW = "GET, HEAD, OPTIONS, POST"
_UNKNOWN = "This link is not known here. Please open it again from the mail, as a whole."
_NOT_OURS = (
    f"{NOT_RECORDED} The form didn't come from our page, or the page was opened again since. "
    "Please open the link in your e-mail again."
)

Answering = Callable[[web.Request, str, DecisionForm, Ticket], Awaitable[web.Response]]
FullText = Callable[[str], Awaitable[str]]
NamesOn = Callable[[CardView], Awaitable[Mapping[str, str]]]
"""Readable names for the ids on a card; it never fails and never takes long."""


class DecidesApprovals(Protocol):
    """What the page needs of `Approvals`; errors are `SignoffError`."""

    async def view(self, approval_id: str) -> CardView:
        """One approval as its card shows it."""

    async def decide(self, approval_id: str, decision: Decision) -> Reply:
        """Decide and wait for the answer; the same decision id gets the same answer."""


def decision_link(public_url: str, token: str) -> str:
    """What goes into the mail."""
    return public_url.rstrip("/") + PATH.format(token=token)


def register(
    app: web.Application,
    tokens: MailTokens,
    approvals: DecidesApprovals,
    *,
    public_url: str,
    full_text: FullText | None = None,
    names: NamesOn | None = None,
    client: Client | None = None,
    read_seconds: float = 2.0,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Add the page's routes. The token stands in the path: keep paths out of access logs.

    `full_text` gives an approval's whole text, which a view does not carry. `client` tells who
    asks; without it, it is whoever connects. A form sent within `read_seconds` of its page is
    asked for again.
    """
    page = DecisionPage(
        tokens,
        approvals,
        FormGuard(public_url),
        full_text=full_text,
        names=names or _nobody,
        client=client or client_address(),
        read_seconds=read_seconds,
        clock=clock,
    )
    app.router.add_route("*", PATH, page.handle)
    app.router.add_route("*", TEXT_PATH, page.handle)


class DecisionPage:
    """Handlers; `register` wires them."""

    def __init__(
        self,
        tokens: MailTokens,
        approvals: DecidesApprovals,
        guard: FormGuard,
        *,
        full_text: FullText | None,
        names: NamesOn,
        client: Client,
        read_seconds: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._tokens = tokens
        self._approvals = approvals
        self._guard = guard
        self._full_text = full_text
        self._names = names
        self._client = client
        self._read_seconds = read_seconds
        self._addresses = Crowd()
        self._links = Crowd(LINKS_INSIDE, OF_ONE_LINK)
        self._clock = clock
        self._templates = PageTemplates()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Every method and both paths; whatever goes wrong becomes a page with a sentence."""
        try:
            return await self._dispatch(request)
        except Crowded:
            return self._come_again()
        except BadForm as error:
            return self._templates.message("Not recorded", str(error), error.status)
        except BadRequest:
            return self._templates.message("Not found", _GONE, HTTPStatus.NOT_FOUND)
        except (SignoffError, DatabaseUnavailable, TimeoutError):
            status = HTTPStatus.SERVICE_UNAVAILABLE
            response = self._templates.message("Please try again", _UNAVAILABLE, status)
            response.headers["Retry-After"] = "30"
            return response
        except Exception as error:
            log.error("the decision page failed", error=type(error).__name__, exc_info=error)
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            return self._templates.message("Something went wrong", _BROKEN, status)

    async def _dispatch(self, request: web.Request) -> web.StreamResponse:
        text_only = request.path.endswith("/text")
        match request.method:
            case "OPTIONS":
                return self._templates.nothing(_ALLOW)
            case "GET" | "HEAD":
                answer = self._text if text_only else self._show
                return await self._with_link(request, answer)
            case "POST" if not text_only:
                return await self._with_link(request, self._post)
        response = self._templates.message(
            "Not possible", "This page is read, or sent with its form.", HTTPStatus(405)
        )
        response.headers["Allow"] = _ALLOW
        return response

    async def _with_link(self, request: web.Request, answer: Answering) -> web.Response:
        """Only a link of ours gets further than one look into the database."""
        token = request.match_info["token"]
        if not could_be_token(token):
            return await self._closed(None)
        async with self._addresses.entered(self._client(request)):
            ticket = await self._tokens.look(token)
        if ticket is None:
            return await self._closed(None)
        is_open = ticket.state is TicketState.OPEN
        form = await read_form(request) if is_open and request.method == "POST" else DecisionForm()
        async with self._links.entered(token):
            if not is_open:
                return await self._closed(ticket)
            return await answer(request, token, form, ticket)

    async def _show(
        self, request: web.Request, token: str, _form: DecisionForm, ticket: Ticket
    ) -> web.Response:
        return await self._render(request, token, await self._case(ticket))

    async def _text(
        self, _request: web.Request, _token: str, _form: DecisionForm, ticket: Ticket
    ) -> web.Response:
        whole = await self._whole((await self._case(ticket)).view)
        return self._templates.text(await asyncio.to_thread(visible, whole))

    async def _post(
        self, request: web.Request, token: str, form: DecisionForm, ticket: Ticket
    ) -> web.Response:
        if not self._guard.genuine(request, token, form.digest, form.seal):
            return self._not_ours()
        return await self._judge(request, token, form, await self._case(ticket))

    async def _judge(
        self, request: web.Request, token: str, form: DecisionForm, case: MailedCase
    ) -> web.Response:
        """A genuine form of an open link: is it complete, in time, and the code right?"""
        if why := case.closed_why():
            return self._too_late(case, why)
        if missing := problem(form, case.view):
            return await self._render(request, token, case, sent=form, problem=missing)
        redeemed = await self._tokens.redeem(token, form.code, digest=form.digest)
        if isinstance(redeemed, Redeemed):
            return await self._decide(request, token, redeemed.decision_id, form, case)
        if redeemed is TokenProblem.OTHER_CONTENT:
            return self._not_ours()
        ticket = await self._tokens.look(token)
        if ticket is None or ticket.state is not TicketState.OPEN:
            return await self._closed(ticket)
        return await self._render(request, token, case, sent=form, problem=_wrong_code(ticket))

    async def _decide(
        self,
        request: web.Request,
        token: str,
        decision_id: str,
        form: DecisionForm,
        case: MailedCase,
    ) -> web.Response:
        """The token is claimed: it is settled, or released, whatever the answer is."""
        hasty = self._guard.seconds_after(form.seal, case.now) < self._read_seconds
        decision = case.decision(form, decision_id, hasty=hasty)
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._approvals.decide(case.ticket.approval_id, decision)
        except (SignoffError, TimeoutError) as error:
            await self._tokens.release(token, undecided=isinstance(error, BadRequest))
            raise
        told = case.told(answer)
        if answer.reply in _MENDABLE:
            await self._tokens.release(token, undecided=True)
            return await self._render(request, token, case, sent=form, problem=told)
        await self._tokens.settle(token)
        if answer.accepted:
            return self._templates.message("Thank you", told, about=case.about)
        return self._templates.message(_UNCHANGED, told, HTTPStatus.CONFLICT, about=case.about)

    def _too_late(self, case: MailedCase, why: str) -> web.Response:
        """Between reading and sending it was decided, or changed; perhaps by this very form."""
        title, told = ("Thank you", _MINE) if case.decided else (_UNCHANGED, why)
        return self._templates.message(title, told, HTTPStatus.CONFLICT, about=case.about)

    def _not_ours(self) -> web.Response:
        return self._templates.message("Not recorded", _NOT_OURS, HTTPStatus.FORBIDDEN)

    def _come_again(self) -> web.Response:
        response = self._templates.message("Please try again", _CROWDED, HTTPStatus(429))
        response.headers["Retry-After"] = "2"
        return response

    async def _closed(self, ticket: Ticket | None) -> web.Response:
        """A link that decides nothing: what became of the approval, for those it was sent to."""
        if ticket is None:
            return self._templates.message("Not found", _UNKNOWN, HTTPStatus.NOT_FOUND)
        told, about, comment = _CLOSED[ticket.state], "", ""
        if ticket.state in (TicketState.USED, TicketState.REVOKED):
            case = await self._case(ticket)
            card, about = case.card, case.about
            comment = card.comment
            told = f"{card.outcome}." if card.outcome else told
            told = f"{_MINE} {told}" if case.decided else told
        return self._templates.message(
            "Nothing to do here", told, HTTPStatus.GONE, about=about, comment=comment
        )

    async def _case(self, ticket: Ticket) -> MailedCase:
        async with asyncio.timeout(PATIENCE):
            view = await self._approvals.view(ticket.approval_id)
        if may_see(Onlooker(user=ticket.user), subject_of_card(view)) is not Sight.SEES:
            raise no_approval(ticket.approval_id)
        return MailedCase(ticket, view, self._clock(), await self._names(view))

    async def _render(
        self,
        request: web.Request,
        token: str,
        case: MailedCase,
        *,
        sent: DecisionForm | None = None,
        problem: str = "",
    ) -> web.Response:
        closed, card = case.closed_why(), case.card
        nonce = self._guard.nonce(request, token)
        seal = self._guard.seal(token, nonce, card.digest, self._clock())
        response = self._templates.page(
            "decision",
            HTTPStatus.UNPROCESSABLE_ENTITY if sent else HTTPStatus.OK,
            title=f"Decide: {card.title}",
            card=card,
            form=None if closed else case.form(f"./{token}", seal, sent),
            closed=closed,
            problem=problem,
            **await self._text_values(token, case.view),
        )
        if not closed:
            self._guard.remember(response, token, nonce)
        return response

    async def _text_values(self, token: str, view: CardView) -> dict[str, Any]:
        """Short texts stand in the page, long ones beside it; a note when there is no way."""
        whole = await self._whole(view)
        length = len(whole) or view.full_text_characters
        return {
            "full_text": visible(whole) if len(whole) <= TEXT_INLINE else "",
            "full_length": length,
            "text_link": f"./{token}/text" if whole else "",
            "text_note": _ELSEWHERE if length and not whole else "",
        }

    async def _whole(self, view: CardView) -> str:
        if view.request.result.full_text or self._full_text is None:
            return view.request.result.full_text
        more = view.full_text_characters or view.request.result.calls
        return await self._full_text(view.request.id) if more else ""


async def _nobody(_view: CardView) -> Mapping[str, str]:
    return {}


def _wrong_code(ticket: Ticket) -> str:
    left = f"{ticket.tries_left} {'try' if ticket.tries_left == 1 else 'tries'} left"
    return f"That isn't the code from this e-mail ({left}). {NOT_RECORDED}"
