"""What the asking commands print: start, list, show, decide, clean."""

import os
import pwd
import uuid
from datetime import UTC, datetime

from rich.console import Console

from bot.commands.records import card_record, line_record, task_line, task_record, write_json
from bot.config.errors import BadRequest
from bot.config.settings import Settings
from bot.listeners.slash_commands import source
from bot.monitoring.payload_cleanup import clean as clean_payloads
from bot.processes.bootstrap import desk, payload_files
from notifications.cards.difference import as_text, difference_of
from notifications.cards.facts import headline
from notifications.cards.runs import before, counted, declined_line, run_line
from notifications.text.plain import plain
from notifications.text.sanitize import visible
from notifications.views.replies import sentence
from notifications.views.words import STEP, TROUBLE, VERDICT, outcome
from notifications.views.words import task as task_words
from workflows.content.edit_note import edit_note, one_line
from workflows.content.rendering import figures, lines_of
from workflows.messages.decisions import Decision, Reply, ReplyKind, Verdict, Via
from workflows.messages.durations import words
from workflows.messages.requests import CardView, Look
from workflows.messages.tasks import TaskView

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
        ended = task_words(report.status)[1]
        say.print(f"Task {task} ended: {ended} ({report.status}) after {took}.", markup=False)
        is_done = report.status.startswith("completed")
        did = counted(report.ran, report.declined) if is_done else before(report.ran)
        if did:
            say.print(f"{did[0].upper()}{did[1:]}.", markup=False)


async def list_pending(
    settings: Settings, say: Console, approver: str, *, as_json: bool = False
) -> None:
    """What waits for people, and what runs: whole ids, at any width, or one JSON object."""
    here = await desk(settings)
    pending, running = await here.approvals.pending(approver), await here.tasks.running()
    if approver:
        theirs = {line.task for line in pending}
        running = [task for task in running if task.id in theirs or task.requester == approver]
    if as_json:
        listed = {"approvals": [*map(line_record, pending)], "tasks": [*map(task_line, running)]}
        write_json(say, listed)
        return
    now = datetime.now(UTC)
    say.print("Pending approvals:" if pending else "Nothing waits for a decision.")
    for line in pending:
        left, who = words(line.deadline - now), ", ".join(line.approvers)
        facts = f"{line.risk} risk, {left} left, approvers: {visible(who)}"
        _entry(say, line.id, visible(line.title), facts)
    say.print("Running tasks:" if running else "No task is running.")
    for task in running:
        about = f"{task.pipeline} of {visible(task.sources)}"
        _entry(say, task.id, about, f"{task_words(task.status)[1]}, for {task.requester}")


async def show(settings: Settings, say: Console, item: str, *, as_json: bool = False) -> None:
    """An approval's id has dots in it, a task's has none."""
    here = await desk(settings)
    if "." in item or item.startswith("a-"):
        look = await here.approvals.look(item, LOOK_SECONDS)
        if as_json:
            write_json(say, card_record(look.view))
        else:
            _show_approval(say, look)
        return
    try:
        task = await here.tasks.view(item)
    except BadRequest:
        raise BadRequest(f"There is no task '{item}' here: 'signoff list' has the ids.") from None
    if as_json:
        write_json(say, task_record(task))
    else:
        _show_task(say, task)


def _entry(say: Console, name: str, *lines: str) -> None:
    """An id on a line of its own, never cut and easily copied, and what there is to say of it."""
    say.print(f"  {name}", markup=False)
    for line in lines:
        say.print(f"      {line}", markup=False)


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
    """Decide as somebody the policy allows; the audit log keeps which account ran this."""
    approvals = (await desk(settings)).approvals
    view = await approvals.view(approval)
    answer = await approvals.decide(
        approval,
        Decision(
            id=f"cli:{os.getuid()}:{uuid.uuid4().hex}",
            verdict=verdict,
            by=by,
            at=datetime.now(UTC),
            revision=view.request.revision,
            digest=digest,
            via=Via.CLI,
            comment=comment,
            confirmation=confirm,
            operator=operator(),
        ),
    )
    if not answer.accepted:
        raise BadRequest(plain_answer(answer, view))
    say.print(plain_answer(answer, view), markup=False)


def operator() -> str:
    """The account this process runs under, as the system knows it: `ada (1000)`.

    The environment (`LOGNAME`, `USER`) may say anything.
    """
    uid = os.getuid()
    try:
        return f"{pwd.getpwuid(uid).pw_name} ({uid})"
    except KeyError:  # an account without a name, as in a container
        return f"uid {uid}"


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


_HINTS = {
    ReplyKind.STALE: "Run 'signoff show' again and copy its digest.",
    ReplyKind.REPLACED: "'signoff list' has its id.",
    ReplyKind.REASON_MISSING: "Give it with --comment.",
    ReplyKind.CONFIRMATION_MISSING: "Give it with --confirm.",
    ReplyKind.ALREADY_DECIDED: "'signoff show' says how.",
}


def plain_answer(answer: Reply, view: CardView) -> str:
    """The sentence Slack shows, for a terminal, and the option that helps."""
    said = visible(plain(sentence(answer), names_in(view)))
    return " ".join(filter(None, (said, _HINTS.get(answer.reply))))


def names_in(view: CardView) -> dict[str, str]:
    """`Grace (U0GRACE001)` by id, for whoever the approval knows by name."""
    people = view.ballot.electorate.people if view.ballot.electorate else ()
    return {one.id: f"{one.name} ({one.id})" if one.name else one.id for one in people}


def words_of(seconds: float) -> str:
    """A duration in words."""
    return f"{seconds:.1f} s" if seconds < MODEST else f"{seconds / MODEST:.1f} min"


def _show_task(say: Console, view: TaskView) -> None:
    say.print(
        f"Task {view.id}: {view.pipeline} of {visible(', '.join(view.sources))}", markup=False
    )
    status = task_words(view.status)[1]
    say.print(f"Status: {status} ({view.status}), for {view.requester}", markup=False)
    for number, step in enumerate(view.steps, 1):
        sign, state = STEP[step.state]
        approval = f" ({step.approval_id})" if step.approval_id else ""
        say.print(f"{sign} {number}. {step.name}: {state}{approval}", markup=False)
    for run in view.ran:
        say.print(visible(run_line(run, visible)), markup=False)
    for one in view.declined:
        say.print(visible(declined_line(one, visible, ", ".join)), markup=False)
    if view.problem:
        say.print(f"{TROUBLE[view.trouble]}: {visible(view.problem)}", markup=False)


def _show_edit(say: Console, view: CardView, editor: str) -> None:
    if note := edit_note(view):
        say.print(f"Edited by {editor}: {visible(note)}", markup=False)
    if said := one_line(view.request.edit_comment):
        say.print(f"{editor}: {visible(said)}", markup=False)


def _show_approval(say: Console, look: Look) -> None:
    view = look.view
    request, ballot = view.request, view.ballot
    say.print(f"{visible(headline(view))}, version {request.revision}", markup=False)
    state = outcome(ballot)[1] if ballot.outcome else "waiting"
    names = names_in(view)
    asked_by = visible(names.get(request.requester, request.requester))
    say.print(f"State: {state}; requested by {asked_by}", markup=False)
    if ballot.deadline is not None:
        until = f"{ballot.deadline:%Y-%m-%d %H:%M} UTC"
        say.print(f"Risk: {request.policy.risk}; to be decided until {until}", markup=False)
    for decision in ballot.counted:
        by = visible(names.get(decision.by, decision.by))
        verdict = VERDICT[decision.verdict]
        said = f"{by}: {verdict}{' with edits' if decision.edit else ''}"
        say.print(f"{said} {visible(decision.comment)}".rstrip(), markup=False)
    for user in ballot.deciders():
        say.print(f"May decide: {visible(names[user])}", markup=False)
    say.print(f"Digest: {ballot.digest}", markup=False)
    _show_edit(say, view, visible(names.get(request.edited_by, request.edited_by)))
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
