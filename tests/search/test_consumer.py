"""/ws/jobs/"""

import asyncio
import json

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import AnonymousUser

from search import joblog, progress
from search.consumers import JobsConsumer
from search.models import Dataset, Import, Shard
from tests.factories import make_gallery, make_map

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dataset(django_db_setup):
    return make_map("watched")


async def connected(slug):
    """A socket, as the ASGI server would open it, after its acceptance."""
    scope = {"type": "websocket", "query_string": f"dataset={slug}".encode(), "user": AnonymousUser()}
    socket = ApplicationCommunicator(JobsConsumer.as_asgi(), scope)
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output(5))["type"] == "websocket.accept"
    return socket


async def message_of(socket):
    return json.loads((await socket.receive_output(5))["text"])


async def code_of(socket):
    """Why the server ends it; TimeoutError when it only goes on telling for half a minute."""
    async with asyncio.timeout(30):
        while (message := await socket.receive_output(10))["type"] != "websocket.close":
            pass
    return message["code"]


async def closed(socket):
    await socket.send_input({"type": "websocket.disconnect", "code": 1000})
    await socket.wait(5)


async def test_the_state_comes_at_once(dataset):
    socket = await connected("watched")
    message = await message_of(socket)
    assert (message["type"], message["shards"]["waiting"], message["levels"][0]["level"]) == ("shards", 1, 4)
    await closed(socket)


async def test_a_change_is_pushed(dataset):
    socket = await connected("watched")
    await message_of(socket)
    assert [(await message_of(socket))["type"] for _ in range(2)] == ["imports", "trainings"]
    await sync_to_async(Shard.objects.all().cancel)()
    await sync_to_async(progress.announce)(dataset, at_once=True)
    assert (await message_of(socket))["shards"]["cancelled"] == 1
    await closed(socket)


@pytest.mark.parametrize("slug", ["atlantis", "", "hidden"])
async def test_a_stranger_gets_nothing(dataset, tmp_path, slug):
    await sync_to_async(make_gallery)(tmp_path / "g", "hidden", public=False)
    socket = await connected(slug)
    assert (await socket.receive_output(5))["code"] == 4404
    await closed(socket)


async def test_a_build_goes_on_without_redis(dataset, settings, monkeypatch):
    from channels.layers import channel_layers

    gone = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": ["unix:///nowhere"]}}}
    monkeypatch.setattr(channel_layers, "backends", {})
    settings.CHANNEL_LAYERS = gone
    await sync_to_async(progress.announce)(dataset, at_once=True)
    assert await Dataset.objects.acount()


async def test_an_import_is_told_with_the_end_of_its_log(dataset):
    job = await Import.objects.acreate(dataset=dataset, kind="files", recipe={"paths": ["/x/a.tif"]})
    await sync_to_async(joblog.write)(job, "Looking at a.tif")
    socket = await connected("watched")
    await message_of(socket)
    (told,) = (await message_of(socket))["imports"]
    assert (told["title"], told["status"], told["log"][-1]["text"]) == ("Files: a.tif", "waiting", "Looking at a.tif")
    await closed(socket)


async def test_a_dataset_that_is_closed_closes_its_sockets(dataset):
    socket = await connected("watched")
    await message_of(socket)
    await message_of(socket)
    await Dataset.objects.aupdate(is_public=False)
    await sync_to_async(progress.announce)(dataset, at_once=True)
    assert await code_of(socket) == 4404
    await closed(socket)
