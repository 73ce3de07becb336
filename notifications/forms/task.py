"""The form of a new task, generated from what its pipeline says it takes."""

import hashlib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from notifications.cards.buttons import ActionId
from notifications.forms.inputs import (
    OPTIONS,
    conversation,
    entered,
    modal,
    search,
    select,
    text_input,
    upload,
    uploaded,
)
from notifications.views.blocks import LABEL, Block, option
from workflows.messages.tasks import Source, SourceKind

PIPELINE = "pipeline"
CHANNEL = "channel"
LONGEST_VALUE = 150
UPLOADED_TYPES = (
    *("csv", "tsv", "json", "jsonl", "ndjson", "parquet", "xlsx", "xls", "ods"),
    *("pdf", "docx", "md", "txt"),
)
MOST_UPLOADS = 10
_DIGEST = "sha256:"


class FieldKind(StrEnum):
    """What a field takes."""

    FILE = "file"
    URL = "url"
    TEXT = "text"
    UPLOAD = "upload"
    CHOICE = "choice"


class FormField(BaseModel):
    """One field of a pipeline's form."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern="^[a-z][a-z0-9_]{0,30}$")
    """The field's name."""
    kind: FieldKind
    """`file` (of an input folder), `upload`, `url`, `text` or `choice`."""
    label: str = Field(min_length=1, max_length=200)
    """What people read above it."""
    optional: bool = True
    """Whether it may stay empty."""
    choices: tuple[str, ...] = Field(default=(), max_length=100)
    """For `choice`."""


DEFAULT = (
    FormField(name="file", kind=FieldKind.FILE, label="A file of the input folder"),
    FormField(name="own", kind=FieldKind.UPLOAD, label="Or upload files"),
    FormField(name="link", kind=FieldKind.URL, label="Or a public web address"),
    FormField(name="text", kind=FieldKind.TEXT, label="Or paste a text"),
)


def task_form(
    pipelines: Mapping[str, str],
    chosen: str,
    fields: Sequence[FormField],
    files: Sequence[str] | None,
    channel: str,
    *,
    asks_channel: bool = True,
) -> Block:
    """The form for the chosen pipeline; choosing another one asks for another form.

    Without `files`, and with more than a menu holds, they are looked up while somebody types.
    `channel` is where the person is, if that is a channel; `asks_channel` unless the pipeline has
    one of its own.
    """
    blocks = [_menu(pipelines, chosen)]
    blocks += [_block(field, files) for field in fields if _possible(field, files)]
    if asks_channel:
        blocks.append(conversation(CHANNEL, "Where to ask for approval", chosen=_shared(channel)))
    return modal(ActionId.TASK_MODAL, "New task", blocks, submit="Start", metadata=channel)


def _menu(pipelines: Mapping[str, str], chosen: str) -> Block:
    label = "What should be done?"
    if len(pipelines) > OPTIONS:
        (picked,) = pipeline_options({chosen: pipelines[chosen]}, "")
        menu = search(PIPELINE, label, chosen=picked)
    else:
        options = [(text or name, name) for name, text in pipelines.items()]
        menu = select(PIPELINE, label, options, chosen=chosen)
    menu["dispatch_action"] = True
    menu["element"]["action_id"] = ActionId.PIPELINE
    return menu


def _shared(channel: str) -> str:
    """A direct message is no place to ask others in."""
    return channel if channel.startswith(("C", "G")) else ""


def pipeline_options(pipelines: Mapping[str, str], words: str) -> list[Block]:
    """The pipelines with these words in name or description, for a menu that looks them up."""
    fitting = [
        option(text or name, name)
        for name, text in pipelines.items()
        if all(word in f"{name} {text}".casefold() for word in words.casefold().split())
    ]
    return fitting[:OPTIONS]


def file_options(names: Sequence[str]) -> list[Block]:
    """Input files for a menu; the end of a long name is what tells it from others."""
    return [option(*_file_option(name)) for name in names[:OPTIONS]]


def file_value(name: str) -> str:
    """What stands for a file in a menu: its name, or a digest of one that is too long for that."""
    if len(name) <= LONGEST_VALUE:
        return name
    return f"{_DIGEST}{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()}"


def is_digest(value: str) -> bool:
    """Whether a menu's value stands for a long name."""
    return value.startswith(_DIGEST)


def _file_option(name: str) -> tuple[str, str]:
    return (name if len(name) <= LABEL else f"…{name[1 - LABEL :]}"), file_value(name)


def chosen_channel(view: dict[str, Any]) -> str:
    """Where the cards are to go; empty when the form did not ask."""
    return entered(view, CHANNEL)


def chosen_pipeline(view: dict[str, Any]) -> str:
    """The pipeline chosen in the form."""
    state = view["state"]["values"][PIPELINE][ActionId.PIPELINE]
    return str(state["selected_option"]["value"])


def sources(view: dict[str, Any], fields: Sequence[FormField]) -> dict[str, tuple[Source, ...]]:
    """Whatever was filled in, each as its own input, by the id of its block."""
    found: dict[str, tuple[Source, ...]] = {}
    for field in fields:
        block = _block_id(field)
        if field.kind is FieldKind.UPLOAD:
            found[block] = tuple(
                Source(kind=SourceKind.SLACK, value=file, name=name)
                for file, name in uploaded(view, block)
            )
        elif text := entered(view, block).strip():
            found[block] = (_source(field, text),)
    return {block: given for block, given in found.items() if given}


_GIVE = {
    FieldKind.FILE: "choose a file",
    FieldKind.UPLOAD: "upload one",
    FieldKind.URL: "give a web address",
    FieldKind.TEXT: "paste text",
    FieldKind.CHOICE: "make a choice",
}


def nothing_given(view: dict[str, Any], fields: Sequence[FormField]) -> dict[str, str]:
    """For a form without any input: what would be one, beside the first field for it."""
    there = [field for field in fields if _block_id(field) in view["state"]["values"]]
    if not there:
        return {}
    *ways, last = dict.fromkeys(_GIVE[field.kind] for field in there)
    said = f"{', '.join(ways)}, or {last}" if len(ways) > 1 else " or ".join([*ways, last])
    return {_block_id(there[0]): f"{said[0].upper()}{said[1:]}."}


def _source(field: FormField, text: str) -> Source:
    if field.kind is FieldKind.FILE:
        return Source(kind=SourceKind.FILE, value=text, name=text)
    if field.kind is FieldKind.URL:
        return Source(kind=SourceKind.URL, value=text, name=text)
    if field.kind is FieldKind.CHOICE:
        text = f"{field.label}: {field.choices[int(text)]}"
    return Source(kind=SourceKind.TEXT, value=text, name=f"{field.name}.md")


def _possible(field: FormField, files: Sequence[str] | None) -> bool:
    return files is None or bool(files) if field.kind is FieldKind.FILE else True


def _block_id(field: FormField) -> str:
    """Of its own per kind, so that what stands in one field never moves into another."""
    return f"{field.kind}_{field.name}"


def _block(field: FormField, files: Sequence[str] | None) -> Block:
    name, label, optional = _block_id(field), field.label, field.optional
    if field.kind is FieldKind.FILE:
        if files is None or len(files) > OPTIONS:
            return search(name, label, optional=optional)
        return select(name, label, [_file_option(file) for file in files], optional=optional)
    if field.kind is FieldKind.UPLOAD:
        return upload(name, label, UPLOADED_TYPES, MOST_UPLOADS)
    if field.kind is FieldKind.CHOICE:
        choices = [(text, str(number)) for number, text in enumerate(field.choices)]
        return select(name, label, choices, optional=optional)
    long = field.kind is FieldKind.TEXT
    return text_input(name, label, multiline=long, optional=optional)
