"""Any video network as one value: how it reads a video, what it can be asked, where its maps are taken."""

from tdn.networks.network import Network, Part, Tap
from tdn.networks.opening import as_network, fingerprint, open_network, reads_alike, resolved, short_name
from tdn.networks.reads import Reads

__all__ = [
    "Network",
    "Part",
    "Reads",
    "Tap",
    "as_network",
    "fingerprint",
    "open_network",
    "reads_alike",
    "resolved",
    "short_name",
]
