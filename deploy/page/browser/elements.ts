/** Makes and changes elements. Text from records goes through here alone, and always as text. */
import { colourNumber } from "./model-colours.js";
import { nameText } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/** An element of page.html. @throws {Error} there is none with this id */
export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`expected an element #${id}`);
  return found;
}

/** A new element with text, or with children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...content: readonly (string | Node)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className !== "") element.className = className;
  element.append(...content);
  return element;
}

/** A new element of a drawing. */
export function makeSvg(tag: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** Changes the text where it is another one: what stays is not read again by a screen reader. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A model's name with its colour. */
export function modelName(model: string): HTMLElement {
  return make("span", "model", swatch(model), make("bdi", "", nameText(model)));
}

/** The colour of a model, as a mark before its name. */
export function swatch(model: string): HTMLElement {
  return make("span", `swatch model-${colourNumber(model)}`);
}

/** A colour of page.css as a canvas takes it. */
export function colourOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** The colour of a model as a canvas takes it. */
export function modelColour(model: string): string {
  return colourOf(`--model-${colourNumber(model)}`);
}

/** Puts rows in the place of those of a table's body. */
export function setRows(body: Element, rows: readonly (readonly (string | Node)[])[]): void {
  body.replaceChildren(...rows.map((cells) => make("tr", "", ...cells.map((cell) => make("td", "", cell)))));
}
