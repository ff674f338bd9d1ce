"""Any program that takes signed JSON."""

from __future__ import annotations

import time
from typing import Any

from ..config import Webhook
from ..delivery import Answer, judge_status
from ..webhook_message import sign


def post(channel: Webhook, kind: str, delivery: str, payload: bytes, timeout: float) -> Answer:
    """Make one attempt, signed with the present time.

    Args:
        channel: the receiver.
        kind: the event's kind.
        delivery: the same for all attempts, so that a receiver can tell a repetition.
        payload: the body.
        timeout: seconds.
    """
    import requests  # pylint: disable=import-outside-toplevel

    now = int(time.time())
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "iadeploy-notify",
        "X-IADeploy-Event": kind,
        "X-IADeploy-Delivery": delivery,
        "X-IADeploy-Timestamp": str(now),
        "X-IADeploy-Signature": sign(channel.secret, now, payload),
    }
    try:
        with requests.post(
            channel.url,
            data=payload,
            headers=headers,
            timeout=timeout,
            verify=channel.ca_file or True,
            # A redirect would hand the signed event to somebody else.
            allow_redirects=False,
            # The answer's body is not read: it tells nothing that the status does not.
            stream=True,
            # Otherwise requests sends what ~/.netrc has for this host.
            auth=_no_auth,
        ) as answer:
            if 200 <= answer.status_code < 300:
                return Answer(True)
            return judge_status("the receiver", answer.status_code, answer.headers)
    except requests.exceptions.SSLError:
        return Answer(False, "the receiver's certificate is not trusted; see webhook.ca_file")
    except requests.exceptions.ReadTimeout:
        return Answer(False, "no answer from the receiver in time; whether it arrived is not known")
    except requests.exceptions.ConnectionError:
        return Answer(False, "the receiver was not reached", True)
    except (requests.exceptions.RequestException, OSError) as error:
        return Answer(False, f"it could not be sent ({type(error).__name__})")


def _no_auth(request: Any) -> Any:
    return request
