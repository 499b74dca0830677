/**
 * Fingers on a card: one swipes or, where the picture is enlarged, moves it; two enlarge; two taps enlarge or end that.
 *
 * A swipe answers when it ends beyond REACH, or fast and beyond FLICK, in the way that it was armed for. Once it has
 * been armed for one way it can never answer the opposite one: taking it back past the middle springs back.
 */
const REACH = 0.24, FLICK = 36, SPEED = 0.55, SLACK = 8, TWICE = 300; // of the card's width; px; px/ms; px; ms
const OPPOSITE = [1, 0, 3, 2];

export function wayOf(dx, dy, ways) {
  const way = Math.abs(dx) >= Math.abs(dy) ? (dx > 0 ? 0 : 1) : (dy > 0 ? 2 : 3);
  return way < ways ? way : null;
}

/** The way that a finished swipe answers, or null.  speed: px/ms along x and y, of its end.  armed: ways it has shown. */
export function verdict({ dx, dy, speed, size, ways, armed }) {
  const way = wayOf(dx, dy, ways);
  if (way === null || armed.has(OPPOSITE[way])) return null;
  const along = way < 2 ? dx : dy, fast = way < 2 ? speed[0] : speed[1];
  if (along * fast < 0 && Math.abs(fast) > SPEED) return null; // it was on its way back
  if (Math.abs(along) >= REACH * size) return way;
  return Math.abs(along) >= FLICK && Math.abs(fast) >= SPEED ? way : null;
}

export function follow(element, { canSwipe, ways, drag, release, swipe, zoom }) {
  const fingers = new Map();
  let swiping = null, tapped = 0;

  const begin = (event) => {
    if (event.button > 0 || event.target.closest("a, button")) return;
    element.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (fingers.size === 2) { cancel(); zoom.pinch([...fingers.values()]); return; }
    swiping = fingers.size === 1 && canSwipe() ? started(event) : null;
  };
  const move = (event) => {
    if (!fingers.has(event.pointerId)) return;
    const before = fingers.get(event.pointerId);
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (fingers.size === 2) zoom.pinching([...fingers.values()]);
    else if (zoom.isOn) zoom.pan(event.clientX - before[0], event.clientY - before[1]);
    else if (swiping) step(event);
  };
  const step = (event) => {
    const dx = event.clientX - swiping.x, dy = event.clientY - swiping.y;
    if (!swiping.moved && Math.hypot(dx, dy) < SLACK) return;
    swiping.moved = true;
    swiping.trail = [...swiping.trail.filter(({ at }) => event.timeStamp - at < 90), { x: event.clientX, y: event.clientY, at: event.timeStamp }];
    const way = wayOf(dx, dy, ways);
    const beyond = way !== null && Math.abs(way < 2 ? dx : dy) >= REACH * element.clientWidth;
    if (beyond) swiping.armed.add(way);
    drag(dx, dy, beyond && !swiping.armed.has(OPPOSITE[way]) ? way : null);
  };
  const end = (event) => {
    if (!fingers.delete(event.pointerId) || fingers.size) return;
    const done = swiping;
    swiping = null;
    if (done?.moved) finish(done, event);
    else tap(event);
  };
  const finish = (done, event) => {
    const first = done.trail[0], ms = Math.max(1, event.timeStamp - first.at);
    const way = verdict({
      dx: event.clientX - done.x, dy: event.clientY - done.y, ways, armed: done.armed, size: element.clientWidth,
      speed: [(event.clientX - first.x) / ms, (event.clientY - first.y) / ms],
    });
    if (way === null) release();
    else swipe(way);
  };
  const tap = (event) => {
    if (event.timeStamp - tapped < TWICE) { zoom.toggle([event.clientX, event.clientY]); tapped = 0; }
    else tapped = event.timeStamp;
  };
  const cancel = () => {
    if (swiping?.moved) release();
    swiping = null;
  };
  // or the browser takes a swipe for a fling of its own, and a tap soon after it for that fling's end
  element.addEventListener("touchstart", (event) => event.target.closest("a, button") || event.preventDefault(), { passive: false });
  element.addEventListener("pointerdown", begin);
  element.addEventListener("pointermove", move);
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", (event) => { fingers.delete(event.pointerId); cancel(); });
}

function started({ clientX, clientY, timeStamp }) {
  return { x: clientX, y: clientY, moved: false, armed: new Set(), trail: [{ x: clientX, y: clientY, at: timeStamp }] };
}
