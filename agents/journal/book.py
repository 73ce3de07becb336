"""Which tool calls of a turn ran, and whether the call at hand is one of them.

Calls that people approved are known by the id that they were approved under. Any other call is
known by its tool and arguments: the second of two equal calls is another one than the first, and
an attempt that makes them again finds what became of both.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from agents.journal.entries import Begun, Ended, Entry, Withdrawn
from agents.journal.idempotency import key_of
from agents.journal.repeatable import Repeat
from agents.turn.answer import clean
from workflows.content.json_value import DEEPEST
from workflows.messages.results import RunStatus, ToolRun
from workflows.messages.turns import Question, ToolDecision

MOST_RESPONSE = 8_000
RAN_WITH = "ran_with"
"""What a response is told under that it ran with other arguments than the model wanted."""
UNKNOWN = "unknown"
"""How the ids of questions about such calls begin."""
NOT_AGAIN = "It is not known whether this ran. People decided not to run it again."


@dataclass(frozen=True)
class Called:
    """A call that an agent makes. `proposed` is what it wanted, where people edited it."""

    tool: str
    arguments: dict[str, Any]
    call_id: str = ""
    agent: str = ""
    approved: bool = False
    proposed: dict[str, Any] | None = None
    repeat: Repeat = Repeat.ONCE


@dataclass
class CallRecord:
    """One call; without a `status` it has not ended, and without `runs` it was never begun."""

    key: str
    call: Called
    runs: int = 0
    status: RunStatus | None = None
    response: dict[str, Any] = field(default_factory=dict)
    effects: dict[str, Any] = field(default_factory=dict)
    earlier: bool = False
    edited: dict[str, Any] | None = None
    broke: bool = False

    @property
    def question_id(self) -> str:
        """Good for one more run."""
        return f"{UNKNOWN}:{self.key}:{self.runs}"

    def heard(self, response: Any) -> Any:
        """What the model is told: beside the tool's answer, what ran where people edited it."""
        if self.call.proposed is None:
            return response
        said = response if isinstance(response, dict) else {"result": response}
        return {**said, RAN_WITH: self.call.arguments}

    def begun(self) -> Begun:
        """The entry to keep before it runs."""
        said = self.call
        return Begun(
            key=self.key,
            tool=said.tool,
            arguments=said.arguments,
            proposed=said.proposed,
            call_id=said.call_id,
            agent=said.agent,
            approved=said.approved,
            repeat=said.repeat,
        )


class TurnBook:
    """The calls of one turn, from its entries, in the order in which they were begun.

    `ran` are calls of earlier turns and revisions, of which `settled` are the keys of those that
    this conversation knows of. `said` are people's answers to `questions`.
    """

    def __init__(
        self,
        turn: str,
        entries: Iterable[Entry] = (),
        *,
        ran: Iterable[ToolRun] = (),
        settled: Iterable[str] = (),
        said: Iterable[ToolDecision] = (),
    ) -> None:
        self._turn = turn
        self._calls: dict[str, CallRecord] = {}
        self._claimed: set[str] = set()
        self._answered: list[ToolRun] = []
        self._settled = set(settled)
        self._said = {answer.question_id: answer for answer in said}
        for entry in entries:
            self.note(entry)
        self._earlier = self._sorted(_latest(ran))

    def note(self, entry: Entry) -> None:
        """Something was kept in the journal."""
        if isinstance(entry, Begun):
            call = Called(
                tool=entry.tool,
                arguments=entry.arguments,
                call_id=entry.call_id,
                agent=entry.agent,
                approved=entry.approved,
                proposed=entry.proposed,
                repeat=entry.repeat,
            )
            record = self._calls.setdefault(entry.key, CallRecord(entry.key, call))
            record.call, record.status = call, None
            record.runs += 1
        elif isinstance(entry, Ended) and entry.key in self._calls:
            record = self._calls[entry.key]
            record.status, record.response = entry.status, entry.response
            record.effects = entry.effects
        elif isinstance(entry, Withdrawn):
            self._calls.pop(entry.key, None)

    def unended(self) -> list[CallRecord]:
        """Calls that were begun and may not simply be begun again."""
        return [
            record
            for record in self._calls.values()
            if record.status is None and record.runs and record.call.repeat is Repeat.ONCE
        ]

    def questions(self) -> tuple[Question, ...]:
        """What people have to say before the turn can go on."""
        open_ = [record for record in self.unended() if record.question_id not in self._said]
        return tuple(
            Question(
                id=record.question_id,
                tool=record.call.tool,
                arguments=record.call.arguments,
                hint=not_known(record.call.tool),
            )
            for record in open_
        )

    def given_up(self) -> list[Ended]:
        """What to keep of calls that broke, in a run that went on without them."""
        response = {"error": "It is not known whether this ran.", UNKNOWN: True}
        return [
            Ended(key=record.key, status=RunStatus.UNKNOWN, response=response)
            for record in self.unended()
        ]

    def refused(self) -> list[Ended]:
        """What to keep of calls that people do not want to be run again."""
        found = []
        for record in self.unended():
            answer = self._said.get(record.question_id)
            if answer is not None and not answer.confirmed:
                why = f"{NOT_AGAIN} {answer.comment}".strip()
                response = {"error": why, UNKNOWN: True, "rejected": True}
                found.append(Ended(key=record.key, status=RunStatus.UNKNOWN, response=response))
        return found

    def claim(self, call: Called) -> CallRecord:
        """The record of this call: one of an attempt before, an earlier revision's, or a new one.

        Each record answers one call of this attempt.
        """
        record = self._known(call)
        if record is None and not call.approved:
            record = self._of_earlier_revision(call)
        if record is None:
            record = CallRecord(self._new_key(call), call)
        elif (answer := self._said.get(record.question_id)) is not None:
            record.edited = answer.arguments
        self._claimed.add(record.key)
        return record

    def doubtful(self, call: Called) -> bool:
        """Whether it is unknown of an equal call if it ran."""
        return any(
            (record.broke or record.status is RunStatus.UNKNOWN)
            and _equal(record.call.arguments, call.arguments)
            for record in self._calls.values()
            if record.call.tool == call.tool
        ) or any(
            run.status is RunStatus.UNKNOWN and _same(run, call) for run in self._earlier.values()
        )

    def runs(self) -> tuple[ToolRun, ...]:
        """What this turn ran, and what it took from an earlier revision, under its key there."""
        mine = (_told(record) for record in self._calls.values() if record.runs)
        return (*mine, *self._answered)

    def settled(self) -> list[str]:
        """The keys of all calls that this conversation knows of."""
        return sorted(self._settled | set(self._calls) | self._claimed)

    def _sorted(self, ran: dict[str, ToolRun]) -> dict[str, ToolRun]:
        """The runs of earlier revisions; those of this very turn go among its own calls."""
        earlier: dict[str, ToolRun] = {}
        for key, run in ran.items():
            if key in self._calls or key in self._settled:
                continue
            if self._is_of_this_turn(run, len(ran)):
                self._adopt(run)
            else:
                earlier[key] = run
        return earlier

    def _is_of_this_turn(self, run: ToolRun, most: int) -> bool:
        call = Called(run.tool, run.arguments)
        return any(self._key(call, number) == run.key for number in range(1, most + 1))

    def _adopt(self, run: ToolRun, call_id: str = "") -> CallRecord:
        """A run that the caller knows of, and the journal does not: it was another machine's."""
        call = Called(
            run.tool,
            run.arguments,
            call_id=call_id,
            approved=run.approved,
            proposed=run.proposed,
        )
        record = CallRecord(run.key, call, runs=1, response=run.response)
        record.status = None if run.status is RunStatus.UNKNOWN else run.status
        self._calls[run.key] = record
        return record

    def _known(self, call: Called) -> CallRecord | None:
        if call.approved:
            key = key_of(self._turn, call.call_id)
            if key in self._earlier:
                return self._adopt(self._earlier.pop(key), call.call_id)
            return self._calls.get(key)
        found = [
            record
            for record in self._calls.values()
            if record.call.tool == call.tool
            and not record.call.approved
            and record.key not in self._claimed
            and _equal(record.call.arguments, call.arguments)
        ]
        exact = (record for record in found if record.call.call_id == call.call_id)
        return next(exact, found[0] if found else None)

    def _of_earlier_revision(self, call: Called) -> CallRecord | None:
        for key, run in self._earlier.items():
            if run.status is RunStatus.DONE and _same(run, call):
                self._answered.append(self._earlier.pop(key))
                response = {**run.response, "already_done": True}
                ran = replace(call, arguments=run.arguments, proposed=run.proposed)
                return CallRecord(key, ran, 1, run.status, response, earlier=True)
        return None

    def _new_key(self, call: Called) -> str:
        if call.approved:
            return key_of(self._turn, call.call_id)
        number = 1
        while (key := self._key(call, number)) in self._calls or key in self._claimed:
            number += 1
        return key

    def _key(self, call: Called, number: int) -> str:
        return key_of(self._turn, call.tool, _canonical(call.arguments), str(number))


def not_known(tool: str) -> str:
    """What people are told of such a call."""
    return (
        f"It is not known whether {tool} ran: it was cut off in the middle. Look where it acts, "
        "then approve to run it again, or reject to go on without it."
    )


def _latest(ran: Iterable[ToolRun]) -> dict[str, ToolRun]:
    """One run for each key; whoever knows how it ended knows more."""
    found: dict[str, ToolRun] = {}
    for run in ran:
        if run.status is not RunStatus.UNKNOWN or run.key not in found:
            found[run.key] = run
    return found


def _same(run: ToolRun, call: Called) -> bool:
    proposed = run.proposed is not None and _equal(run.proposed, call.arguments)
    return run.tool == call.tool and (proposed or _equal(run.arguments, call.arguments))


def _equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return _canonical(one) == _canonical(other)


def _canonical(value: Any) -> str:
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), default=repr)


def _plain(value: Any) -> Any:
    """100 and 100.0 are one amount."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _told(record: CallRecord) -> ToolRun:
    """Without what cannot travel: responses that are too long, characters that are none."""
    call, response = record.call, _sendable(record.response)
    if len(json.dumps(response)) > MOST_RESPONSE:
        response = {"note": "The answer is too long to be shown here."}
    return ToolRun(
        key=record.key,
        tool=clean(call.tool),
        arguments=_sendable(call.arguments),
        status=record.status or RunStatus.UNKNOWN,
        response=response,
        approved=call.approved,
        proposed=_sendable(call.proposed) if call.proposed is not None else None,
    )


def _sendable(value: dict[str, Any]) -> dict[str, Any]:
    try:
        return {clean(str(name)): _clean(item) for name, item in value.items()}
    except RecursionError:
        return {"note": "This is nested too deep to be shown here."}


def _clean(value: Any, deep: int = 0) -> Any:
    """Raises RecursionError below the depth that can be read again."""
    if deep > DEEPEST:
        raise RecursionError
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(name)): _clean(item, deep + 1) for name, item in value.items()}
    return [_clean(item, deep + 1) for item in value] if isinstance(value, list | tuple) else value
