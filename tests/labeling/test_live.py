"""What happens in a campaign is told, and not too often."""

import itertools
import time

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.layers import get_channel_layer

from labeling import live


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    times: list[float] = []
    monkeypatch.setattr(live.Throttle, "_send", lambda self, number: times.append(time.monotonic()))
    return times


def test_the_first_change_is_told_at_once(sent: list[float]) -> None:
    live.Throttle().changed(1)
    assert len(sent) == 1


def test_the_last_change_is_surely_told(sent: list[float]) -> None:
    throttle = live.Throttle()
    for _ in range(5):
        throttle.changed(1)
    said = time.monotonic()
    time.sleep(2 * live.PAUSE)
    assert len(sent) == 2
    assert sent[-1] > said


def test_at_most_four_a_second_are_told(sent: list[float]) -> None:
    throttle, end = live.Throttle(), time.monotonic() + 1
    while time.monotonic() < end:
        throttle.changed(1)
        time.sleep(0.005)
    time.sleep(2 * live.PAUSE)
    assert 3 <= len(sent) <= 6
    assert min(b - a for a, b in itertools.pairwise(sent)) > live.PAUSE * 0.95


def test_one_campaign_does_not_wait_for_another(sent: list[float]) -> None:
    throttle = live.Throttle()
    throttle.changed(1)
    throttle.changed(2)
    assert len(sent) == 2


@pytest.mark.parametrize(
    ("tell", "group", "kind"),
    [
        (lambda: live.Throttle().changed(71), live.campaign_group(71), "labels.changed"),
        (lambda: live.revoked(72), live.link_group(72), "link.revoked"),
        (lambda: live.drop(73, {5}), live.person_group(73), "cards.drop"),
        (lambda: live.state_changed(74), live.phones_group(74), "state.changed"),
        (lambda: live.new_cards(75), live.campaign_group(75), "cards.new"),
        (lambda: live.sweep_changed(77, 3), live.campaign_group(77), "sweep.changed"),
    ],
)
def test_messages_reach_their_group(tell, group, kind) -> None:
    assert async_to_sync(heard)(tell, group)["type"] == kind


async def heard(tell, group) -> dict:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(group, channel)
    await sync_to_async(tell, thread_sensitive=False)()
    return await layer.receive(channel)
