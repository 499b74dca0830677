"""/ws/campaigns/<id>/: what happens in a campaign, for its host's page; takes nothing.

Sends {"type": "progress", …} (labeling/describing.py) at once and after every change, {"type": "cards", "results"} with
the cards that have changed since the last one, and {"type": "state"} when settings, links or people are to be asked for
again, {"type": "learning"} when its rounds are, {"type": "sweep", "number"} when that sweep is. Closes with 4404 for
who may not host it, also later.
"""

import asyncio
import json
from contextlib import suppress
from datetime import datetime
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from labeling import describing, live
from labeling.errors import NoSuchCampaign
from labeling.models import Campaign

PAUSE = 0.4  # seconds between two looks at the database
LOOK = 5.0  # seconds after which one looks in any case: people come and go
MOST = 200  # cards told at once
NOT_HOST = 4404


class HostConsumer(AsyncJsonWebsocketConsumer):
    watching: "asyncio.Task[None] | None" = None

    async def connect(self) -> None:
        await self.accept()
        self.number = self.scope["url_route"]["kwargs"]["number"]
        self.since: datetime = timezone.now()
        self.changed = asyncio.Event()
        # Listening first: what changes while the first look is read would be missed for good otherwise.
        await self.channel_layer.group_add(live.campaign_group(self.number), self.channel_name)
        if await self.look():
            self.watching = asyncio.create_task(self.watch())

    async def watch(self) -> None:
        """A look at once after a change, then a pause, however many changes there are meanwhile."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.changed.wait(), LOOK)
            self.changed.clear()
            if not await self.look():
                return
            await asyncio.sleep(PAUSE)

    async def look(self) -> bool:
        try:
            progress, cards = await self.read()
        except NoSuchCampaign:
            await self.close(NOT_HOST)
            return False
        await self.send_json({"type": "progress", **progress})
        if cards:
            await self.send_json({"type": "cards", "results": cards})
        return True

    @database_sync_to_async
    def read(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        campaign = Campaign.hosted(self.scope["user"], self.number)
        fresh = list(campaign.cards.filter(changed_at__gt=self.since).order_by("changed_at")[:MOST])
        if fresh:
            self.since = fresh[-1].changed_at
        if len(fresh) == MOST:
            self.changed.set()
        return describing.progress(campaign), describing.cards(campaign, fresh)

    async def disconnect(self, code: int) -> None:
        if self.watching is not None:
            self.watching.cancel()
        await self.channel_layer.group_discard(live.campaign_group(self.number), self.channel_name)

    async def labels_changed(self, event: dict[str, Any]) -> None:
        self.changed.set()

    async def state_changed(self, event: dict[str, Any]) -> None:
        await self.send_json({"type": "state"})
        self.changed.set()

    async def learning_changed(self, event: dict[str, Any]) -> None:
        await self.send_json({"type": "learning"})

    async def sweep_changed(self, event: dict[str, Any]) -> None:
        await self.send_json({"type": "sweep", "number": event["number"]})

    async def cards_new(self, event: dict[str, Any]) -> None:
        self.changed.set()

    @classmethod
    async def encode_json(cls, content: Any) -> str:
        return json.dumps(content, cls=DjangoJSONEncoder)
