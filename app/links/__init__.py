"""Addresses: what opens which part of the page, what a shared link to it says of itself, and its QR code."""

from app.links.documents import CARDS, Documents
from app.links.places import PLACES, Place, head, qr_code

__all__ = ["CARDS", "PLACES", "Documents", "Place", "head", "qr_code"]
