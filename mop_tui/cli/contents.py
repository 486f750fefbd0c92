"""The commands in groups, in the order of a session's life, each with what it does in a line.

A command is `command` in the module of its name beside this one.
"""

from collections.abc import Mapping

GROUPS: Mapping[str, Mapping[str, str]] = {
    "Write a layout": {
        "init": "Write a small commented layout to start from",
        "layouts": "List the layouts that come with mop-tui",
        "check": "Say everything that is wrong with a layout",
        "plan": "Say what running a layout would come to",
        "schema": "Print the form of layouts, for editors",
    },
    "Run": {
        "run": "Run a layout, or rehearse it",
        "resume": "Let a session go on whose program died",
    },
    "Take part from another terminal": {
        "attach": "Open a screen on a running session",
        "answer": "Answer a question, or list what is asked",
        "feedback": "Say what you think of an agent's work or of a task",
        "tell": "Tell an agent something; within an agent, speak to the session",
    },
    "Look back": {
        "sessions": "List sessions: running, ended and how, or interrupted",
        "replay": "Show a recorded session again",
        "report": "Tell how a session went",
        "events": "Print what happened in a session, and because of what",
        "verify": "Check a session file",
    },
    "Learn": {
        "train": "Learn from recorded sessions",
        "model": "Tell what is known from earlier sessions",
        "predict": "Tell which team would do best, and how long it would take",
    },
    "About mop-tui": {
        "info": "Print versions, and where things are",
        "completion": "Print what makes a shell complete commands",
    },
}

SUMMARIES: Mapping[str, str] = {
    name: summary for group in GROUPS.values() for name, summary in group.items()
}
