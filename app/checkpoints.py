"""The checkpoints on offer, and what the page says of those that are chosen."""

from dataclasses import dataclass

from app import about, text
from app.networks import Networks
from tdn.model import system_name
from tdn.weights import Card
from tdn.weights.shipped import BASELINE_FILE, TDN_FILE


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints on offer, with their cards by file name, and the device that they run on in words; besides them
    the operator's other `networks`.
    """

    networks: Networks
    cards: dict[str, Card]
    where: str

    @property
    def choices(self) -> list[tuple[str, str]]:
        """How each reads in a list, and its name."""
        return [(text.checkpoint_choice(name), name) for name in (*self.cards, *self.networks.others)]

    @property
    def names(self) -> dict[str, str]:
        """What kind of network each file holds."""
        return {file: system_name(card.architecture) for file, card in self.cards.items()}

    @property
    def first_choice(self) -> tuple[str | None, str | None]:
        """The shipped pair where it is there, else the first TDN and the first network that is none."""
        tdns = [file for file, name in self.names.items() if name == "TDN"]
        others = [file for file in self.cards if file not in tdns]
        first = TDN_FILE if TDN_FILE in self.cards else next(iter([*tdns, *others]), None)
        second = BASELINE_FILE if BASELINE_FILE in self.cards else next((f for f in others if f != first), None)
        return first, second

    def classes(self, name: str | None) -> list[str]:
        """What can be asked to be explained. Raises as `Networks.get` does."""
        if name in self.networks.others:
            return [text.TOP_CLASS, *self.networks.get(name).labels]
        return [text.TOP_CLASS, *(self.cards[name].labels if name in self.cards else [])]

    def words(self, first: str | None, second: str | None) -> tuple[str, str]:
        """The words near the results, and those of the About section. Raises as `Networks.get` does."""
        chosen = list(dict.fromkeys(filter(None, (first, second))))
        cards = {name: self.cards[name] for name in chosen if name in self.cards}
        others = {name: self.networks.get(name) for name in chosen if name in self.networks.others}
        near = [text.weights_warning(cards)] if cards else []
        near += [text.other_weights(one) for one in others.values()]
        far = [about.about(cards, self.names, self.where)] if cards else []
        far += [about.about_other(name, one) for name, one in others.items()]
        return "\n\n".join(near), "\n\n".join(far)
