"""Heights of many rows: sums and look-up in logarithmic time (a Fenwick tree)."""

from __future__ import annotations

from collections.abc import Iterable


class Heights:
    """Row heights in pixels, estimated or measured."""

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._values = list(heights)
        self._tree = [0, *self._values]
        size = len(self._tree)
        for node in range(1, size):
            parent = node + (node & -node)
            if parent < size:
                self._tree[parent] += self._tree[node]

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: int) -> int:
        return self._values[index]

    @property
    def total(self) -> int:
        """Height of all rows together."""
        return self.top(len(self._values))

    def top(self, index: int) -> int:
        """Return the sum of the heights of the rows before `index`."""
        result = 0
        while index > 0:
            result += self._tree[index]
            index -= index & -index
        return result

    def set(self, index: int, height: int) -> int:
        """Give row `index` another height; return by how much it grew."""
        grown = height - self._values[index]
        if grown:
            self._values[index] = height
            node = index + 1
            while node < len(self._tree):
                self._tree[node] += grown
                node += node & -node
        return grown

    def append(self, height: int) -> None:
        """Add a row at the end."""
        self._values.append(height)
        node = len(self._tree)
        value, child = height, node - 1
        while child > node - (node & -node):
            value += self._tree[child]
            child -= child & -child
        self._tree.append(value)

    def truncate(self, length: int) -> list[int]:
        """Remove the rows from `length` on; return their heights."""
        removed = self._values[length:]
        del self._values[length:]
        del self._tree[length + 1 :]
        return removed

    def at(self, y: int) -> int:
        """Return the index of the row at height `y`, the first or last row if `y` is outside."""
        index, left = 0, max(y, 0)
        step = 1 << (len(self._values).bit_length())
        while step:
            node = index + step
            if node < len(self._tree) and self._tree[node] <= left:
                index = node
                left -= self._tree[node]
            step >>= 1
        return min(index, max(len(self._values) - 1, 0))
