"""What reading a damaged MCAP file raises."""

import struct

from mcap.exceptions import McapError
from zstandard import ZstdError

DAMAGE = (OSError, ValueError, struct.error, McapError, ZstdError)  # ValueError: a checksum, or text that is none
