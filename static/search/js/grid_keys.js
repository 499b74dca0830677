/** Arrow keys move between the linked cells of a table: one Tab stop per row would be many in twenty years. */
export function moveInGrid(root) {
  root.addEventListener("keydown", (event) => {
    const link = event.target.closest?.(".matrix a.cell");
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!link || !step) return;
    const cell = link.closest("td");
    const rows = [...link.closest("tbody").rows];
    const [row, column] = [rows.indexOf(cell.parentElement), cell.cellIndex];
    const next = rows[row + step[0]]?.cells[column + step[1]]?.querySelector("a.cell");
    if (!next) return;
    next.focus();
    event.preventDefault();
  });
}
