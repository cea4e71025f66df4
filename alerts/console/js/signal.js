// Who wants to know is told; a view that goes away is told nothing more.

export class Signal {
  #listeners = new Set();

  /** @returns {() => void} what ends the listening */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(...what) {
    for (const listener of [...this.#listeners]) listener(...what);
  }
}
