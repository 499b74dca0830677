/** What lies over the points: the line that is being drawn, and a ring around the tile that one looks at. */
const INK = "#ffffff";
const SHADE = "rgb(6 11 20 / 80%)";

export class Overlay {
  line = null;
  row = -1;
  #canvas; #map;
  #asked = false;

  constructor(canvas, map) {
    this.#canvas = canvas;
    this.#map = map;
    map.camera.addEventListener("move", () => this.ask());
    map.addEventListener("placed", () => this.ask());
  }

  ask() {
    this.#canvas.hidden = this.row < 0 && !this.line; // an empty canvas would cost every frame
    if (this.#asked || this.#canvas.hidden) return;
    this.#asked = true;
    requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#asked = false;
    const { camera } = this.#map;
    const ratio = Math.min(2, devicePixelRatio);
    const [width, height] = [camera.width, camera.height].map((side) => Math.round(side * ratio));
    if (this.#canvas.width !== width || this.#canvas.height !== height) Object.assign(this.#canvas, { width, height });
    const context = this.#canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, camera.width, camera.height);
    if (this.row >= 0 && this.#map.positions) this.#ring(context);
    if (this.line?.length > 1) this.#path(context);
  }

  #ring(context) {
    const [x, y] = this.#map.where(this.row);
    context.beginPath();
    context.arc(x, y, this.#map.drawing.size / 2 + 5, 0, 2 * Math.PI);
    stroked(context, 2);
  }

  #path(context) {
    context.beginPath();
    this.line.forEach(([x, y], at) => (at ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.fillStyle = "rgb(255 255 255 / 12%)";
    context.fill();
    context.setLineDash([6, 4]);
    stroked(context, 1.5);
    context.setLineDash([]);
  }
}

function stroked(context, width) {
  for (const [colour, more] of [[SHADE, 2], [INK, 0]]) {
    context.strokeStyle = colour;
    context.lineWidth = width + more;
    context.stroke();
  }
}
