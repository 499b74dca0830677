"""/ws/jobs/?dataset=<slug>: how far the dataset's shards are, at once and after every change.

Sends {"type": "shards", "dataset", "shards", "levels"} (search/progress.py); takes nothing.
Closes with 4404 when there is no such dataset for this person.
"""

from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from search import progress
from search.models import Dataset

NO_SUCH_DATASET = 4404


class JobsConsumer(AsyncJsonWebsocketConsumer):
    dataset: Dataset | None = None

    async def connect(self) -> None:
        slug = parse_qs(self.scope["query_string"].decode(errors="replace")).get("dataset", [""])[0]
        self.dataset = await self._find(slug)
        await self.accept()
        if self.dataset is None:
            await self.close(NO_SUCH_DATASET)
            return
        await self.channel_layer.group_add(progress.group_of(self.dataset), self.channel_name)
        await self.shards_changed({})

    async def disconnect(self, code: int) -> None:
        if self.dataset is not None:
            await self.channel_layer.group_discard(progress.group_of(self.dataset), self.channel_name)

    async def shards_changed(self, event: dict[str, object]) -> None:
        await self.send_json(await database_sync_to_async(progress.message)(self.dataset))

    @database_sync_to_async
    def _find(self, slug: str) -> Dataset | None:
        return Dataset.objects.visible_to(self.scope["user"]).filter(slug=slug).first()
