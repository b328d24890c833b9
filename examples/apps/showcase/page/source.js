// SPDX-License-Identifier: Apache-2.0
// A source file of the program, with the lines that are of interest marked.
import {el} from './dom.js';

const files = new Map();

function read(name) {
  if (!files.has(name)) {
    files.set(name, fetch(`/source/${encodeURIComponent(name)}`).then((answer) => {
      if (!answer.ok) throw new Error(`there is no source ${name}`);
      return answer.text();
    }));
  }
  return files.get(name);
}

const parts = /(\bco_(?:yield|await|return)\b|"[^"]*"|\/\/.*$)/;

function coloured(line) {
  return line.split(parts).filter(Boolean).map((part) => {
    if (part.startsWith('//')) return el('span', {class: 'comment'}, part);
    if (part.startsWith('"')) return el('span', {class: 'string'}, part);
    return part.startsWith('co_') ? el('span', {class: 'word'}, part) : part;
  });
}

export class SourceView {
  #place;
  #shown = null;

  constructor(place) {
    this.#place = place;
  }

  /** Marks `line` strongly, the others softly, and scrolls there, within its own box. */
  async show(name, line, others = []) {
    if (this.#shown !== name) {
      const lines = (await read(name)).replace(/\n$/, '').split('\n');
      this.#shown = name;
      this.#place.replaceChildren(el('p', {class: 'name'}, name),
        el('ol', {}, ...lines.map((each) => el('li', {}, el('code', {}, ...coloured(each))))));
    }
    const lines = this.#place.lastChild.children;
    for (const marked of this.#place.querySelectorAll('.here, .outer')) {
      marked.className = '';
      marked.removeAttribute('aria-current');
    }
    for (const other of others) lines[other - 1]?.classList.add('outer');
    const here = lines[line - 1];
    if (!here) return;
    here.className = 'here';
    here.setAttribute('aria-current', 'true');
    const outer = this.#place.querySelector('.outer');
    const apart = outer ? outer.offsetTop - here.offsetTop : 0;
    const both = Math.abs(apart) < this.#place.clientHeight - 80;
    this.#place.scrollTop = here.offsetTop + (both ? apart / 2 : 0) - this.#place.clientHeight / 2;
  }
}
