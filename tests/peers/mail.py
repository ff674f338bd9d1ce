"""A real SMTP server (aiosmtpd) with STARTTLS or TLS, and log-in."""

from __future__ import annotations

import ssl
import warnings
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.fleet.certificates import Authority

USER, PASSWORD = "deploy", "sentinel-Smtp-Passw0rd"


class MailServer:
    """Takes mail from those who log in over an encrypted connection.

    Args:
        folder: where its certificate goes.
        security: ``starttls`` or ``tls``, or ``none`` for a relay that asks for nothing.
    """

    def __init__(self, folder: Path, security: str = "starttls") -> None:
        self.mails: list[EmailMessage] = []
        self.refused: dict[str, str] = {}
        self.answer = "250 OK"
        self.encrypted: list[bool] = []
        self.ca_file, context = _certified(folder)
        options: dict[str, Any] = {}
        if security != "none":
            options = {"auth_required": True, "authenticator": self._authenticate}
            options["auth_require_tls"] = security == "starttls"
        if security == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        self.implicit_tls = security == "tls"
        tls = context if self.implicit_tls else None
        # It warns of a log-in without STARTTLS, which under TLS is right.
        warnings.filterwarnings("ignore", "Requiring AUTH", module="aiosmtpd")
        self._controller = _Controller(
            self, hostname="127.0.0.1", port=0, ssl_context=tls, **options
        )

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._controller.port)

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        given = (data.login, data.password)
        return AuthResult(success=given == (USER.encode(), PASSWORD.encode()), handled=False)

    async def handle_RCPT(  # pylint: disable=invalid-name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or refuse it as told."""
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # pylint: disable=invalid-name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Take a mail, or answer as told."""
        if self.answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, policy=default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.encrypted.append(session.ssl is not None or self.implicit_tls)
        return self.answer

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._controller.stop()


class _Controller(Controller):
    """Listens on a port that the system chooses."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


def _certified(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Return the authority's certificate and the server's side of TLS."""
    authority = Authority(folder)
    authority.create("peers")
    issued = authority.issue("mail.example.com", addresses=["127.0.0.1"])
    chain = folder / "mail.pem"
    chain.write_bytes(issued.certificate + issued.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return authority.certificate_path, context
