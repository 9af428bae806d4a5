// The picture of a page: zoomed to a place, with boxes; a click or a dragged box takes text.

const SVG = "http://www.w3.org/2000/svg";
const LINE_PX = 30; // height at which a line is read at ease
const ROOM = 1.12; // of the width of a line, so that its ends do not touch the edges
const READABLE = 1.5; // times the size at which the whole page fits
const MAX_SCALE = 6; // screen pixels per pixel of the page
const NEAR = 1.3;
const STEP = 1.35;
const CLICK_PX = 5; // a pointer that moves less than this has clicked

// Corners of a quad, given as eight numbers.
const corners = (quad) => [0, 2, 4, 6].map((at) => [quad[at], quad[at + 1]]);

// Left, top, right and bottom of points.
const bounds = (points) => {
  const xs = points.map((point) => point[0]);
  const ys = points.map((point) => point[1]);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
};

export const load = async (address) => {
  const image = new Image();
  image.src = address;
  image.alt = "";
  await image.decode();
  return image;
};

// Affine maps [a, b, c, d, e, f] as in CSS: from the page as it lies in the file to the page upright.
const upright = (page) => ({
  0: [1, 0, 0, 1, 0, 0],
  90: [0, 1, -1, 0, page.height, 0],
  180: [-1, 0, 0, -1, page.width, page.height],
  270: [0, -1, 1, 0, 0, page.width],
}[page.turn]);
const mapped = ([a, b, c, d, e, f], [x, y]) => [a * x + c * y + e, b * x + d * y + f];

export class Picture {
  // `take` is called with the index of a page and a box [left, top, right, bottom] in its pixels.
  constructor(viewer, take) {
    this.viewer = viewer;
    this.stage = viewer.querySelector(".stage");
    this.lost = viewer.querySelector(".lost");
    this.take = take;
    this.page = null;
    this.place = null;
    viewer.addEventListener("pointerdown", (event) => this.grab(event));
    viewer.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    new ResizeObserver(() => this.page && this.look(this.place, this.isWhole)).observe(viewer);
  }

  // Put a page there; its picture may still be on its way.
  show(page, lines, image) {
    this.page = page;
    this.turn = upright(page);
    this.image = image;
    this.boxes = document.createElementNS(SVG, "svg");
    this.boxes.setAttribute("viewBox", `0 0 ${page.width} ${page.height}`);
    this.boxes.append(...lines.map((line) => this.polygon(line.quad, "line", line.text)));
    this.stage.style.width = `${page.width}px`;
    this.stage.style.height = `${page.height}px`;
    this.lost.hidden = image !== "lost";
    this.stage.replaceChildren(...(image instanceof Image ? [image] : []), this.boxes);
  }

  polygon(quad, className, title) {
    const shape = document.createElementNS(SVG, "polygon");
    shape.setAttribute("points", quad.join(" "));
    shape.setAttribute("class", className);
    shape.quad = quad;
    if (title) shape.appendChild(document.createElementNS(SVG, "title")).textContent = title;
    return shape;
  }

  // Boxes of fields: {quad, level, isActive}.
  mark(fields) {
    for (const old of this.boxes.querySelectorAll(".field")) old.remove();
    this.boxes.append(...fields.map((one) => this.polygon(one.quad, `field ${one.level}${one.isActive ? " active" : ""}`)));
  }

  // Zoom to a quad with its line around it; null: the top of the page, large enough to read, or all of it.
  look(quad, isWhole = false) {
    this.place = quad;
    this.isWhole = isWhole;
    const [width, height] = this.size();
    const view = this.viewer.getBoundingClientRect();
    const fit = Math.min(view.width / width, view.height / height);
    if (!quad) {
      const scale = Math.min(view.width / width, fit * (isWhole ? 1 : READABLE));
      this.zoomTo(scale, width / 2, isWhole ? height / 2 : 0);
      return;
    }
    const [left, top, right, bottom] = bounds(corners(quad).map((corner) => mapped(this.turn, corner)));
    const line = Math.max(1, Math.min(bottom - top, right - left));
    const wide = view.width / ((right - left) * ROOM);
    let scale = Math.max(fit, Math.min(LINE_PX / line, wide, MAX_SCALE));
    const whole = view.width / width;
    if (scale > whole && scale < whole * NEAR) scale = whole; // better the whole width than a little more size
    this.zoomTo(scale, (left + right) / 2, (top + bottom) / 2);
  }

  // Size of the page as it is shown.
  size() {
    return this.page.turn % 180 ? [this.page.height, this.page.width] : [this.page.width, this.page.height];
  }

  // Bring a point of the upright page to the middle, as far as the edges of the page allow.
  zoomTo(scale, x, y) {
    const view = this.viewer.getBoundingClientRect();
    const [width, height] = this.size();
    this.scale = scale;
    this.left = this.within(view.width / 2 - x * scale, view.width, width * scale);
    this.top = this.within(view.height / 2 - y * scale, view.height, height * scale);
    this.move();
  }

  within(offset, room, size) {
    return size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, offset));
  }

  move() {
    const [a, b, c, d, e, f] = this.turn;
    const s = this.scale;
    this.stage.style.transform = `matrix(${[a * s, b * s, c * s, d * s, e * s + this.left, f * s + this.top].join()})`;
    this.boxes.style.setProperty("--pixel", `${1 / s}px`);
  }

  middle() {
    const view = this.viewer.getBoundingClientRect();
    return [(view.width / 2 - this.left) / this.scale, (view.height / 2 - this.top) / this.scale];
  }

  zoom(steps) {
    const [width, height] = this.size();
    const view = this.viewer.getBoundingClientRect();
    const least = Math.min(view.width / width, view.height / height);
    this.zoomTo(Math.min(MAX_SCALE, Math.max(least, this.scale * STEP ** steps)), ...this.middle());
  }

  pan(right, down) {
    const [x, y] = this.middle();
    this.zoomTo(this.scale, x + right / this.scale, y + down / this.scale);
  }

  wheel(event) {
    if (!this.page) return;
    event.preventDefault();
    if (event.ctrlKey) this.zoom(event.deltaY < 0 ? 0.5 : -0.5);
    else this.pan(event.deltaX, event.deltaY);
  }

  // Point of the page under the pointer, in the pixels of the file.
  under(event) {
    const view = this.viewer.getBoundingClientRect();
    const x = (event.clientX - view.left - this.left) / this.scale;
    const y = (event.clientY - view.top - this.top) / this.scale;
    const [a, b, c, d, e, f] = this.turn; // turned by quarters: the inverse is the transpose
    return [a * (x - e) + b * (y - f), c * (x - e) + d * (y - f)];
  }

  grab(event) {
    if (!this.page || event.button !== 0 || event.target.closest("button")) return;
    const isTouch = event.pointerType === "touch";
    const from = [event.clientX, event.clientY];
    const start = this.under(event);
    const line = event.target.closest?.(".line");
    let moved = false;
    let last = from;
    let band = null;
    event.preventDefault(); // the typing goes on where it was
    this.viewer.setPointerCapture(event.pointerId);
    const move = (now) => {
      moved ||= Math.hypot(now.clientX - from[0], now.clientY - from[1]) > CLICK_PX;
      if (!moved) return;
      if (isTouch) {
        this.pan(last[0] - now.clientX, last[1] - now.clientY);
        last = [now.clientX, now.clientY];
        return;
      }
      const [left, top, right, bottom] = bounds([start, this.under(now)]);
      band?.remove();
      band = this.boxes.appendChild(this.polygon([left, top, right, top, right, bottom, left, bottom], "band"));
    };
    const drop = (now) => {
      this.viewer.removeEventListener("pointermove", move);
      this.viewer.removeEventListener("pointerup", drop);
      this.viewer.removeEventListener("pointercancel", drop);
      band?.remove();
      if (now.type === "pointercancel") return;
      if (moved && !isTouch) this.take(this.page.index, bounds([start, this.under(now)]));
      else if (!moved && line) this.take(this.page.index, bounds(corners(line.quad)));
    };
    this.viewer.addEventListener("pointermove", move);
    this.viewer.addEventListener("pointerup", drop);
    this.viewer.addEventListener("pointercancel", drop);
  }
}

const SNIPPET_LINE_PX = 34;
const SNIPPET_PX = 60;
const LABELLED = 0.68; // of the width: a short value stands there, so that its label to the left is seen

// Draw what stands at a quad, level and with its surroundings, as wide as the canvas.
export const drawSnippet = (canvas, image, page, quad) => {
  const width = canvas.clientWidth || canvas.parentElement.clientWidth;
  const [a, b, , d] = corners(quad);
  const along = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
  const across = Math.hypot(d[0] - a[0], d[1] - a[1]) || 1;
  const scale = Math.min(SNIPPET_LINE_PX / across, (width - 16) / along);
  const ratio = window.devicePixelRatio || 1;
  const height = Math.max(28, Math.min(SNIPPET_PX, across * scale * 1.75));
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
  const [left, top, right, bottom] = bounds(corners(quad));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(ratio, ratio);
  context.translate(along * scale < width / 2 ? width * LABELLED : width / 2, height / 2);
  context.scale(scale, scale);
  context.rotate(-Math.atan2(b[1] - a[1], b[0] - a[0]));
  context.translate(-(left + right) / 2, -(top + bottom) / 2);
  context.drawImage(image, 0, 0, page.width, page.height);
};
