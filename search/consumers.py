"""/ws/jobs/?dataset=<slug>: how far the dataset's imports and shards are, at once and after every change.

Sends {"type": "shards", "dataset", "shards", "levels"} (search/progress.py) and
{"type": "imports", "dataset", "imports"} (search/dashboard/activity.py; those at work with the end of their logs) and
{"type": "trainings", "dataset", "trainings", "change"} (search/training/describing.py; those at work with their curve);
takes nothing. Closes with 4404 when there is no such dataset for this person, also later when it is deleted or closed.
"""

import json
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.core.serializers.json import DjangoJSONEncoder

from search import progress
from search.dashboard import activity
from search.models import Dataset
from search.training import describing

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
        messages = await self._messages()
        for message in messages:
            await self.send_json(message)
        if not messages:
            await self.close(NO_SUCH_DATASET)

    @database_sync_to_async
    def _messages(self) -> list[dict[str, object]]:
        """Nothing for who may not see it any more."""
        dataset = self.dataset and Dataset.objects.visible_to(self.scope["user"]).filter(pk=self.dataset.pk).first()
        if dataset is None:
            return []
        return [progress.message(dataset), activity.message(dataset), describing.message(dataset)]

    @classmethod
    async def encode_json(cls, content: Any) -> str:
        return json.dumps(content, cls=DjangoJSONEncoder)

    @database_sync_to_async
    def _find(self, slug: str) -> Dataset | None:
        return Dataset.objects.visible_to(self.scope["user"]).filter(slug=slug).first()
