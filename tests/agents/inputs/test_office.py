"""Workbooks are tables, and PDF and Word files are documents."""

import io
import sys
import zipfile
from typing import Any

import docx
import pytest

from agents.errors import UnusableInput
from agents.inputs.check import refuse_unreadable
from agents.inputs.table import is_table, open_table
from agents.samples.tools.document import read

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default '
    'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    "</Types>"
)
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def workbook(*sheets: tuple[str, list[list[Any]]]) -> bytes:
    """A workbook of these sheets."""
    out = io.BytesIO()
    listed = "".join(
        f'<sheet name="{name}" sheetId="{at}" r:id="rId{at}"/>'
        for at, (name, _) in enumerate(sheets, 1)
    )
    targets = "".join(
        f'<Relationship Id="rId{at}" Type="{_RELATIONS}/worksheet" '
        f'Target="worksheets/sheet{at}.xml"/>'
        for at in range(1, len(sheets) + 1)
    )
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" '
            f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{listed}</sheets>'
            "</workbook>",
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}">{targets}</Relationships>',
        )
        for at, (_, rows) in enumerate(sheets, 1):
            body = "".join(_row(number, row) for number, row in enumerate(rows, 1))
            archive.writestr(
                f"xl/worksheets/sheet{at}.xml",
                f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>',
            )
    return out.getvalue()


def _row(number: int, cells: list[Any]) -> str:
    made = "".join(_cell(f"{chr(65 + at)}{number}", cell) for at, cell in enumerate(cells))
    return f'<row r="{number}">{made}</row>'


def _cell(place: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def pdf(text: str) -> bytes:
    """One page with this text on it."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources "
            b"<< /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(parts) + 1
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table) + end


def word() -> bytes:
    """A paragraph and a table."""
    document, out = docx.Document(), io.BytesIO()
    document.add_paragraph("The plan for 2027.")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "north", "12"
    document.save(out)
    return out.getvalue()


def test_a_workbook_is_a_table() -> None:
    """The first sheet with anything on it; titles and totals are found as in a CSV."""
    rows: list[list[Any]] = [
        ["Sales 2024"],
        [],
        ["region", "amount", "code"],
        ["north", 1.234, "007"],
        ["south", 2.5, "012"],
        ["Total", 3.734],
    ]
    content = workbook(("Empty", []), ("Sales", rows), ("Notes", [["x"]]))
    assert is_table("s.xlsx", "", content)
    with open_table("s.xlsx", content) as table:
        assert table.query("SELECT * FROM data") == [
            ("north", 1.234, "007"),
            ("south", 2.5, "012"),
        ]
        assert table.read_as == "sheet Sales, header in line 3, total row left out"
        assert table.unclear == {}
        assert "Only the sheet Sales was read, not Empty, Notes." in table.notes


def test_pdf_and_word_are_read_as_text() -> None:
    """Paragraphs, and tables row by row."""
    assert read("a.pdf", pdf("Revenue rose by 5 percent")).text == "Revenue rose by 5 percent"
    assert read("a.docx", word()).text == "The plan for 2027.\nnorth | 12"
    refuse_unreadable([("a.pdf", "", pdf("x")), ("a.docx", "", word())])


def test_a_pdf_without_text_is_refused() -> None:
    """Pictures of pages say nothing to an agent that reads."""
    with pytest.raises(UnusableInput, match="holds no text"):
        read("scan.pdf", pdf(""))


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a test changes what a child would not see."""
    for module in ("workbook", "office_text"):
        monkeypatch.setattr(f"agents.inputs.{module}.apart", lambda read, *given: read(*given))


def sparse() -> bytes:
    """Two cells, at opposite corners of the largest sheet there is."""
    body = f'<row r="1">{_cell("A1", 1)}</row><row r="1048576">{_cell("XFD1048576", 1)}</row>'
    return changed(workbook(("S", [])), "xl/worksheets/sheet1.xml", "<sheetData>", body)


def spanning() -> bytes:
    """A table with a cell as wide as two thousand million."""
    span = '<w:gridSpan w:val="2000000000"/>'
    return changed(word(), "word/document.xml", "<w:tcPr>", span)


def changed(archive: bytes, part: str, after: str, more: str) -> bytes:
    """The same archive with something more in one of its parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == part:
                assert after.encode() in text
                text = text.replace(after.encode(), (after + more).encode(), 1)
            new.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"), [("a.xlsx", sparse()), ("a.docx", spanning())], ids=["sparse", "spanning"]
)
def test_what_asks_for_all_memory_ends_a_process_of_its_own(
    name: str, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kilobyte that asks for hundreds of gigabytes: refused with a sentence, and no worker ends."""
    monkeypatch.setattr("agents.inputs.apart.SECONDS", 20.0)
    with pytest.raises(UnusableInput, match=r"of memory or 20 s to read|cannot be read"):
        refuse_unreadable([(name, "", content)])


@pytest.mark.usefixtures("in_this_process")
def test_what_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is unpacked."""
    monkeypatch.setattr("agents.inputs.workbook.MOST_UNPACKED", 1_000)
    for name, content in (("a.xlsx", workbook(("S", [["a"], [1]]))), ("a.docx", word())):
        with pytest.raises(UnusableInput, match="unpacks to"):
            refuse_unreadable([(name, "", content)])


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize(
    ("module", "name", "content"),
    [
        ("python_calamine", "a.xlsx", workbook(("S", [["a"], [1]]))),
        ("pypdf", "a.pdf", pdf("x")),
        ("docx", "a.docx", word()),
    ],
)
def test_the_extra_is_named_when_it_is_missing(
    monkeypatch: pytest.MonkeyPatch, module: str, name: str, content: bytes
) -> None:
    """In one sentence, with another way."""
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UnusableInput, match=r"install signoff\[office\]"):
        refuse_unreadable([(name, "", content)])
