/** Being written. */
export function mount(root, studio) {}
