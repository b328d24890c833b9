// SPDX-License-Identifier: Apache-2.0
// The little that a framework would be needed for. Whatever comes from elsewhere becomes text, never markup.

export const $ = (id) => document.getElementById(id);

/** An element: `el('li', {class: 'x', onclick: f}, 'text', child)`. */
export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

/** Sets a text only where it changes, so that selections and screen readers are left in peace. */
export function text(node, value) {
  if (node.textContent !== value) node.textContent = value;
}

/** Makes the children of `parent` those of `items`, in order: an element stays with its key, and so do its focus and state. */
export function keyed(parent, items, key, make, update) {
  const there = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let at = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let child = there.get(name);
    if (!child) {
      child = make(item);
      child.dataset.key = name;
    }
    there.delete(name);
    if (child === at) at = at.nextElementSibling;
    else parent.insertBefore(child, at);
    update?.(child, item);
  }
  for (const child of there.values()) child.remove();
}

/** Asks the server. What it refuses is an Error with the reason that it gives. */
export async function ask(path, {method = 'GET', body} = {}) {
  const answer = await fetch(path, {method, body, headers: {Accept: 'application/json'}});
  if (answer.status === 204) return null;
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.detail || said.title || `the server answers ${answer.status}`);
  return said;
}

let silence;
/** Tells the visitor something, for a while. */
export function notice(words) {
  const place = $('notice');
  place.textContent = words;
  place.hidden = false;
  clearTimeout(silence);
  silence = setTimeout(() => (place.hidden = true), 5000);
}

/** For a button: does it, and says what went wrong. */
export const attempt = (action) => async (event) => {
  try {
    await action(event);
  } catch (error) {
    notice(error.message);
  }
};

export function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min`;
}
