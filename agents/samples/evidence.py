"""What the offline writers know: profiles and documents, gathered with the agents' own tools."""

from collections.abc import Mapping
from dataclasses import dataclass

from agents.inputs.file_format import TABLES, FileFormat
from agents.samples.conversation import Call, Conversation, Say, kind_of_file
from agents.samples.tools.column import Column
from agents.samples.tools.correlation import Correlation
from agents.samples.tools.document import Document
from agents.samples.tools.table_profile import TableProfile
from agents.turn.answer import AgentAnswer, Metric, shorten
from agents.turn.brief import BriefFile

MOST_FILES = 10


@dataclass(frozen=True)
class Evidence:
    """Everything readable among the inputs, and the sentences about the rest."""

    tables: tuple[TableProfile, ...]
    documents: tuple[Document, ...]
    problems: tuple[str, ...]

    @property
    def names(self) -> str:
        """The files, for a sentence."""
        files = [item.file for item in self.tables] + [item.file for item in self.documents]
        return ", ".join(files) if files else "no readable input"


def gather(conversation: Conversation) -> tuple[Call, ...]:
    """The calls that must be made before there is anything to say; empty when all are."""
    fetches = [Call("fetch_url", {"url": url}) for url in conversation.addresses]
    missing = conversation.missing(*fetches)
    if missing:
        return missing
    return conversation.missing(*(call for file in files_of(conversation) for call in _reads(file)))


def files_of(conversation: Conversation) -> list[BriefFile]:
    """The input files, and those that were fetched."""
    fetched = [
        BriefFile(name=str(item.response["file"]), media_type=str(item.response["media_type"]))
        for item in conversation.results("fetch_url")
    ]
    return [*conversation.brief.files, *fetched][:MOST_FILES]


def evidence_of(conversation: Conversation) -> Evidence:
    """What the tools returned, typed. A JSON file that is no table is read as a document."""
    tables = tuple(
        TableProfile.model_validate(item.response) for item in conversation.results("profile_table")
    )
    named = {table.file for table in tables}
    documents = [
        Document.model_validate(item.response) for item in conversation.results("read_document")
    ]
    return Evidence(
        tables=tables,
        documents=tuple(document for document in documents if document.file not in named),
        problems=tuple(_problems(conversation)),
    )


def answer(
    summary: str, findings: list[str], metrics: Mapping[str, float | None], full_text: str
) -> Say:
    """The structured answer, as the model would give it."""
    figures = [
        Metric(name=name, value=value) for name, value in metrics.items() if value is not None
    ]
    made = AgentAnswer(
        summary=shorten(summary), findings=findings, metrics=figures, full_text=full_text
    )
    return Say(made.model_dump_json())


def measures(table: TableProfile) -> list[Column]:
    """Numeric columns whose averages mean something, and may be compared from row to row."""
    return [column for column in table.columns if column.is_comparable]


def figures(table: TableProfile) -> list[Column]:
    """The same with those in several units or currencies, one for each unit."""
    found = [column for column in table.columns if column.is_measure]
    return [part for column in found for part in column.by_unit]


def groupings(table: TableProfile) -> list[Column]:
    """Columns that split the rows into two to twelve groups: texts, then the most complete."""
    found = [
        column
        for column in table.of_kind("text", "truth")
        if 2 <= column.distinct <= 12 and column.missing_percent < 50
    ]
    return sorted(found, key=lambda column: (column.kind == "truth", column.missing, column.name))


def tellable(table: TableProfile) -> list[Correlation]:
    """Correlations of at least moderate strength."""
    return [pair for pair in table.correlations if abs(pair.r) >= 0.5]


def _reads(file: BriefFile) -> list[Call]:
    kind = kind_of_file(file)
    profile = Call("profile_table", {"file": file.name})
    document = Call("read_document", {"file": file.name})
    if kind is FileFormat.JSON:
        return [profile, document]
    return [profile] if kind in TABLES else [document]


def _problems(conversation: Conversation) -> list[str]:
    """Sentences about files that no tool could read."""
    read = {
        str(item.call.arguments.get("file")) for item in conversation.returned if not item.error
    }
    failed = [item for item in conversation.returned if item.error]
    sentences = [
        item.error for item in failed if str(item.call.arguments.get("file", "")) not in read
    ]
    return list(dict.fromkeys(sentences))
