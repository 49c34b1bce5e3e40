/** What all parts of the page do with elements. Text goes in as text alone: names of scenarios are no markup. */

/**
 * The first element that a selector finds, which must be there.
 * @param {ParentNode} root @param {string} selector
 * @returns {HTMLElement}
 */
function find(root, selector) {
  const element = root.querySelector(selector);
  if (!(element instanceof HTMLElement)) throw new Error(`the page has no ${selector}`);
  return element;
}

/**
 * A new element.
 * @param {string} name @param {string} [className] @param {string} [text]
 */
function make(name, className = "", text = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

/**
 * A copy of what a template holds.
 * @param {string} id
 */
function copyOf(id) {
  const template = document.getElementById(id);
  const copy = template instanceof HTMLTemplateElement && template.content.firstElementChild?.cloneNode(true);
  if (!(copy instanceof HTMLElement)) throw new Error(`the page has no template ${id}`);
  return copy;
}

/**
 * Write a text where it is another one: the browser lays nothing out anew for the rest.
 * @param {Element} element @param {string} text
 */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Let a list have an element for each item, using those again that it has.
 * @template T
 * @param {Element} list
 * @param {T[]} items
 * @param {string} template of an element
 * @param {(element: HTMLElement, item: T) => void} show
 */
function fill(list, items, template, show) {
  while (list.children.length > items.length) list.lastElementChild?.remove();
  items.forEach((item, place) => {
    const element = list.children[place] ?? list.appendChild(copyOf(template));
    show(/** @type {HTMLElement} */ (element), item);
  });
}

export { copyOf, fill, find, make, write };
