/** Elements by what they are for: one("panel") finds [data-panel]; make("chip") copies a <template>. */
export const one = (name, root = document) => root.querySelector(`[data-${name}]`);
export const all = (name, root = document) => [...root.querySelectorAll(`[data-${name}]`)];

export function make(name) {
  const template = document.querySelector(`template[data-template="${name}"]`);
  return template.content.firstElementChild.cloneNode(true);
}

export function show(element, shown) { if (element) element.hidden = !shown; }

export function fill(select, options, chosen) {
  const option = ([value, label]) => new Option(label, value, false, String(value) === String(chosen));
  select.replaceChildren(...options.map(option));
}

/** After a quiet moment, once. */
export function debounce(action, ms) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(action, ms, ...args);
  };
}
