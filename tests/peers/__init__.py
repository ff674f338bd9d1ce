"""Strict stand-ins for what notifications talk to; each refuses what the real one refuses.

They listen on loopback, keep every request with its time, and misbehave when they are told to.
"""

from .mail import MailServer
from .receiver import Receiver
from .sendgrid import SendGrid
from .slack import Slack

__all__ = ["MailServer", "Receiver", "SendGrid", "Slack"]
