"""The screen: looks at a session through `domain.feed.SessionFeed` and hands commands back.

Whether the session is live or replayed is not known here; the feed says what may be done.
`app.Dashboard` is the entry.
"""
