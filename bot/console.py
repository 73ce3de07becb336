"""What the asking commands print: start, list, show, decide, clean."""

import getpass
import shlex
import uuid
from datetime import UTC, datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.bootstrap import desk, payload_files
from bot.cleaning import clean as clean_payloads
from bot.commands import source
from bot.errors import BadRequest
from bot.settings import Settings
from notifications.card_facts import headline
from notifications.difference import as_text, difference_of
from notifications.text import visible
from notifications.words import OUTCOME, STEP
from workflows.decisions import Answer, Decision, Reply, Verdict, Via
from workflows.durations import words
from workflows.edit_note import edit_note
from workflows.rendering import figures, lines_of
from workflows.requests import CardView, Look
from workflows.tasks import TaskView

MODEST = 60
LOOK_SECONDS = 30.0


async def start(
    settings: Settings,
    say: Console,
    pipeline: str,
    inputs: list[str],
    channel: str,
    requester: str,
    *,
    wait: bool,
) -> None:
    """Start a task; with `wait`, stay until it ends."""
    tasks = (await desk(settings)).tasks
    sources = tuple(source(word) for word in inputs)
    task = await tasks.start(pipeline, sources, requester, channel, via="cli")
    if problem := await tasks.accepted(task):
        raise BadRequest(problem)
    say.print(f"Task {task} is running.", markup=False)
    if wait:
        report = await tasks.report(task)
        took = words_of(report.duration_seconds)
        say.print(f"Task {task} ended: {report.status} after {took}.", markup=False)


async def list_pending(settings: Settings, say: Console, approver: str) -> None:
    """Two tables: what waits for people, and what runs."""
    here = await desk(settings)
    table = Table(
        "approval", "what", "risk", "time left", "who may decide", title="Pending approvals"
    )
    for line in await here.approvals.pending(approver):
        left = words(line.deadline - datetime.now(UTC))
        title = visible(line.title)
        table.add_row(line.id, escape(title), line.risk, left, escape(", ".join(line.approvers)))
    say.print(table if table.row_count else "Nothing waits for a decision.")
    running = Table("task", "pipeline", "input", "status", "requester", title="Running tasks")
    for task in await here.tasks.running():
        sources = escape(visible(task.sources))
        running.add_row(task.id, task.pipeline, sources, task.status, task.requester)
    say.print(running if running.row_count else "No task is running.")


async def show(settings: Settings, say: Console, item: str) -> None:
    """An approval's id has dots in it, a task's has none."""
    here = await desk(settings)
    if "." in item:
        _show_approval(say, await here.approvals.look(item, LOOK_SECONDS))
    else:
        _show_task(say, await here.tasks.view(item))


async def decide(
    settings: Settings,
    say: Console,
    approval: str,
    verdict: Verdict,
    by: str,
    digest: str,
    comment: str,
    confirm: str,
) -> None:
    """Decide as somebody the policy allows; whoever runs this is kept in the audit log."""
    approvals = (await desk(settings)).approvals
    view = await approvals.view(approval)
    answer = await approvals.decide(
        approval,
        Decision(
            id=f"cli:{getpass.getuser()}:{uuid.uuid4().hex}",
            verdict=verdict,
            by=by,
            at=datetime.now(UTC),
            revision=view.request.revision,
            digest=digest,
            via=Via.CLI,
            comment=comment,
            confirmation=confirm,
        ),
    )
    if not answer.accepted:
        raise BadRequest(plain(answer, view))
    say.print(plain(answer, view), markup=False)


async def clean(settings: Settings, say: Console, *, dry_run: bool) -> None:
    """Take away unused payload files, or name them."""
    if not settings.storage.keep_unused:
        raise BadRequest("keep_unused under [storage] is 0: all payload files are kept.")
    files, client = payload_files(settings), (await desk(settings)).client
    done = await clean_payloads(settings, client, files, dry_run=dry_run)
    verb = "would go" if dry_run else "are gone"
    say.print(f"{len(done.removed)} files {verb} ({done.freed_bytes} bytes), {done.kept} stay.")
    for name in done.removed:
        say.print(name, markup=False)


_PLAIN = {
    Reply.COUNTED: "Counted; more is needed.",
    Reply.ALREADY_COUNTED: "This person's decision was already counted.",
    Reply.ALREADY_DECIDED: "It was already decided; 'signoff show' says by whom.",
    Reply.REPLACED: "A newer version replaced this one; decide on that.",
    Reply.STALE: "The digest is not this version's: run 'signoff show' and copy its digest.",
    Reply.REQUESTER: "Whoever asked for it may not decide.",
    Reply.AUTHOR: "Whoever edited it may not decide.",
    Reply.EXPIRED: "The time to decide is over.",
    Reply.WITHDRAWN: "The request was withdrawn.",
    Reply.REASON_MISSING: "A reason is needed: --comment.",
    Reply.NOT_READY: "It is still being prepared; try again in a moment.",
    Reply.REVISIONS_USED_UP: "All versions are used up: approve or reject.",
    Reply.NOT_LIVE: "The policy does not allow to approve a result that is not live.",
}


def plain(answer: Answer, view: CardView) -> str:
    """The answer for a terminal."""
    if answer.reply is Reply.SETTLED:
        assert answer.outcome is not None
        return f"{OUTCOME[answer.outcome][1]}."
    if answer.reply is Reply.NOT_APPROVER:
        electorate = view.ballot.electorate
        names = ", ".join(f"{p.name} ({p.id})" for p in electorate.people) if electorate else ""
        return f"Not an approver of this. Who may decide: {names or 'nobody'}."
    if answer.reply is Reply.CONFIRMATION_MISSING:
        return f"This is high risk: add --confirm {shlex.quote(answer.detail)}."
    return _PLAIN.get(answer.reply, f"Not counted: {answer.reply.value}.")


def words_of(seconds: float) -> str:
    """A duration in words."""
    return f"{seconds:.1f} s" if seconds < MODEST else f"{seconds / MODEST:.1f} min"


def _show_task(say: Console, view: TaskView) -> None:
    say.print(
        f"Task {view.id}: {view.pipeline} of {visible(', '.join(view.sources))}", markup=False
    )
    say.print(f"Status: {view.status}, for {view.requester}", markup=False)
    for number, step in enumerate(view.steps, 1):
        sign, state = STEP[step.state]
        approval = f" ({step.approval_id})" if step.approval_id else ""
        say.print(f"{sign} {number}. {step.name}: {state}{approval}", markup=False)
    if view.problem:
        say.print(f"It cannot go on by itself: {visible(view.problem)}", markup=False)


def _show_approval(say: Console, look: Look) -> None:
    view = look.view
    request, ballot = view.request, view.ballot
    say.print(f"{visible(headline(view))}, version {request.revision}", markup=False)
    state = OUTCOME[ballot.outcome][1] if ballot.outcome else "waiting"
    say.print(f"State: {state}; requested by {request.requester}", markup=False)
    for decision in ballot.counted:
        say.print(f"{decision.by}: {decision.verdict} {visible(decision.comment)}", markup=False)
    if ballot.electorate is not None:
        for person in ballot.electorate.people:
            say.print(f"May decide: {visible(person.name)} ({person.id})", markup=False)
    say.print(f"Digest: {ballot.digest}", markup=False)
    if note := edit_note(view):
        say.print(f"Edited by {request.edited_by}: {visible(note)}", markup=False)
    if request.previous is not None:
        changed = as_text(difference_of(view)) or "none."
        say.print(f"Changes since version {request.revision - 1}:", markup=False)
        say.print(visible(changed), markup=False)
    if request.result.calls:
        say.print("\nThis is what runs once it is approved:", markup=False)
        say.print(visible("\n".join(lines_of(request.result.calls))), markup=False)
        return
    say.print(f"\nWritten by the agent:\n{visible(request.result.summary)}", markup=False)
    for finding in request.result.findings:
        say.print(f"- {visible(finding)}", markup=False)
    if request.result.metrics:
        say.print(f"Figures: {visible(figures(request.result))}", markup=False)
    if look.result.full_text:
        say.print(f"\nFull text:\n{visible(look.result.full_text)}", markup=False)
