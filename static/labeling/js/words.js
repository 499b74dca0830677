/** "{count} a minute" with its values filled in. */
export function fitted(text, values = {}) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
