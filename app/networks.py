"""The networks that the page can ask: those of the server's folder, others that its operator names, and those that
visitors brought.
"""

import logging
import threading
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from app import text
from app.analysis import RequestError
from app.own_weights import Brought, OwnWeights
from tdn.device import choose_device
from tdn.networks import Network, as_network, open_network
from tdn.networks.source import parse_source
from tdn.weights import Card, CheckpointError, load_model, read_card
from tdn.weights.store import SHARD

# Networks kept in memory; the oldest makes room. ResNet-101 takes 170 MB.
MODELS_KEPT = 4
OWN_MODELS_KEPT = 2

log = logging.getLogger(__name__)


class Networks:
    """Loads the checkpoints of `folder`, visitors' `own` ones, and the `others` that the operator names as
    `tdn.networks.source` does, onto one device, and lends them.

    Raises ValueError for a device that is not there.
    """

    def __init__(
        self, folder: Path, device: str | None = None, own: OwnWeights | None = None, others: Sequence[str] = ()
    ):
        self.folder = folder
        self.device = choose_device(device)
        self.own = own
        # By a name that visitors may see: what the operator wrote may say where files lie.
        self.others = {public_name(source): source for source in others}
        # Held while a network runs: one at a time.
        self.using = threading.Lock()
        self._loading = threading.Lock()
        self._loaded: dict[Hashable, Network] = {}
        # Apart, so that no visitor's files push out what everyone uses.
        self._own_loaded: dict[Hashable, Network] = {}

    def cards(self) -> dict[str, Card]:
        """The checkpoints of the folder, by file name; files that are not ours are left out and logged."""
        cards = {}
        for path in sorted(self.folder.glob("*.safetensors")):
            shard = SHARD.search(path.stem)
            if shard and int(shard.group(1)) != 1:
                continue
            try:
                cards[path.name] = read_card(path)
            except (CheckpointError, FileNotFoundError) as error:
                log.warning("not offered: %s", error)
        return cards

    def expect_allowed(self, name: str, visitor: str | None) -> None:
        """Raises RequestError for a checkpoint that another visitor brought."""
        brought = self._brought(name)
        if brought is not None and brought.visitor != visitor:
            raise RequestError(text.unknown_checkpoint(name))

    def get(self, name: str) -> Network:
        """The network of a checkpoint, read once however many ask for it at the same time.

        Raises RequestError for a name that is not offered, CheckpointError or FileNotFoundError for a file gone bad.
        """
        brought = self._brought(name)
        loaded, most = (self._own_loaded, OWN_MODELS_KEPT) if brought else (self._loaded, MODELS_KEPT)
        key = (brought.path, brought.digest) if brought else name
        found = loaded.get(key)  # before the lock: a ZeroGPU worker is a fork, perhaps with the lock taken
        if found is not None:
            return found
        with self._loading:
            if key not in loaded:
                network = self._opened(name, brought)
                while len(loaded) >= most:
                    del loaded[next(iter(loaded))]
                loaded[key] = network
            return loaded[key]

    def _opened(self, name: str, brought: Brought | None) -> Network:
        if name in self.others:
            # Only what the operator named, and never code.
            try:
                return open_network(self.others[name], self.device, run_code=False).for_inference()
            except (ValueError, OSError) as error:
                log.error("%s: %s", self.others[name], error)  # it may say where files lie
                raise RequestError(text.not_opened(name)) from None
        if not brought and name not in self.cards():
            raise RequestError(text.unknown_checkpoint(name))
        return as_network(load_model(self.path_of(name), self.device)).for_inference()

    @contextmanager
    def lent(self, name: str) -> Iterator[Network]:
        """The network of a checkpoint, to one caller at a time; it must come back as it was."""
        network = self.get(name)
        with self.using:
            yield network

    def is_loaded(self, name: str) -> bool:
        """Whether a network is in memory, so that nobody has to wait for it."""
        return name in self._loaded or self.is_own(name)

    def is_own(self, name: str | None) -> bool:
        """Whether a checkpoint is one that a visitor brought."""
        return self._brought(name) is not None

    def path_of(self, name: str) -> Path:
        """Where a checkpoint lies, the folder's or a visitor's; what the operator wrote of another network."""
        if name in self.others:
            return Path(self.others[name])
        brought = self._brought(name)
        return brought.path if brought else self.folder / name

    def _brought(self, name: str | None) -> Brought | None:
        return self.own.find(name) if self.own and name else None


def comparable(one: Card, other: Card) -> bool:
    """Whether one clip can be shown to both networks, and the same class asked of both."""
    reads = [(card.preprocess, card.architecture.num_segments, card.architecture.window) for card in (one, other)]
    return reads[0] == reads[1] and set(one.labels) == set(other.labels)


def public_name(source: str) -> str:
    """What a network of the operator's is called: its family and a few letters, such as torchvision:r2plus1d_18."""
    found = parse_source(source)
    return f"{found.family}:{found.short}"
