"""The top of a card, made by code: what is asked, and what each decision does."""

from notifications.cards.facts import headline
from notifications.text.sanitize import clip, inert
from notifications.views.format import code, person
from workflows.messages.requests import ApprovalRequest, CardView

QUESTION_SHOWN, HEADING_SHOWN = 90, 140
TOOLS_NAMED = 3
NAME_SHOWN = 60


def question(view: CardView, most: int = HEADING_SHOWN) -> str:
    """`Approve analysis of sales.csv (v2)?`; once it is decided, what it was about.

    Inert, not escaped: it goes into plain text. Of tool calls it is made from the calls
    themselves, whatever the request is called.
    """
    asked = headline(view)
    if view.request.result.calls:
        asked = asked.removeprefix("Approve ").removesuffix("?")
    version = f" (v{view.request.revision})" if view.request.revision > 1 else ""
    about = f"{clip(asked, most, inert).shown}{version}"
    return about if view.ballot.outcome else f"Approve {about}?"


def subject(asked: str) -> str:
    """What a question that was shown is about."""
    return asked.removeprefix("Approve ").removesuffix("?")


def consequence(view: CardView) -> str:
    """What follows from either decision, a line each; ready mrkdwn."""
    request, ballot = view.request, view.ballot
    needed, against = ballot.needed(), request.policy.reject_quorum
    if not request.result.calls and not request.step and request.version is None:
        told = f"{person(request.requester)} is told what you decide."
        return told if needed == 1 else f"{needed} approvals are needed. {told}"
    yes, no = _of_calls(request) if request.result.calls else _of_text(request)
    approve = "Approve" if needed == 1 else f"{needed} approvals"
    reject = "Reject" if against == 1 else f"{against} rejections"
    return f"*{approve}:* {yes}.\n*{reject}:* {no}."


def _of_calls(request: ApprovalRequest) -> tuple[str, str]:
    calls = request.result.calls
    tools = list(dict.fromkeys(call.tool for call in calls))
    if tools == [""]:
        return "the agent gets a yes", "the agent gets a no"
    named = ", ".join(_code(tool or "question") for tool in tools[:TOOLS_NAMED])
    named += f" and {len(tools) - TOOLS_NAMED} more" if len(tools) > TOOLS_NAMED else ""
    if len(tools) > 1:
        runs = f"{named} run"
    else:
        runs = f"{named} runs" + (f" {len(calls)} times" if len(calls) > 1 else "")
    told = "the agent" if request.step else _program(request)
    return f"{runs}, exactly as below", f"nothing runs, {told} is told"


def _of_text(request: ApprovalRequest) -> tuple[str, str]:
    if not request.step:
        program = _program(request)
        return f"{program} is told to go on", f"{program} is told no"
    if request.step_number < request.steps_total:
        following = _code(request.ahead[0]) if request.ahead else "the next step"
        return f"{following} starts", "the task ends"
    return "the task is completed", "the task ends without it"


def _program(request: ApprovalRequest) -> str:
    return _code(request.version.name) if request.version else "whoever asked"


def _code(name: str) -> str:
    return code(clip(name, NAME_SHOWN).shown)
