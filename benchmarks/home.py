"""Home with many pending approvals: `python -m benchmarks.home [--pending 10000] [--mine 40]`.

The approvals are started with the search attributes and the memo that the workflow sets, and
nobody works on them: what is measured is the list, not the workflows. Two people are looked at:
one with a few of them, and one who may decide every other one of them all.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from bot.access.onlookers import Onlookers
from bot.access.sight import Onlooker
from bot.approvals.home import HomePage
from bot.approvals.queries import Approvals
from bot.approvals.tasks import Tasks
from bot.config.sections.temporal import TemporalSettings
from bot.config.settings import Settings, load
from bot.processes import dev_server
from bot.processes.bootstrap import input_folders
from bot.temporal import client as temporal
from notifications.cards.buttons import HomeCursor
from notifications.people.membership import Membership
from notifications.views.home import home
from storage.database import create_engine, migrate
from storage.payloads.files import PayloadFiles
from storage.preferences import PreferenceStore
from workflows.approval import search_attributes

ROOT = Path(__file__).parents[1]
FEW, MANY, OTHERS = "U0FEW00001", "U0MANY0001", "U0OTHER001"
QUEUE = "nobody"
TOGETHER = 50
RUNS = 40


def main() -> None:
    """Measure, print one JSON line a person."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pending", type=int, default=10_000)
    parser.add_argument("--mine", type=int, default=40)
    parser.add_argument("--port", type=int, default=17_233)
    options = parser.parse_args()
    for line in asyncio.run(measure(options.pending, options.mine, options.port)):
        print(json.dumps(line), flush=True)


async def measure(pending: int, mine: int, port: int) -> list[dict[str, Any]]:
    """Figures for both people, in milliseconds of the server: queries and rendering."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load(ROOT / "signoff.toml").model_copy(
            update={"temporal": TemporalSettings(address=f"127.0.0.1:{port}", ui_port=port + 1)}
        )
        async with dev_server.server(settings.temporal, Path(folder)):
            plugin = temporal.plugin(PayloadFiles(Path(folder) / "payloads"))
            client = await temporal.connect(settings.temporal, plugin)
            await temporal.register_attributes(client)
            started = await _fill(client, pending, mine)
            figures = await _look(client, settings, Path(folder))
    return [{"pending": pending, "filled_s": round(started, 1), **line} for line in figures]


async def _fill(client: Client, pending: int, mine: int) -> float:
    began = time.monotonic()
    gate = asyncio.Semaphore(TOGETHER)

    async def one(number: int) -> None:
        async with gate:
            await _start(client, number, few=number < mine)

    await asyncio.gather(*(one(number) for number in range(pending)))
    while (await client.count_workflows(f"TaskQueue = '{QUEUE}'")).count < pending:  # noqa: ASYNC110 - the server is asked
        await asyncio.sleep(0.2)
    return time.monotonic() - began


async def _start(client: Client, number: int, *, few: bool) -> None:
    approvers = [FEW if few else OTHERS, *([MANY] if number % 2 else [])]
    risk = ("low", "normal", "high")[number % 3]
    await client.start_workflow(
        "ApprovalWorkflow",
        id=f"t-{number:08}.analysis.v1",
        task_queue=QUEUE,
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(search_attributes.STATUS, search_attributes.PENDING),
                SearchAttributePair(search_attributes.REQUESTER, "U0ADA00001"),
                SearchAttributePair(search_attributes.APPROVERS, approvers),
                SearchAttributePair(search_attributes.DEADLINE, _deadline(number)),
                SearchAttributePair(search_attributes.RISK, risk),
                SearchAttributePair(search_attributes.PIPELINE, "review"),
            ]
        ),
        memo={
            "title": f"analysis of sales{number}.csv",
            "summary": "Sales rose by 12 % in May, most of it in the north. " * 8,
            "revision": 1,
            "digest": "0123456789abcdef",
            "approvers": ["few", "many"],
            "careful": risk == "high",
        },
    )


def _deadline(number: int) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=10 + number * 37 % 20_000)


class Colleagues(Onlookers):
    """Everybody is a member: what Slack takes to say so is not measured here."""

    async def of(self, user: str) -> Onlooker:
        """At once."""
        return Onlooker(user=user, standing=Membership.MEMBER, channels=frozenset())


async def _look(client: Client, settings: Settings, folder: Path) -> list[dict[str, Any]]:
    engine = create_engine(f"sqlite:///{folder / 'signoff.db'}")
    await migrate(engine)
    page = HomePage(
        AsyncWebClient(token=""),
        Approvals(client),
        Tasks(client, settings, input_folders(settings)),
        PreferenceStore(engine),
        settings,
        Colleagues(AsyncWebClient(token="")),
    )
    figures = [await _times(page, user) for user in (FEW, MANY)]
    await engine.dispose()
    return figures


async def _times(page: HomePage, user: str) -> dict[str, Any]:
    times = []
    view = await page.view(user, HomeCursor())
    for _ in range(RUNS):
        began = time.perf_counter()
        view = await page.view(user, HomeCursor())
        home(view)
        times.append((time.perf_counter() - began) * 1_000)
    lines = view.pending.lines
    return {
        "name": f"home of {user}",
        "total": view.pending.total,
        "shown": len(lines),
        "sorted": list(lines) == sorted(lines, key=lambda line: line.deadline),
        "p50_ms": round(statistics.median(times), 1),
        "max_ms": round(max(times), 1),
    }


if __name__ == "__main__":
    main()
