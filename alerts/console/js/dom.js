// Elements from code: text is always text, so nothing that people wrote can become markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `on` holds listeners, `data` the dataset; the other properties are attributes, and
 * false, null and undefined leave them out.
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...any} children
 */
export function h(tag, properties, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** The same in SVG. */
export function s(tag, properties, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "value") element.value = value ?? "";
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.flat(2).filter((each) => each !== null && each !== undefined && each !== false));
  return element;
}

/** Text that is set only where it differs: what stays is neither laid out nor read aloud again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A table of headings and rows of cells; `caption` is for those who hear the page. */
export function table(caption, headings, rows, properties = {}) {
  return h(
    "div",
    { class: "scrolled", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      properties,
      h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, headings.map((each) => h("th", { scope: "col" }, each)))),
      h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((each) => h("td", {}, each))))),
    ),
  );
}

/** A panel with a heading. */
export function panel(title, ...children) {
  return h("section", { class: "panel" }, h("h2", {}, title), ...children);
}
