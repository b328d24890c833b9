// SPDX-License-Identifier: Apache-2.0
// A generator that stands in the server, and does one step for each click.
import {$, ask, attempt, el} from './dom.js';
import {SourceView} from './source.js';

const source = new SourceView($('g-source'));
const verbs = ['next', 'send', 'throw', 'close'];
const longest = 50; // lines that are kept
let id = null, begun = 0;

function enable(on) {
  for (const verb of verbs) $(`g-${verb}`).disabled = !on;
}

const begin = attempt(async () => {
  const turn = ++begun;
  const made = await ask(`/api/generators/${$('generator').value}`, {method: 'POST'});
  if (turn !== begun) return; // another one was begun meanwhile
  id = made.id;
  $('g-log').replaceChildren();
  await show(made, 'begin');
});

function step(verb) {
  return attempt(async () => {
    const sent = verb === 'send' ? $('g-value').value.trim() : verb === 'throw' ? 'a visitor threw this' : '';
    await show(await ask(`/api/generators/${id}/${verb}`, {method: 'POST', body: sent}), verb === 'send' ? `send ${sent}` : verb);
  });
}

async function show(now, done) {
  const inner = now.frames.at(-1);
  $('g-state').textContent = now.state === 'suspended'
    ? `suspended in ${inner.function}, line ${inner.line}` + (now.delegating ? `, to which ${now.frames[0].function} has handed over` : '')
    : now.state === 'created' ? 'created: its body has not begun' : 'closed: its body has ended';
  $('g-state').dataset.state = now.state;
  for (const said of now.said) add('aloud', `it says: ${said}`);
  const event = now.event === 'created' ? 'created' : `${now.event}${now.value === '' ? '' : ` ${now.value}`}`;
  add(now.event, `${done} → ${event}`);
  enable(true);
  if (inner) {
    const outer = now.frames.slice(0, -1).map((f) => f.line);
    await source.show(inner.file.split('/').at(-1), inner.line, outer);
  } else {
    await source.show('generators.cpp', 0);
  }
}

function add(kind, words) {
  const list = $('g-log');
  list.append(el('li', {class: kind}, words));
  while (list.children.length > longest) list.firstChild.remove();
  list.scrollTop = list.scrollHeight;
}

$('begin').addEventListener('click', begin);
$('generator').addEventListener('change', begin);
for (const verb of verbs) $(`g-${verb}`).addEventListener('click', step(verb));
$('g-value').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && id) $('g-send').click();
});
enable(false);

const fill = attempt(async () => {
  const kinds = await ask('/api/generators/');
  $('generator').append(...kinds.map((k) => el('option', {value: k.name}, `${k.name}: ${k.says}`)));
});
fill();
