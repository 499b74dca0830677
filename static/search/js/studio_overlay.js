/**
 * What lies over the points: the line that is being drawn, and a ring around the tile that one looks at.
 * The ring is an element that is only moved: a canvas of the stage's size would be painted anew in every frame.
 */
import { cleared } from "./studio_canvas.js";

const INK = "#ffffff";
const SHADE = "rgb(6 11 20 / 80%)";

export class Overlay {
  line = null;
  row = -1;
  #canvas; #ring; #map;
  #asked = false;

  constructor({ canvas, ring, map }) {
    [this.#canvas, this.#ring, this.#map] = [canvas, ring, map];
    map.camera.addEventListener("move", () => this.#move());
    map.addEventListener("placed", () => this.#move());
  }

  ask() {
    this.#move();
    this.#canvas.hidden = !this.line;
    if (this.#asked || !this.line) return;
    this.#asked = true;
    requestAnimationFrame(() => this.#draw());
  }

  #move() {
    this.#ring.hidden = this.row < 0 || !this.#map.positions;
    if (this.#ring.hidden) return;
    const [x, y] = this.#map.where(this.row);
    const side = this.#map.drawing.size + 12;
    this.#ring.style.width = `${side}px`;
    this.#ring.style.transform = `translate(${x - side / 2}px, ${y - side / 2}px)`;
  }

  #draw() {
    this.#asked = false;
    const { camera } = this.#map;
    const context = cleared(this.#canvas, camera);
    if (this.line?.length > 1) this.#path(context);
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
