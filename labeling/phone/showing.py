"""Cards as phones see them: addresses below the link's own, and as much of where and when as the host allows."""

from typing import Any

from django.core.exceptions import ObjectDoesNotExist

from labeling.models import Campaign, Card
from search import gazetteer, keys
from search.describing import Describer
from search.errors import NoSuchTile
from search.models import Dataset, Scene


class Shower:
    """For one campaign; what it has looked up about scenes it keeps."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.is_map = campaign.dataset.kind == Dataset.Kind.MAP
        self.describer = Describer(campaign.dataset)
        self._others: dict[tuple[int, int], Scene | None] = {}

    def cards(self, cards: list[Card]) -> list[dict[str, object]]:
        """Those whose imagery is there; what has been deleted since cannot be shown."""
        self.describer.look_up(card.address for card in cards)
        return [shown for card in cards if (shown := self.card(card))]

    def card(self, card: Card) -> dict[str, object] | None:
        try:
            tile: dict[str, Any] = self.describer.tile(card.key)
        except (NoSuchTile, ObjectDoesNotExist):
            return None
        shown: dict[str, object] = {"id": card.pk, "image": f"cards/{card.pk}.webp"}
        if self.campaign.show_date and card.address.day:
            shown["date"] = tile["date"]
        if self.campaign.show_place:
            shown["place"] = gazetteer.written(*tile["center"]) if tile["center"] else tile["name"]
        return shown | self.context(card)

    def context(self, card: Card) -> dict[str, object]:
        """Pictures besides the tile's own."""
        campaign = self.campaign
        found: dict[str, object] = {}
        if campaign.show_map and self.is_map:
            found["map"] = f"cards/{card.pk}/map.webp"
        if campaign.show_neighbours and self.is_map:
            found["around"] = f"cards/{card.pk}/around.webp"
        other = self.other(card) if campaign.show_other_date and self.is_map else None
        if other is not None:
            found["other"] = {"image": f"cards/{card.pk}/other.webp", "date": other.written_day}
        return found

    def other(self, card: Card) -> Scene | None:
        address = card.address
        if (address.product, address.day) not in self._others:
            self._others[address.product, address.day] = other_scene(self.campaign.dataset, address)
        return self._others[address.product, address.day]


def other_scene(dataset: Dataset, address: keys.TileAddress) -> Scene | None:
    """The same product on the date nearest to the tile's own."""
    mine = Scene.objects.filter(product__dataset=dataset, product__number=address.product).select_related(
        "product__dataset"
    )
    others = [
        *mine.filter(day__gt=address.day).order_by("day")[:1],
        *mine.filter(day__lt=address.day).order_by("-day")[:1],
    ]
    return min(others, key=lambda scene: abs(scene.day - address.day), default=None)
