"""Strict stand-ins for services that the product talks to; each refuses what the real one refuses.

They listen on loopback, keep every request with its time, and misbehave when they are told to.
"""

from .mail import MailServer
from .osv import Osv
from .receiver import Receiver
from .safety_platform import SafetyPlatform
from .sendgrid import SendGrid
from .slack import Slack

__all__ = ["MailServer", "Osv", "Receiver", "SafetyPlatform", "SendGrid", "Slack"]
