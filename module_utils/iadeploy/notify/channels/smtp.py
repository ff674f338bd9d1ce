"""E-mail by an SMTP server."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP

from ..config import Email, Smtp
from ..delivery import Answer
from ..email_message import Letter


def post(channel: Email, letter: Letter, headers: dict[str, str], timeout: float) -> Answer:
    """Make one attempt."""
    server = channel.smtp
    assert server is not None
    try:
        client = _connect(server, timeout)
        try:
            if server.username:
                client.login(server.username, server.password)
            refused = client.send_message(build(channel, letter, headers))
        finally:
            with suppress(smtplib.SMTPException, OSError):  # whether it has the mail is known
                client.quit()
            client.close()
    except (smtplib.SMTPException, OSError) as error:
        return explain(error)
    if refused:
        count = f"{len(refused)} of {len(channel.to)}"
        return Answer(False, f"the mail server refused {count} recipients, the others have it")
    return Answer(True)


def build(channel: Email, letter: Letter, headers: dict[str, str]) -> EmailMessage:
    """Return the e-mail; a line break in a header raises instead of making a second one."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = letter.subject
    mail["From"] = channel.sender
    mail["To"] = ", ".join(channel.to)
    for name, value in headers.items():
        mail[name] = value
    mail.set_content(letter.text, cte="quoted-printable")
    mail.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    return mail


def _connect(server: Smtp, timeout: float) -> smtplib.SMTP:
    """Return an open connection, encrypted unless the settings say otherwise."""
    # Its own default is the name that a DNS look-up finds, which can take long or say nothing.
    name = "[127.0.0.1]"
    if server.security == "tls":
        return smtplib.SMTP_SSL(
            server.host, server.port, name, timeout=timeout, context=_context(server)
        )
    client = smtplib.SMTP(server.host, server.port, name, timeout=timeout)
    if server.security == "starttls":
        try:
            client.starttls(context=_context(server))
            client.ehlo()
        except BaseException:
            client.close()
            raise
    return client


def _context(server: Smtp) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=server.ca_file or None)


def explain(error: Exception) -> Answer:
    """Return what a failure means; what the server said is not repeated, its number is."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Answer(False, f"the mail server does not accept the log-in ({error.smtp_code})")
    if isinstance(error, smtplib.SMTPNotSupportedError) or type(error) is smtplib.SMTPException:
        return Answer(False, "the mail server offers no STARTTLS, or no log-in that we know")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({code for code, _ in error.recipients.values()})
        told = ", ".join(map(str, codes))
        return Answer(False, f"the mail server refused every recipient ({told})", _later(codes))
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
        code = error.smtp_code
        return Answer(False, f"the mail server answered {code}", _later([code]))
    if isinstance(error, ssl.SSLCertVerificationError):
        return Answer(False, "the mail server's certificate is not trusted; see smtp.ca_file")
    if isinstance(error, ssl.SSLError):
        return Answer(False, "no encrypted connection to the mail server; see smtp.security")
    if isinstance(error, TimeoutError):
        return Answer(
            False, "no answer from the mail server in time; whether it arrived is not known"
        )
    if isinstance(error, FileNotFoundError):
        return Answer(False, "smtp.ca_file does not exist")
    return Answer(False, f"the mail server was not reached ({type(error).__name__})", True)


def _later(codes: list[int]) -> bool:
    """Whether the server may take it later: 4yz says so (RFC 5321, 4.2.1)."""
    return all(400 <= code < 500 for code in codes)
