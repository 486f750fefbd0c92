"""The forms that a report comes in, and how a file is known to be one."""

from typing import Final, Literal, assert_never, get_args

from mop_tui.report.summary import Summary

Form = Literal["md", "html", "json"]
FORMS: Final[tuple[Form, ...]] = get_args(Form)

_NEAR: Final = 600
"""Within so many characters from its beginning, a report says that it is one."""
_MARKDOWN: Final = "<!-- mop-tui report -->"
"""Nothing of this is to be seen where Markdown is shown."""
_MARKS: Final = (
    _MARKDOWN,
    '<meta name="generator" content="mop-tui report">',
    '"format": "mop-report/',
)


def rendered(summary: Summary, form: Form) -> str:
    """Return the report on a session in one of its forms."""
    # Each is loaded where it is wanted: a command that makes one has no use for the others.
    match form:
        case "md":
            from mop_tui.report.markdown import markdown  # noqa: PLC0415

            return markdown(summary)
        case "html":
            from mop_tui.report.html import as_html  # noqa: PLC0415

            return as_html(summary)
        case "json":
            from mop_tui.report.as_json import as_json  # noqa: PLC0415

            return as_json(summary)
        case _:
            assert_never(form)


def marked(text: str, form: Form) -> str:
    """Return a report as a file has it, which says that it is one where its form does not."""
    return f"{_MARKDOWN}\n\n{text}" if form == "md" else text


def is_report(text: str) -> bool:
    """Return whether what a file says was written by this program as a report."""
    return any(mark in text[:_NEAR] for mark in _MARKS)
