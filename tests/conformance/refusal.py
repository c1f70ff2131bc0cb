"""A refusal of AWS's as a row of a table: what leads to it, and what it says."""

import dataclasses
import re
from typing import Callable

from botocore.exceptions import ClientError


@dataclasses.dataclass(frozen=True)
class Case:
    """One situation in which AWS refuses.

    `arrange` takes the account, builds the situation, and gives the call that is refused
    and the names that stand in braces in the message. Of a message that is None only
    code and status are known. A case without a rule is refused whatever is switched off.
    """

    rule: str | None
    name: str
    code: str
    status: int
    message: str | None
    arrange: Callable

    @property
    def id(self):
        return f"{self.rule or 'always'}:{self.name}"


class Cases(list):
    """A service's cases, in the order of their definition."""

    def refuses(self, rule, code, message=None, status=400):
        def add(arrange):
            self.append(Case(rule, arrange.__name__.strip("_"), code, status, message, arrange))
            return arrange

        return add


@dataclasses.dataclass(frozen=True)
class Refused:
    """A refusal as it came."""

    operation: str
    code: str
    status: int
    message: str


def outcome(act):
    """What comes of a call: the refusal, or None where it succeeds."""
    try:
        act()
    except ClientError as error:
        answer = error.response
        return Refused(
            error.operation_name,
            answer["Error"].get("Code", ""),
            answer["ResponseMetadata"]["HTTPStatusCode"],
            answer["Error"].get("Message") or answer.get("message", ""),
        )
    return None


def pattern(message, names):
    """A message's text as a pattern: {name} is a name of the case, {*} is anything."""
    parts = re.split(r"(\{[a-z_0-9]+\}|\{\*\})", message)
    return "".join(
        ".*" if part == "{*}" else re.escape(str(names[part[1:-1]])) if part.startswith("{") and part.endswith("}") and part[1:-1] in names else re.escape(part)
        for part in parts
    )
