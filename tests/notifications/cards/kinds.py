"""Each kind of card that people decide on, with texts of an ordinary length."""

from datetime import timedelta
from typing import Any

from tests.notifications.card_views import (
    GRACE,
    LINUS,
    NOW,
    said,
    settled,
    view,
)
from workflows.messages.decisions import Outcome, Place, Verdict
from workflows.messages.ladder import Act, PlannedRung
from workflows.messages.policy import Risk
from workflows.messages.requests import CardView
from workflows.messages.results import AgentResult, AgentVersion, DeniedCall, ProposedCall, ToolRun

ANALYSIS = AgentResult(
    summary=(
        "penguins.csv has 344 rows and 17 columns; 5.75 % of its cells are missing, most in "
        "Comments (84.3 %). Mean Culmen Length (mm) 43.9 (32.1 to 59.6); mean Culmen Depth (mm) "
        "17.2 (13.1 to 21.5); mean Flipper Length (mm) 201 (172 to 231)."
    ),
    findings=(
        "penguins.csv: 344 rows, 17 columns (7 numeric, 1 date, 8 text, 1 yes/no).",
        "Date Egg runs from 2007-11-09 to 2009-12-01.",
        "Comments is missing in 290 of 344 rows (84.3 %).",
        "Delta 15 N (o/oo) is missing in 14 of 344 rows (4.07 %).",
        "Delta 13 C (o/oo) is missing in 13 of 344 rows (3.78 %).",
        "Sex is missing in 11 of 344 rows (3.2 %).",
    ),
    metrics={
        "columns": 17.0,
        "duplicate_rows": 0.0,
        "files": 1.0,
        "mean Body Mass (g)": 4201.75,
        "mean Culmen Depth (mm)": 17.1512,
        "mean Culmen Length (mm)": 43.9219,
        "missing_cells": 336.0,
        "missing_percent": 5.75,
        "rows": 344.0,
    },
    full_text="# Report\n\n" + "All of it. " * 300,
    offline=True,
)
SECOND = ANALYSIS.model_copy(
    update={
        "summary": (
            "penguins.csv has 344 rows and 17 columns; 5.75 % of its cells are missing, most in "
            "Comments (84.3 %). Body Mass (g) differs by Species: Adelie 3,701, Chinstrap 3,733, "
            "Gentoo 5,076."
        ),
        "findings": (
            "Body Mass (g) differs most by Species: Gentoo is 1,375 g above Adelie.",
            *ANALYSIS.findings[:4],
        ),
    }
)
PAYMENTS = AgentResult(
    summary="",
    calls=tuple(
        ProposedCall(
            id=f"tool:adk-{number}",
            tool="order_payment",
            arguments={"to": to, "amount": amount, "currency": currency, "reason": reason},
        )
        for number, (to, amount, currency, reason) in enumerate(
            (
                ("Ann Meyer Catering", 120.5, "EUR", "team lunch"),
                ("Nordlicht Hosting", 1890.0, "EUR", "servers in March"),
                ("Bureau Rossi", 640.0, "CHF", "translation"),
            )
        )
    ),
)
EDITED = PAYMENTS.model_copy(
    update={
        "calls": (
            PAYMENTS.calls[0],
            PAYMENTS.calls[1].model_copy(
                update={"arguments": PAYMENTS.calls[1].arguments | {"amount": 1980.5}}
            ),
            PAYMENTS.calls[2],
        )
    }
)
RAN = ToolRun(
    key="k",
    tool="order_payment",
    arguments={"to": "Hotel Aurora", "amount": 310.0, "currency": "EUR"},
    approved=True,
)
STOPPED = DeniedCall(
    tool="order_payment",
    arguments={"to": "Unknown Ltd", "amount": 9000.0, "currency": "EUR"},
    reason="More than 5,000 EUR at once.",
)
PLAN = (
    PlannedRung(name="remind@0.5", act=Act.REMIND, at=NOW + timedelta(hours=12), due=NOW),
    PlannedRung(name="dm@0.8", act=Act.DM, at=NOW + timedelta(hours=19), due=NOW),
)
PROGRAM: dict[str, Any] = {
    "step": "",
    "task_id": "",
    "id": "x-4711.approve.v1",
    "parent": "",
    "thread": Place(channel="C0GENERAL1"),
    "version": AgentVersion(name="deployer"),
    "title": "Deployer: Deploy release 2.4.1 to production",
}
RELEASE = AgentResult(
    summary=(
        "All 412 checks passed. The release adds the export and changes two database tables; "
        "the change can be taken back within an hour."
    ),
    findings=("2 tables change.", "No downtime is expected.", "Last release: 9 days ago."),
)


def _titled(result: AgentResult, **changed: Any) -> CardView:
    told = {"title": "analysis of penguins.csv", "ahead": ("strategy", "patterns"), **changed}
    made = view(result, **told)
    return made.model_copy(update={"plan": PLAN})


KINDS: dict[str, CardView] = {
    "result": _titled(ANALYSIS),
    "tool calls": _titled(
        PAYMENTS, pipeline="pay", step="payment", steps_total=1, version=AgentVersion(name="pay")
    ),
    "program": _titled(RELEASE, **PROGRAM),
    "second version": _titled(
        SECOND,
        revision=2,
        previous=ANALYSIS,
        feedback="Compare Body Mass (g) by species first, please.",
    ),
    "edited calls": _titled(
        EDITED, revision=2, previous=PAYMENTS, authors=(GRACE,), edited_by=GRACE,
        edit_comment="The invoice says 1980.50.", step="payment", steps_total=1,
    ),
    "quorum": _titled(
        ANALYSIS,
        policy={"quorum": 2, "groups": {"legal": (LINUS,), "finance": (GRACE,)}},
        ballot={"counted": (said(),)},
    ),
    "high risk": _titled(
        PAYMENTS, policy={"risk": Risk.HIGH}, step="payment", steps_total=1, ran=(RAN,),
        denied=(STOPPED,),
    ),
}  # fmt: skip
ENDED: dict[str, CardView] = {
    "approved": settled(
        Outcome.APPROVED, said(), result=ANALYSIS, title="analysis of penguins.csv"
    ),
    "rejected": settled(
        Outcome.REJECTED,
        said(verdict=Verdict.REJECT),
        result=PAYMENTS,
        reason="The second one is a duplicate.",
    ),
}
