"""/ws/label/<token>/: one phone. labeling/protocol.py says what is said."""

import asyncio
import json
from contextlib import suppress
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError
from django.http.cookie import parse_cookie

from labeling import live, protocol
from labeling.dealing import Ask
from labeling.errors import BadMessage, LabelingError, NoSuchLink
from labeling.grouping import groups
from labeling.leases import renew
from labeling.models import Campaign, Person, ShareLink
from labeling.people import known
from labeling.phone import guard, scoreboard
from labeling.phone.showing import Shower
from labeling.recording import Outcome, Said

TICK = 3.0  # seconds between two looks at the team's progress
BURST, RATE = 300, 30  # frames: an outbox that was filled in a tunnel may come at once
MOST_BAD = 5  # frames that say nothing, before the socket closes


class LabelConsumer(AsyncWebsocketConsumer):
    """`joined` says whether link and person are known; nothing is heard before."""

    link: ShareLink
    person: Person
    joined = False

    async def connect(self) -> None:
        await self.accept()
        self.bucket, self.bad, self.gone = guard.Bucket(BURST, RATE), 0, False
        self.tasks: set[asyncio.Task[None]] = set()
        self.wanted: protocol.More | None = None  # what the phone asks for and has not been given
        try:
            found = await self.find(self.scope["url_route"]["kwargs"]["token"])
        except LabelingError:
            await self.leave(protocol.NO_SUCH_LINK)
        else:
            await (self.begin(*found) if found else self.leave(protocol.NOT_JOINED))

    async def begin(self, link: ShareLink, person: Person) -> None:
        self.link, self.person, self.joined = link, person, True
        self.shower = Shower(person.campaign)
        for group in self.groups_of():
            await self.channel_layer.group_add(group, self.channel_name)
        await self.say("hello", **await self.hello())
        self.start(self.tick())

    @database_sync_to_async
    def find(self, token: str) -> tuple[ShareLink, Person] | None:
        """None for who has not joined. NoSuchLink and TooManyTries look the same to whoever guesses."""
        address = self.scope.get("address", "")
        guard.check("link", address, guard.WRONG_LINKS)
        try:
            link = ShareLink.of_token(token)
        except NoSuchLink:
            guard.note("link", address)
            raise
        cookies = parse_cookie(dict(self.scope["headers"]).get(b"cookie", b"").decode("latin-1"))
        person = known(link, cookies.get(link.cookie, ""))
        if person is None:
            return None
        person.campaign = Campaign.objects.select_related("dataset").get(pk=person.campaign_id)
        return link, person

    def groups_of(self) -> list[str]:
        person = self.person
        return [live.link_group(self.link.pk), live.person_group(person.pk), live.phones_group(person.campaign_id)]

    async def hello(self) -> dict[str, Any]:
        me = {"id": self.person.pk, "nickname": self.person.nickname, "votes": self.person.votes}
        team = await scoreboard.of(self.person.campaign_id)
        return {"me": me, "team": team, "state": await self.state()}

    @database_sync_to_async
    def state(self) -> str:
        """open, paused, closed; excluded, when the host has taken the person out; gone, with its campaign."""
        found = Person.objects.filter(pk=self.person.pk).values_list("excluded_at", "campaign__state").first()
        excluded_at, state = found or (None, "gone")
        return "excluded" if excluded_at else state

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not self.joined or self.gone:
            return
        if not self.bucket.take():
            await self.refuse("too_many", "Too much at once. Wait a moment, then load the page again.")
            await self.leave(protocol.FLOOD)
        elif text_data is None:
            await self.misbehaved("Phones send text.")
        elif len(text_data) > protocol.MOST_BYTES:
            await self.refuse("too_large", "This message is too large.")
            await self.leave(protocol.TOO_LARGE)
        else:
            await self.hear(text_data)

    async def hear(self, text: str) -> None:
        try:
            message = protocol.read(text)
        except BadMessage as error:
            await self.misbehaved(str(error))
            return
        if isinstance(message, protocol.More):
            self.ask(message)
        elif isinstance(message, protocol.Ping):
            await database_sync_to_async(renew)([self.person])
        else:
            self.start(self.put(self.said(message)))

    async def misbehaved(self, why: str) -> None:
        self.bad += 1
        await self.refuse("bad_message", why)
        if self.bad >= MOST_BAD:
            await self.leave(protocol.ABUSE)

    def said(self, message: protocol.Vote | protocol.Undo) -> Said:
        if isinstance(message, protocol.Undo):
            return Said(message.id, *self.who, undoes=message.vote)
        return Said(message.id, *self.who, message.card, message.answer, message.took, message.at)

    @property
    def who(self) -> tuple[int, int]:
        return self.person.pk, self.person.campaign_id

    async def put(self, said: Said) -> None:
        """Stored first, then acknowledged. Without a database the phone keeps it and comes again."""
        try:
            outcome = await groups().votes.put(said)
        except DatabaseError:
            await self.leave(protocol.TRY_AGAIN)
            return
        if outcome.ok:
            await self.acknowledge(outcome)
        elif outcome.code == NoSuchLink.code:
            await self.leave(protocol.NO_SUCH_LINK)
        else:
            await self.refuse(outcome.code, outcome.message, str(outcome.id))

    async def acknowledge(self, outcome: Outcome) -> None:
        await self.say(
            "ack", id=str(outcome.id), card=outcome.card_id, mine=outcome.mine, settled=outcome.settled,
            gold=outcome.gold, right=outcome.right_answer,
        )  # fmt: skip

    def ask(self, message: protocol.More) -> None:
        """Dealing takes its turn behind others; votes do not wait for it, and of several questions the last counts."""
        idle, self.wanted = self.wanted is None, message
        if idle:
            self.start(self.serve())

    async def serve(self) -> None:
        while not self.gone and (message := self.wanted) is not None:
            await self.give(message)
            if self.wanted is message:
                self.wanted = None

    async def give(self, message: protocol.More) -> None:
        try:
            held = await groups().cards.put(Ask(*self.who, message.count))
        except DatabaseError:
            await self.leave(protocol.TRY_AGAIN)
            return
        if held is None:
            await self.leave(protocol.NO_SUCH_LINK)
            return
        new = [card for card in held if card.pk not in message.have]
        await self.say("cards", cards=await database_sync_to_async(self.shower.cards)(new))

    async def tick(self) -> None:
        """How far the team is, whenever that has changed; and a link that expires closes."""
        told = None
        while not self.gone:
            await asyncio.sleep(TICK)
            if not self.link.works:
                await self.leave(protocol.NO_SUCH_LINK)
                return
            team = await scoreboard.of(self.person.campaign_id)
            if team != told:
                await self.say("progress", team=team)
                told = team

    def start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.ended)

    def ended(self, task: "asyncio.Task[None]") -> None:
        """What nobody foresaw is logged by the loop's own handler; the phone comes again."""
        self.tasks.discard(task)
        if not task.cancelled() and (failed := task.exception()) is not None:
            context = {"message": "A phone's message failed", "exception": failed, "task": task}
            asyncio.get_running_loop().call_exception_handler(context)
            self.start(self.leave(protocol.TRY_AGAIN))

    async def say(self, kind: str, **fields: Any) -> None:
        if self.gone:
            return
        try:
            await self.send(json.dumps({"type": kind, **fields}))
        except OSError:  # the phone has gone (ASGI specification, "disconnected client"); `disconnect` follows
            self.gone = True

    async def refuse(self, code: str, message: str, number: str | None = None) -> None:
        await self.say("refused", code=code, message=message, **({"id": number} if number else {}))

    async def leave(self, code: int) -> None:
        if not self.gone:
            self.gone = True
            with suppress(OSError):  # it has gone by itself
                await self.close(code)

    async def disconnect(self, code: int) -> None:
        """What was said is stored nevertheless; what the phone holds stays its own for the lease: it may be in a
        tunnel."""
        self.gone = True
        if self.joined:
            for group in self.groups_of():
                await self.channel_layer.group_discard(group, self.channel_name)

    async def cards_drop(self, event: dict[str, Any]) -> None:
        await self.say("drop", cards=event["cards"])

    async def cards_new(self, event: dict[str, Any]) -> None:
        await self.say("more")

    async def state_changed(self, event: dict[str, Any]) -> None:
        state = await self.state()
        await (self.leave(protocol.NO_SUCH_LINK) if state == "gone" else self.say("state", state=state))

    async def person_excluded(self, event: dict[str, Any]) -> None:
        await self.say("state", state=await self.state())

    async def link_revoked(self, event: dict[str, Any]) -> None:
        await self.leave(protocol.NO_SUCH_LINK)
