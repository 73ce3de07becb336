"""One state of what people decide on, and which one follows when they want another."""

from typing import NamedTuple, Self

from workflows.messages.decisions import Settlement
from workflows.messages.results import AgentResult
from workflows.messages.turns import Feedback


class Revision(NamedTuple):
    """`previous` is what was decided on before it, `authors` are all who edited since the agent.

    After an edit `edited_by` is whoever made this one; after a request for changes `feedback` says
    what the agent is to make of `previous`.
    """

    number: int = 1
    previous: AgentResult | None = None
    authors: tuple[str, ...] = ()
    edited_by: str = ""
    edit_comment: str = ""
    feedback: Feedback | None = None

    def after(self, settlement: Settlement, shown: AgentResult) -> Self:
        """The next one, once people sent back what was `shown` with an edit or with words."""
        number = self.number + 1
        if settlement.result is None:
            by = settlement.decisions[-1].by if settlement.decisions else ""
            wanted = Feedback(text=settlement.changes(), by=by, previous=shown)
            return self._replace(
                number=number, previous=shown, edited_by="", edit_comment="", feedback=wanted
            )
        return self._replace(
            number=number,
            previous=shown,
            authors=(*self.authors, settlement.editor),
            edited_by=settlement.editor,
            edit_comment=settlement.edit_comment(),
            feedback=None,
        )
