"""What a running turn looks like right now: newer than what the database holds of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from aigc_desktop.core.content import TextBlock, ThinkingBlock
from aigc_desktop.core.events import (
    ApprovalRequested,
    BlockFinished,
    BlockStarted,
    Event,
    NoteAdded,
    TextDelta,
    ThinkingDelta,
    ToolFinished,
    ToolOutput,
    ToolRequested,
    ToolStarted,
)
from aigc_desktop.core.transcript import (
    ItemKind,
    ToolCall,
    ToolState,
    TranscriptItem,
    TranscriptSnapshot,
)


@dataclass(slots=True)
class LiveTurn:
    """Folds a turn's events into transcript items."""

    turn_id: int
    _texts: dict[int, list[str]] = field(default_factory=dict)
    _kinds: dict[int, ItemKind] = field(default_factory=dict)
    _tools: dict[int, ToolCall] = field(default_factory=dict)

    def apply(self, event: Event) -> None:
        """Fold one event in; events that show nothing are passed over."""
        match event:
            case BlockStarted(position=position, kind="text" | "thinking" as kind):
                self._begin(position, ItemKind(kind))
            case TextDelta(position=position, text=text):
                self._begin(position, ItemKind.TEXT).append(text)
            case ThinkingDelta(position=position, text=text):
                self._begin(position, ItemKind.THINKING).append(text)
            case BlockFinished(position=position, block=TextBlock() as block):
                self._begin(position, ItemKind.TEXT)[:] = [block.shown]
            case BlockFinished(position=position, block=ThinkingBlock(thinking)):
                self._begin(position, ItemKind.THINKING)[:] = [thinking]
            case NoteAdded(position=position, text=text):
                self._begin(position, ItemKind.NOTE)[:] = [text]
            case ToolRequested():
                self._tools[event.position] = ToolCall(
                    event.tool_use_id, event.name, event.input, ToolState.PENDING
                )
            case ApprovalRequested(position=position):
                self._change(position, state=ToolState.ASKING)
            case ToolStarted(position=position):
                self._change(position, state=ToolState.RUNNING)
            case ToolOutput(position=position, text=text):
                call = self._tools.get(position)
                self._change(position, result=(call.result if call else "") + text)
            case ToolFinished():
                self._change(
                    event.position,
                    state=event.state,
                    result=event.result,
                    duration_ms=event.duration_ms,
                    full_output=event.full_output,
                )
            case _:
                pass

    def items(self) -> tuple[TranscriptItem, ...]:
        """Return the items seen so far, in order."""
        found = {
            position: TranscriptItem(self.turn_id, position, self._kinds[position], len(text), text)
            for position, text in ((at, "".join(parts)) for at, parts in self._texts.items())
        }
        for position, call in self._tools.items():
            found[position] = TranscriptItem(
                self.turn_id, position, ItemKind.TOOL, len(call.result), call.result, call
            )
        return tuple(found[position] for position in sorted(found))

    def over(self, snapshot: TranscriptSnapshot) -> TranscriptSnapshot:
        """Return `snapshot` with this turn's items brought up to now."""
        if not any(turn.id == self.turn_id for turn in snapshot.turns):
            return snapshot
        mine = {item.key: item for item in self.items()}
        merged = {item.key: item for item in snapshot.items} | mine
        order = {turn.id: index for index, turn in enumerate(snapshot.turns)}
        items = sorted(merged.values(), key=lambda item: (order[item.turn_id], item.position))
        return replace(snapshot, items=tuple(items))

    def _begin(self, position: int, kind: ItemKind) -> list[str]:
        self._kinds[position] = kind
        return self._texts.setdefault(position, [])

    def _change(self, position: int, **changes: Any) -> None:
        call = self._tools.get(position)
        if call is not None:
            self._tools[position] = replace(call, **changes)
