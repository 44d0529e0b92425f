"""Which packets of a stream still decode to what was filmed, told from packets alone, without decoding."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import av

# FFmpeg 8.1.2 marks a packet as corrupt up to so many packets before the one that lost something.
MARKED_BEFORE = 3


class Losses:
    """Packet by packet in the order of the file. What follows a loss counts from the next whole keyframe on.

    Between, pictures are predicted from ones that are not there; so are those stored after a keyframe and shown before
    it. `lost` has a truth value for each packet.
    """

    def __init__(self) -> None:
        self.lost: list[bool] = []
        self._since: int | None = None
        self._restart: int | None = None

    def add(self, packet: av.Packet, is_jump: bool) -> None:
        """`is_jump`: another recording may begin here, in which case a keyframe is whole, and what came before it."""
        if packet.is_keyframe:
            self._restart = None
        if self._since is not None:
            self._since += 1
            if packet.is_keyframe and (is_jump or self._since > MARKED_BEFORE):
                if is_jump and self._since <= MARKED_BEFORE:
                    self.lost[-self._since :] = [False] * self._since
                self._since, self._restart = None, packet.pts
        elif is_jump and not packet.is_keyframe:
            self._since = MARKED_BEFORE
        leads = self._restart is not None and packet.pts is not None and packet.pts < self._restart
        self.lost.append(self._since is not None or leads)

    def mark(self) -> None:
        """The last packet is marked as corrupt: it, or one that follows soon."""
        self._since = 0
        if self.lost:
            self.lost[-1] = True
