/** A clean canvas as large as its place in the page, drawn on in CSS pixels; answers its context. */
export function cleared(canvas, { width, height }) {
  const ratio = Math.min(2, devicePixelRatio);
  const [across, down] = [width, height].map((side) => Math.round(side * ratio));
  if (canvas.width !== across || canvas.height !== down) Object.assign(canvas, { width: across, height: down });
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}
