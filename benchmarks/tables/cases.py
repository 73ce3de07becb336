"""Every file of tests/cases through the reader and the whole review: `make cases`.

Prints what was inferred, or with which sentence the file was refused.
"""

import asyncio
import hashlib
import sys
from pathlib import Path

from agents.errors import AgentError, UnusableInput
from agents.inputs.check import refuse_unreadable
from agents.inputs.table import is_table, open_table
from agents.runtime.local import LocalAgents
from workflows.messages.content_hash import digest
from workflows.messages.turns import EarlierStep, InputFile, TurnRequest

CASES = Path(__file__).parents[2] / "tests" / "cases"
STEPS = ("analysis", "strategy", "patterns", "report")


def read(path: Path) -> str:
    """How the reader takes it, in a line."""
    content = path.read_bytes()
    try:
        refuse_unreadable([(path.name, "", content)])
        if not is_table(path.name, "", content):
            return "a document"
        with open_table(path.name, content) as table:
            guess = f"; guess said: {', '.join(table.unclear)}" if table.unclear else ""
            return f"{table.rows} rows x {table.column_count}: {table.read_as}{guess}"
    except UnusableInput as error:
        return f"refused: {error.sentence}"


async def reviewed(path: Path) -> str:
    """Through all four steps, as if each were approved; the step that failed, else the figures."""
    content, local = path.read_bytes(), LocalAgents(offline=True)
    file = InputFile(
        name=path.name,
        media_type="",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    earlier: tuple[EarlierStep, ...] = ()
    for step in STEPS:
        request = TurnRequest(
            key=f"cases/{path.name}/{step}",
            agent=step,
            task_id="cases",
            workflow_id="cases",
            step=step,
            inputs=(file,),
            earlier=earlier,
            model=f"offline/{step}",
        )
        try:
            outcome = await local.run(request, [content])
        except AgentError as error:
            return "refused at once" if not earlier else f"{step} failed: {error.sentence}"
        assert outcome.result is not None
        done = EarlierStep(step=step, result=outcome.result, digest=digest(outcome.result))
        earlier = (*earlier, done)
    return f"{len(earlier)} steps"


async def main() -> int:
    """Print the table; 1 when a review failed that was not refused at once."""
    failed = 0
    files = [Path(name) for name in sys.argv[1:]] or sorted(CASES.iterdir())
    for path in (path for path in files if path.suffix != ".md"):
        review = await reviewed(path)
        failed += "failed" in review
        print(f"{path.name:28} {review:16} {read(path)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
