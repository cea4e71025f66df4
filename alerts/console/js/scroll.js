// A long list of which only the rows in sight exist.

import { h } from "./dom.js";

const SPARE = 6;

export class Scroll {
  #count = 0;
  #rows = [];
  #waiting = false;

  /** make: a row with an `element`; fill: shows what stands at an index in it. */
  constructor({ label, head, make, fill }) {
    this.make = make;
    this.fill = fill;
    this.head = head;
    this.body = h("div", { class: "rows", role: "rowgroup" });
    this.element = h("div", { class: "grid", role: "grid", "aria-label": label, "aria-multiselectable": "true", tabindex: "0" }, h("div", { role: "rowgroup", class: "heads" }, head), this.body);
    this.element.addEventListener("scroll", () => this.soon(), { passive: true });
    this.resized = new ResizeObserver(() => this.soon());
    this.resized.observe(this.element);
  }

  end() {
    this.resized.disconnect();
  }

  /** Show so many rows. */
  show(count) {
    this.#count = count;
    this.element.setAttribute("aria-rowcount", String(count + 1));
    this.again();
  }

  soon() {
    if (this.#waiting) return;
    this.#waiting = true;
    requestAnimationFrame(() => {
      this.#waiting = false;
      this.again();
    });
  }

  /** Fill what is in sight once more. */
  again() {
    const height = this.#height();
    this.body.style.height = `${this.#count * height}px`;
    const top = this.element.scrollTop;
    const sight = this.element.clientHeight || innerHeight;
    const first = Math.max(0, Math.min(Math.floor(top / height), this.#count) - SPARE);
    const last = Math.min(this.#count, Math.ceil((top + sight) / height) + SPARE);
    while (this.#rows.length < last - first) {
      const row = this.make();
      this.#rows.push(row);
      this.body.append(row.element);
    }
    this.#rows.forEach((row, n) => {
      // A row keeps its elements for the same index, so that scrolling moves it and does not rewrite it.
      const count = this.#rows.length;
      const index = first + ((((n - first) % count) + count) % count);
      row.element.hidden = index >= last;
      if (index >= last) return;
      row.element.style.transform = `translateY(${index * height}px)`;
      row.element.setAttribute("aria-rowindex", String(index + 2));
      this.fill(row, index);
    });
  }

  /** Scroll so that a row is in sight. */
  reveal(index) {
    const height = this.#height();
    const [top, bottom] = [index * height, (index + 1) * height + this.head.offsetHeight];
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (bottom > this.element.scrollTop + this.element.clientHeight) {
      this.element.scrollTop = bottom - this.element.clientHeight;
    }
    this.again();
  }

  #height() {
    return parseFloat(getComputedStyle(this.element).getPropertyValue("--row")) || 40;
  }
}
