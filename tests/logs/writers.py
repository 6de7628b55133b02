"""Tables as bytes, in the dialects of files that people keep."""

import bz2
import gzip
import io
import json
import lzma
import zipfile


def csv(table, sep=",", *, end="\n", encoding="utf-8", decimal=".", index=False):
    """CSV in any dialect."""
    text = table.to_csv(
        sep=sep, lineterminator=end, decimal=decimal, index=index, na_rep=""
    )
    return text.encode(encoding)


def records(table):
    """A list of rows; what is missing has no key, as loggers write."""
    return [
        {key: value for key, value in row.items() if value == value}
        for row in json.loads(table.to_json(orient="records", double_precision=10))
    ]


def jsonl(table, *, end="\n"):
    """A JSON object a line, without the keys that are missing."""
    rows = [{k: v for k, v in r.items() if v is not None} for r in records(table)]
    return (end.join(json.dumps(row) for row in rows) + end).encode()


def array(table, indent=None):
    """One JSON array of objects."""
    return json.dumps(records(table), indent=indent).encode()


def columns(table):
    """One JSON object of columns, each an object by row, as pandas writes."""
    return table.reset_index(drop=True).to_json().encode()


def lists(table):
    """One JSON object of columns, each a list."""
    return json.dumps(json.loads(table.to_json(orient="split"))).encode()


def zipped(name, content):
    """A zip archive of one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def workbook():
    """The start of an Excel file: a zip archive with a workbook inside."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
    return buffer.getvalue()


def packed(content, how):
    """Bytes compressed by ``how``: gz, xz or bz2."""
    if how == "gz":
        return gzip.compress(content, mtime=0)
    return {"xz": lzma.compress, "bz2": bz2.compress}[how](content)


def text(lines):
    """Lines of a console log."""
    return ("\n".join(lines) + "\n").encode()
