"""What the models of a turn said in the attempts before: paid for once, and said again.

An answer is found by the agent, its model and the contents it was asked with. Instructions do not
count: what they say of the time of day must not make a model think anew of what it has begun.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.adk.platform import uuid as platform_uuid

from agents.journal.entries import MOST_BYTES, Entry, Said, Unsaid

_OWN_ID = re.compile(r'"id": ?"adk-[^"]*"')
_PREFIX = "adk-"
"""ADK takes ids that begin so out of what a model is told."""
KEPT = "signoff_kept_answer"
"""In the `custom_metadata` of an answer that was not asked for, and not paid, again."""


class ModelAnswers:
    """The answers of one turn; the same question for the second time has its second answer."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._said: dict[tuple[str, int], dict[str, Any]] = {}
        self._asked: Counter[str] = Counter()
        self._last: Said | None = None
        for entry in entries:
            self.note(entry)

    def note(self, entry: Entry) -> None:
        """Something was kept in the journal."""
        self._last = entry if isinstance(entry, Said) else None
        if isinstance(entry, Said):
            self._said[entry.of, entry.number] = entry.response
        elif isinstance(entry, Unsaid):
            self._said.pop((entry.of, entry.number), None)

    def ask(self, question: str) -> tuple[int, LlmResponse | None]:
        """How often this was asked now, and the answer where there is one."""
        self._asked[question] += 1
        number = self._asked[question]
        kept = self._said.get((question, number))
        if kept is None:
            return number, None
        answer = LlmResponse.model_validate(kept)
        answer.custom_metadata = {**(answer.custom_metadata or {}), KEPT: True}
        return number, answer

    def last(self) -> Unsaid | None:
        """What takes back the answer after which nothing happened, if it is the newest entry."""
        return Unsaid(of=self._last.of, number=self._last.number) if self._last else None


def question_of(agent: str, request: LlmRequest) -> str:
    """The digest under which the answer is kept."""
    contents = [
        content.model_dump(mode="json", exclude_none=True, by_alias=True)
        for content in request.contents
    ]
    text = _OWN_ID.sub("", json.dumps([agent, request.model, contents], sort_keys=True))
    return hashlib.sha256(text.encode()).hexdigest()


def name_calls(response: LlmResponse) -> None:
    """Give ids to calls that have none, so that they are the same calls when it is said again."""
    for part in (response.content.parts if response.content else None) or []:
        if part.function_call is not None and not part.function_call.id:
            part.function_call.id = f"{_PREFIX}{platform_uuid.new_uuid()}"


def entry_of(question: str, number: int, response: LlmResponse) -> Said | None:
    """The entry to keep; nothing for an answer that is no use, or larger than the journal takes."""
    if response.error_code or response.interrupted:
        return None
    kept = response.model_dump(mode="json", exclude_none=True, by_alias=True)
    if len(json.dumps(kept)) > MOST_BYTES:
        return None
    return Said(of=question, number=number, response=kept)
