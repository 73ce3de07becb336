"""`python -m benchmarks.chaos`: one seeded run, one JSON line, 1 when an invariant broke."""

import argparse
import asyncio
import contextlib
import json
import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks.chaos.checks.audit import AuditError
from benchmarks.chaos.processes.birth import NoBirthError
from benchmarks.chaos.processes.postgres import PostgresError
from benchmarks.chaos.processes.victim import NotStartedError
from benchmarks.chaos.run import Plan, Run

SHOWN = 10
TROUBLE = (AuditError, NoBirthError, NotStartedError, PostgresError)


def main(arguments: list[str] | None = None) -> int:
    """Run it; the evidence stays when something broke."""
    options = _parser().parse_args(arguments)
    plan = Plan(
        seed=options.seed if options.seed is not None else secrets.randbelow(1_000_000),
        approvals=options.approvals,
        seconds=options.seconds,
        database=options.database,
        most_open=options.open,
        agents=options.agents,
        is_cold=options.cold,
    )
    print(f"seed {plan.seed}", file=sys.stderr, flush=True)
    folder = Path(tempfile.mkdtemp(prefix=f"chaos-{plan.seed}-"))
    sound = False
    try:
        sound = asyncio.run(_run(plan, folder))
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("interrupted", file=sys.stderr)
    except TROUBLE as error:
        print(error, file=sys.stderr)
    finally:
        if sound and not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"evidence: {folder}", file=sys.stderr, flush=True)
    return 0 if sound else 1


async def _run(plan: Plan, folder: Path) -> bool:
    """Whether every invariant held. SIGTERM ends it like Ctrl-C: everything is stopped first."""
    ours = asyncio.current_task()
    assert ours is not None
    with contextlib.suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ours.cancel)
    verdict = await Run(plan, folder).judged()
    print(json.dumps({"name": "chaos", **verdict.figures}), flush=True)
    for name, found in verdict.findings.items():
        for sentence in found[:SHOWN]:
            print(f"{name}: {sentence}", file=sys.stderr)
    return verdict.sound


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="default: a random one, which is printed")
    parser.add_argument("--approvals", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=1_800, help="no new tasks after that")
    parser.add_argument(
        "--database",
        default="",
        help="'sqlite', or the address of a server that is left alone; default: a PostgreSQL "
        "server of the run's own where its programs are found, else SQLite",
    )
    parser.add_argument("--open", type=int, default=40, help="how many tasks are open at once")
    parser.add_argument("--agents", action="store_true", help="with the real agents, offline")
    parser.add_argument("--cold", action="store_true", help="start processes without forking")
    parser.add_argument("--keep", action="store_true", help="keep the evidence of a sound run, too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
