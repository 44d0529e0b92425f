"""The checkpoints on offer, and what the page says of those that are chosen."""

from dataclasses import dataclass

from app import about, text
from tdn.model import system_name
from tdn.weights import Card
from tdn.weights.shipped import BASELINE_FILE, TDN_FILE


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints on offer: their cards by file name, and the device they run on in words."""

    cards: dict[str, Card]
    where: str

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

    def classes(self, file: str | None) -> list[str]:
        """What can be asked to be explained."""
        return [text.TOP_CLASS, *(self.cards[file].labels if file in self.cards else [])]

    def words(self, first: str | None, second: str | None) -> tuple[str, str]:
        """The words near the results, and those of the About section."""
        chosen = {file: self.cards[file] for file in dict.fromkeys((first, second)) if file in self.cards}
        if not chosen:
            return "", ""
        return text.weights_warning(chosen), about.about(chosen, self.names, self.where)
