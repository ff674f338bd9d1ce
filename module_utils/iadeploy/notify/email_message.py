"""A message as an e-mail: subject, text, and HTML that narrow and dark readers show well. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from .event import Message, Row
from .text import fit, markup, plain

_SUBJECT, _TEXT, _VALUE = 150, 2000, 300
# Background and text of the title's bar; each pair has a contrast above 4.5 (WCAG 2.2, AA).
_TONES = {
    "progress": ("#1d4ed8", "#ffffff"),
    "good": ("#15703a", "#ffffff"),
    "warning": ("#8a5300", "#ffffff"),
    "bad": ("#b42318", "#ffffff"),
}
_STYLE = """
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .page { background: #111418 !important; }
  .card { background: #1b2027 !important; border-color: #39424e !important; }
  .text, .value { color: #e8ecf1 !important; }
  .label, .foot { color: #a9b4c0 !important; }
  .row { border-color: #323a45 !important; }
  .link { color: #8ab4ff !important; }
  .next { background: #262d37 !important; color: #e8ecf1 !important; }
}
@media (max-width: 480px) {
  .outer { padding: 0 !important; }
  .cell { display: block !important; width: auto !important; }
  .label { padding: 10px 0 0 !important; }
  .value { padding: 0 0 8px !important; border: 0 !important; }
}
"""


@dataclass(frozen=True)
class Letter:
    """An e-mail's parts.

    Attributes:
        subject: one line.
        text: for readers that show no HTML.
        html: the same with a face.
    """

    subject: str
    text: str
    html: str


def write(message: Message) -> Letter:
    """Return a message as an e-mail."""
    # Python takes an encoded word in a header's value for one, and decodes a line break out of it.
    subject = fit(message.subject.replace("=?", "= ?"), _SUBJECT, plain)
    return Letter(subject, _text(message, subject), _html(message, subject))


def _text(message: Message, subject: str) -> str:
    parts = [subject, "=" * min(len(subject), 72)]
    if message.text:
        parts += ["", fit(message.text, _TEXT, plain)]
    if message.rows:
        width = max(len(row.label) for row in message.rows) + 2
        parts.append("")
        for row in message.rows:
            parts.append(f"{row.label + ':':{width}}{fit(row.value, _VALUE, plain)}")
            parts += [" " * width + row.url] if row.url else []
    if message.next_step:
        parts += ["", f"Next: {fit(message.next_step, _TEXT, plain)}"]
    if message.run_url:
        parts += ["", f"Run: {message.run_url}"]
    return "\n".join(parts) + "\n"


def _html(message: Message, subject: str) -> str:
    # Without the sign: a red cross cannot be seen on a red bar.
    background, color = _TONES[message.kind.tone]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{markup(subject)}</title>
<style>{_STYLE}</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f2f4f7;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td class="outer" align="center" style="padding:24px 12px;">
<table role="presentation" class="card" cellpadding="0" cellspacing="0" width="100%"
 style="max-width:600px;background:#ffffff;border:1px solid #d5dae1;border-radius:8px;\
border-collapse:separate;overflow:hidden;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,\
Arial,sans-serif;font-size:16px;line-height:1.45;">
<tr><td style="background:{background};color:{color};padding:16px 20px;font-size:18px;\
font-weight:600;overflow-wrap:anywhere;">{markup(subject)}</td></tr>
<tr><td style="padding:16px 20px;">
{_paragraph(message)}{_table(message.rows)}{_next(message)}{_button(message)}
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
"""


def _paragraph(message: Message) -> str:
    if not message.text:
        return ""
    shown = fit(message.text, _TEXT, markup)
    return f"""<p class="text" style="margin:0 0 12px;color:#1f2733;overflow-wrap:anywhere;">\
{shown}</p>
"""


def _table(rows: tuple[Row, ...]) -> str:
    if not rows:
        return ""
    lines = "".join(_line(row) for row in rows)
    return f"""<table role="presentation" width="100%" cellpadding="0" cellspacing="0">
{lines}</table>
"""


def _line(row: Row) -> str:
    border = "border-top:1px solid #e4e8ed;"
    return f"""<tr>\
<td class="cell row label" valign="top" style="{border}padding:8px 12px 8px 0;width:130px;\
color:#55606e;">{markup(row.label)}</td>\
<td class="cell row value" valign="top" style="{border}padding:8px 0;color:#1f2733;\
overflow-wrap:anywhere;">{_value(row)}</td></tr>
"""


def _value(row: Row) -> str:
    shown = fit(row.value, _VALUE, markup)
    if not row.url:
        return shown
    return f'<a class="link" href="{markup(row.url)}" style="color:#1a56c4;">{shown}</a>'


def _next(message: Message) -> str:
    if not message.next_step:
        return ""
    shown = fit(message.next_step, _TEXT, markup)
    return f"""<p class="next" style="margin:14px 0 0;padding:12px 14px;border-radius:6px;\
background:#eef1f5;color:#1f2733;overflow-wrap:anywhere;"><strong>Next:</strong> {shown}</p>
"""


def _button(message: Message) -> str:
    if not message.run_url:
        return ""
    return f"""<p style="margin:16px 0 4px;"><a href="{markup(message.run_url)}" \
style="display:inline-block;padding:10px 16px;border-radius:6px;background:#1d4ed8;\
color:#ffffff;text-decoration:none;">Open the run</a></p>
"""
