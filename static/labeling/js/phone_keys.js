/** Arrows, 1–9, u, space and ?; not while a sheet is open or somebody types. */
const ARROWS = { ArrowRight: 0, ArrowLeft: 1, ArrowDown: 2, ArrowUp: 3 };

export function listen({ answer, undo, zoom, help, answers }) {
  const act = ({ key, target }) => {
    if (key in ARROWS && ARROWS[key] < answers) return () => answer(ARROWS[key]);
    if (/^[1-9]$/.test(key) && Number(key) <= answers) return () => answer(Number(key) - 1);
    if (key === " ") return target.closest?.("button, a") ? null : zoom;
    return { u: undo, "?": help }[key] ?? null;
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const action = event.repeat ? null : act(event);
    if (!action) return;
    event.preventDefault();
    action();
  });
}
