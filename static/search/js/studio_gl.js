/** The little of WebGL2 that the studio needs: a programme, buffers, a sheet to draw onto. */
const VERTEX = `#version 300 es
layout(location = 0) in vec2 from;
layout(location = 1) in vec2 to;
layout(location = 2) in vec4 colour;  // alpha: 0 not in the view, 1 the tile, 2 of 255 more when it is marked
uniform vec4 camera;                  // x, y, scale of x and of y
uniform float way;                    // from one map of embeddings to the other, 0 to 1
uniform float size;                   // pixels
uniform float faded;                  // of what is not marked, 1: as it is
out vec4 ink;
out float side;
void main() {
  bool marked = colour.a > 0.9;
  vec2 place = (mix(from, to, way) - camera.xy) * camera.zw;
  side = marked ? max(size + 2.0, size * 1.5) : size;
  ink = vec4(mix(vec3(0.024, 0.043, 0.078), colour.rgb, marked ? 1.0 : faded), marked ? 1.0 : 0.0);
  gl_PointSize = side;
  gl_Position = vec4(place, marked ? -0.5 : 0.5, 1.0);
  if (colour.a < 0.1) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);  // outside of what is drawn
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 ink;
in float side;
out vec4 result;
void main() {
  vec2 away = (gl_PointCoord - 0.5) * side;
  float radius = length(away);
  if (side > 2.5 && radius > side * 0.5) discard;
  bool marked = ink.a > 0.5;
  bool rim = marked && side > 6.5 && radius > side * 0.5 - max(1.0, side * 0.16);
  vec3 inner = marked && side <= 6.5 ? mix(ink.rgb, vec3(1.0), 0.3) : ink.rgb;  // no room for a rim
  result = vec4(rim ? vec3(1.0) : inner, 1.0);
}`;
export const SPACE = [0.024, 0.043, 0.078]; // --map-space

function programme(gl, vertex, fragment) {
  const made = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(gl.getProgramInfoLog(made));
  const count = gl.getProgramParameter(made, gl.ACTIVE_UNIFORMS) ?? 0;
  const names = Array.from({ length: count }, (_, at) => gl.getActiveUniform(made, at).name);
  return { made, at: Object.fromEntries(names.map((name) => [name, gl.getUniformLocation(made, name)])) };
}

export const points = (gl) => programme(gl, VERTEX, FRAGMENT);

/** An attribute of each point, at its place in the shader. */
export function attribute(gl, place, size, kind) {
  const buffer = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.enableVertexAttribArray(place);
  gl.vertexAttribPointer(place, size, kind, kind === gl.UNSIGNED_BYTE, 0, 0);
  return (data) => {
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
  };
}

/** Something to draw onto, of which the screen gets a copy. */
export function sheet(gl, width, height) {
  const [frame, colour, depth] = [gl.createFramebuffer(), gl.createRenderbuffer(), gl.createRenderbuffer()];
  gl.bindRenderbuffer(gl.RENDERBUFFER, colour);
  gl.renderbufferStorage(gl.RENDERBUFFER, gl.RGBA8, width, height);
  gl.bindRenderbuffer(gl.RENDERBUFFER, depth);
  gl.renderbufferStorage(gl.RENDERBUFFER, gl.DEPTH_COMPONENT16, width, height);
  gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
  gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, colour);
  gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.DEPTH_ATTACHMENT, gl.RENDERBUFFER, depth);
  const free = () => {
    gl.deleteFramebuffer(frame);
    for (const buffer of [colour, depth]) gl.deleteRenderbuffer(buffer);
  };
  return { frame, width, height, free, camera: null };
}
