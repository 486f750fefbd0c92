"""Names of things. Ids are chosen by the layout or counted, never drawn at random."""

from typing import NewType

AgentId = NewType("AgentId", str)
TeamId = NewType("TeamId", str)
TaskId = NewType("TaskId", str)
QuestionName = NewType("QuestionName", str)
"""What the layout calls a question; it may be asked several times."""
QuestionId = NewType("QuestionId", str)
"""One asking of a question: `q1`, `q2`, ..."""
AskId = NewType("AskId", str)
"""What an agent calls a question of its own; it comes back with the answer."""
TimerId = NewType("TimerId", str)
IssueId = NewType("IssueId", str)
FeedbackId = NewType("FeedbackId", str)
"""One piece of feedback: `f1`, `f2`, ..."""
DeadlockId = NewType("DeadlockId", str)
"""One deadlock: `d1`, `d2`, ..."""
MessageId = NewType("MessageId", int)
"""A message from agent to agent, by the `seq` of the event that it was said by."""
ActionId = NewType("ActionId", str)
"""`<seq of the decision>.<position in it>`, so an action names the decision that ordered it."""
CommandId = NewType("CommandId", str)
MemoryKey = NewType("MemoryKey", str)
MEMORY_KEY = r"^[^\s{}$]{1,200}$"
"""What a key of the memory has to look like where people write it."""
TriggerName = NewType("TriggerName", str)
SpawnId = NewType("SpawnId", str)
"""`<trigger>@<seq of the event>.<number>`, so that nothing is spawned twice for one cause. Instead
of a trigger it may be a question, `strategy:<name>`, `on_error/<task>`, or nothing, by hand."""
Resource = NewType("Resource", str)
"""What can be locked: a name, or a pattern for paths."""
