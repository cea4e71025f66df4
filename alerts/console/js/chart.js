// The city as a drawing: places on a plane, seen through a window that moves and zooms.

const MARGIN = 0.08;
const MOST_ZOOM = 400;

/** Longitude and latitude (deg) as a plane around the city: x to the east, y to the south, both in deg of latitude. */
export function flat(assets) {
  const middle = assets.reduce((sum, each) => sum + each.latitude, 0) / (assets.length || 1);
  const narrow = Math.cos((middle * Math.PI) / 180);
  return assets.map((each) => ({ ...each, x: each.longitude * narrow, y: -each.latitude }));
}

/** What part of the plane is seen: a middle and a scale (pixels a unit). */
export class Window {
  constructor(places) {
    const [xs, ys] = [places.map((each) => each.x), places.map((each) => each.y)];
    this.bounds = { left: least(xs), right: most(xs), top: least(ys), bottom: most(ys) };
    this.zoom = 1;
  }

  /** Fit everything into so many pixels. */
  fit(width, height) {
    const { left, right, top, bottom } = this.bounds;
    this.whole = Math.min(width / ((right - left) * (1 + 2 * MARGIN) || 1), height / ((bottom - top) * (1 + 2 * MARGIN) || 1));
    if (this.zoom === 1) [this.x, this.y] = [(left + right) / 2, (top + bottom) / 2];
    [this.width, this.height] = [width, height];
  }

  get scale() {
    return this.whole * this.zoom;
  }

  /** Where a place is on the screen. */
  at(place) {
    return [(place.x - this.x) * this.scale + this.width / 2, (place.y - this.y) * this.scale + this.height / 2];
  }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
  }

  /** Zoom by a factor, so that what is at a point of the screen stays there. */
  zoomBy(factor, px = this.width / 2, py = this.height / 2) {
    const before = this.scale;
    this.zoom = Math.min(MOST_ZOOM, Math.max(1, this.zoom * factor));
    if (this.zoom === 1) return this.reset();
    const change = 1 / before - 1 / this.scale;
    this.x += (px - this.width / 2) * change;
    this.y += (py - this.height / 2) * change;
  }

  reset() {
    this.zoom = 1;
    this.fit(this.width, this.height);
  }

  /** Bring a place into the middle. */
  centre(place) {
    this.zoom = Math.max(this.zoom, 4);
    [this.x, this.y] = [place.x, place.y];
  }
}

const least = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);
const most = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);
