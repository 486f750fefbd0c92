"""The screen: looks at a session through `domain.feed.SessionFeed` and hands commands back.

Whether the session is live or replayed is not known here; the feed says what may be done.
`app.Dashboard` is the entry.
"""

import os

# A screen that paints all the time lets a key wait for up to two of Textual's frames. It reads how
# many there are in a second when it is loaded.
os.environ.setdefault("TEXTUAL_FPS", "250")
