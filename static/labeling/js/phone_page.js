/** The guests' page: what comes from the site, from the finger and from the keys, brought together. */
import { one, show } from "../../search/js/elements.js";
import { AnswerBar } from "./answer_bar.js";
import { CardStage } from "./card_stage.js";
import { Deck } from "./deck.js";
import { follow } from "./gestures.js";
import { listen } from "./phone_keys.js";
import { Outbox } from "./outbox.js";
import { PhoneSocket } from "./phone_socket.js";
import { Score } from "./score.js";
import { openedFirst, wireSheets } from "./sheets.js";
import { Status } from "./status.js";
import { fitted } from "./words.js";

const config = JSON.parse(document.getElementById("config").textContent);
const say = (name, values) => fitted(config.words[name], values);
const ways = config.answers.slice(0, 4);
const announcer = one("announcer");
const bar = new AnswerBar(one("answers"), config.answers);
const status = new Status(one("status"), say);
const score = new Score({ me: config.me, say });
const outbox = await Outbox.open(`${config.key}-${config.me.id}`);
const deck = new Deck({ want: (have, count) => socket.more(have, count), answered: outbox.cards() });
const stage = new CardStage({ say, ways, onZoom: (zoomed) => one("zoom").setAttribute("aria-pressed", zoomed) });
const socket = new PhoneSocket(location.pathname, {
  hello: ({ me, team, state }) => { score.team(team); score.mine(me.votes + outbox.pending); setState(state); deck.refill(); },
  cards: ({ cards }) => { deck.take(cards); draw(); },
  more: () => deck.refill(true),
  ack: (message) => acknowledged(message),
  refused: (message) => refused(message),
  drop: ({ cards }) => { deck.drop(cards, stage.current?.id); },
  progress: ({ team }) => score.team(team),
  state: ({ state }) => { setState(state); deck.refill(true); },
  open: () => { status.connected(true); return outbox.all(); },
  lost: () => { status.connected(false); draw(); },
  ended: (why) => { ended = why; draw(); },
});
let state = config.state, ended = "", shownAt = performance.now();

function setState(next) { state = next; draw(); }

/** The top card, or why there is none. */
function draw() {
  const card = ended ? null : deck.top;
  if (card !== stage.current) shownAt = performance.now();
  stage.show(card, deck.behind);
  bar.enable(Boolean(card));
  const why = card ? "" : ended || reason();
  stage.message(why, { count: score.count, reload: ["again", "broken"].includes(why) });
  one("undo").disabled = Boolean(ended) || !outbox.canUndo;
  document.documentElement.dataset.shows = card ? "card" : why;
}

function reason() {
  if (["paused", "closed", "excluded"].includes(state)) return state;
  if (!socket.isOpen) return deck.wasFilled ? "out_of_cards" : "loading";
  return deck.isEmpty ? "all_done" : "loading";
}

async function answer(number, way = null) {
  const card = deck.top;
  const chosen = config.answers[number];
  if (!card || !chosen || ended) return;
  const took = Math.round(performance.now() - shownAt);
  const vote = { type: "vote", id: crypto.randomUUID(), card: card.id, answer: chosen.code, took, at: new Date().toISOString() };
  deck.answered(card);
  stage.throwOff(way ?? number, chosen);
  draw();
  score.answered(1);
  announcer.textContent = say("answered", { answer: chosen.word });
  await send(vote, card);
}

async function undo() {
  if (ended) return;
  const last = outbox.last();
  if (!last) { announcer.textContent = say("nothing_to_undo"); return; }
  deck.putBack(last.card);
  score.answered(-1);
  const word = config.answers.find(({ code }) => code === last.vote.answer)?.word ?? "";
  draw();
  announcer.textContent = say("undone", { answer: word });
  await send({ type: "undo", id: crypto.randomUUID(), vote: last.vote.id, at: new Date().toISOString() }, last.card);
}

/** Kept first, sent then: whatever happens in between, it is sent again. */
async function send(message, card) {
  const kept = outbox.put(message, card);
  socket.send(message);
  one("undo").disabled = !outbox.canUndo;
  status.waiting(outbox.unsent);
  if (!await kept) status.notKept();
}

function acknowledged({ id, card, gold, right, mine }) {
  outbox.done(id);
  deck.settled(card);
  score.mine(mine + outbox.pending);
  status.waiting(outbox.unsent);
  if (gold === null || gold === undefined) return;
  const word = config.answers.find(({ code }) => code === right)?.word ?? right;
  status.tell(say(gold ? "right" : "wrong", { answer: word }), gold ? "good" : "bad");
}

function refused({ id, message }) {
  if (id) outbox.done(id, true);
  status.waiting(outbox.unsent);
  status.tell(say("refused", { message }), "bad");
}

bar.onAnswer((number) => answer(number));
one("undo").addEventListener("click", undo);
one("zoom").addEventListener("click", () => stage.toggleZoom());
follow(one("deck"), {
  canSwipe: () => Boolean(deck.top) && !stage.isZoomed,
  ways: ways.length,
  drag: (dx, dy, way) => { stage.drag(dx, dy, way); bar.hint(way); },
  release: () => { stage.springBack(); bar.hint(null); },
  swipe: (way) => { bar.hint(null); answer(way, way); },
  zoom: stage.zoom,
});
const sheets = wireSheets({ onOpen: (name) => name === "score" && score.draw() });
listen({ answer, undo, zoom: () => stage.toggleZoom(), help: () => sheets.open("help"), answers: config.answers.length });
if (!outbox.lasts) status.notKept();
status.waiting(outbox.unsent);
draw();
openedFirst(config.key, () => sheets.open("help"));
socket.start();
show(document.body, true);
document.documentElement.dataset.ready = "";
