"""The formats of session files that can be read, and what makes events of their lines.

A format lasts for as long as each version reads what every other version of it wrote. Kinds of
events may be added to it, and fields with a default: a kind that is unknown is kept as it is, a
field that is unknown is passed over, one that is missing has its default. Any other change makes a
new format.

The one before then keeps its entry here: a function that makes of the parts of each of its lines
those of a line of the format that came next, and hands them to the next one's entry. So an old file
is brought up to date step by step, and no step knows more than two formats. The header, the chain
and how each line begins (`codec.HEAD`) belong to no format, so that a file can be checked before it
is understood.
"""

import re
from collections.abc import Mapping

from mop_tui.journal import codec

FORMAT = "mop-session/1"
"""What this version writes."""

DECODERS: Mapping[str, codec.Decode] = {FORMAT: codec.decode_parts}
"""By the formats that this version reads."""


def is_later(format_: str) -> bool:
    """Tell whether a format comes after all that this version knows."""
    family, _, number = format_.rpartition("/")
    own_family, _, own_number = FORMAT.rpartition("/")
    if family != own_family or not re.fullmatch(r"[1-9][0-9]{0,8}", number):
        return False
    return int(number) > int(own_number)
