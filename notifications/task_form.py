"""The form of a new task, generated from what its pipeline says it takes."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from notifications.blocks import Block
from notifications.buttons import ActionId
from notifications.inputs import entered, modal, select, text_input
from workflows.tasks import Source, SourceKind

PIPELINE = "pipeline"


class FieldKind(StrEnum):
    """What a field takes."""

    FILE = "file"
    URL = "url"
    TEXT = "text"
    CHOICE = "choice"


class FormField(BaseModel):
    """One field of a pipeline's form. `choices` is for the kind `choice`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern="^[a-z][a-z0-9_]{0,30}$")
    kind: FieldKind
    label: str = Field(min_length=1, max_length=200)
    optional: bool = True
    choices: tuple[str, ...] = Field(default=(), max_length=100)


DEFAULT = (
    FormField(name="file", kind=FieldKind.FILE, label="A file"),
    FormField(name="link", kind=FieldKind.URL, label="A public web address"),
    FormField(name="text", kind=FieldKind.TEXT, label="Or paste a text"),
)


def task_form(
    pipelines: Mapping[str, str],
    chosen: str,
    fields: Sequence[FormField],
    files: Sequence[str],
    channel: str,
) -> Block:
    """The form for the chosen pipeline; choosing another one asks for another form."""
    options = [(text or name, name) for name, text in pipelines.items()]
    menu = select(PIPELINE, "What should be done?", options, chosen=chosen)
    menu["dispatch_action"] = True
    menu["element"]["action_id"] = ActionId.PIPELINE
    blocks = [menu, *(_block(field, files) for field in fields if _possible(field, files))]
    return modal(ActionId.TASK_MODAL, "New task", blocks, submit="Start", metadata=channel)


def chosen_pipeline(view: dict[str, Any]) -> str:
    """The pipeline chosen in the form."""
    state = view["state"]["values"][PIPELINE][ActionId.PIPELINE]
    return str(state["selected_option"]["value"])


def sources(view: dict[str, Any], fields: Sequence[FormField]) -> dict[str, Source]:
    """Whatever was filled in, each as its own input, by the id of its block."""
    found = ((field, entered(view, _block_id(field)).strip()) for field in fields)
    return {_block_id(field): _source(field, text) for field, text in found if text}


def _source(field: FormField, text: str) -> Source:
    if field.kind is FieldKind.FILE:
        return Source(kind=SourceKind.FILE, value=text, name=text)
    if field.kind is FieldKind.URL:
        return Source(kind=SourceKind.URL, value=text, name=text)
    if field.kind is FieldKind.CHOICE:
        text = f"{field.label}: {field.choices[int(text)]}"
    return Source(kind=SourceKind.TEXT, value=text, name=f"{field.name}.md")


def _possible(field: FormField, files: Sequence[str]) -> bool:
    return bool(files) if field.kind is FieldKind.FILE else True


def _block_id(field: FormField) -> str:
    """Of its own per kind, so that what stands in one field never moves into another."""
    return f"{field.kind}_{field.name}"


def _block(field: FormField, files: Sequence[str]) -> Block:
    name, label, optional = _block_id(field), field.label, field.optional
    if field.kind is FieldKind.FILE:
        return select(name, label, [(file, file) for file in files], optional=optional)
    if field.kind is FieldKind.CHOICE:
        choices = [(text, str(number)) for number, text in enumerate(field.choices)]
        return select(name, label, choices, optional=optional)
    long = field.kind is FieldKind.TEXT
    return text_input(name, label, multiline=long, optional=optional)
