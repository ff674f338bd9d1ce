"""What certainly is a credential, by its own form. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Documented formats of issuers' tokens; a private key counts with its content only. The first text
# is in each of its kind: looking for it costs a hundredth of the expression.
_FORMS: dict[str, tuple[bytes, bytes]] = {
    "private key": (
        b"PRIVATE KEY-----",
        rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"
        rb"(?:\r?\n[ \t]*[A-Za-z-]+: [^\n]*)*\s+[A-Za-z0-9+/=]{40}",
    ),
    "AWS access key": (b"AKIA", rb"\bAKIA[0-9A-Z]{16}\b(?<!EXAMPLE)"),
    "GitHub token": (b"gh", rb"\bgh[pousr]_[A-Za-z0-9]{36}"),
    "GitHub fine-grained token": (b"github_pat_", rb"\bgithub_pat_[A-Za-z0-9_]{60}"),
    "GitLab token": (b"glpat-", rb"\bglpat-[A-Za-z0-9_-]{20}"),
    "Slack token": (b"xox", rb"\bxox[abprs]-[0-9]+-[0-9]+-[A-Za-z0-9-]{16}"),
    "SendGrid key": (b"SG.", rb"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    "Stripe key": (b"k_live_", rb"\b[rs]k_live_[A-Za-z0-9]{24}"),
    "npm token": (b"npm_", rb"\bnpm_[A-Za-z0-9]{36}\b"),
    "PyPI token": (b"pypi-AgEIcHlwaS", rb"\bpypi-AgEIcHlwaS[A-Za-z0-9_-]{50}"),
}
_COMPILED = {name: (sign, re.compile(form)) for name, (sign, form) in _FORMS.items()}


def forms_in(content: bytes) -> Iterator[str]:
    """Yield the names of the kinds of credentials that stand in some bytes."""
    for name, (sign, form) in _COMPILED.items():
        if sign in content and form.search(content):
            yield name
