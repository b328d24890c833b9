// SPDX-License-Identifier: Apache-2.0
// The buttons that start work, and what has become of each piece.
import {$, ask, attempt, duration, el, keyed, text} from './dom.js';

const kinds = [
  ['slow', 'Slow', 'Waits for 15 seconds, in ten steps'],
  ['failing', 'Failing', 'Throws three calls deep'],
  ['parallel', 'Parallel', 'Five tasks in a group'],
  ['deadlock', 'Deadlock', 'Two tasks, two locks, taken in two orders'],
  ['blocking', 'Block the loop', 'Holds the thread for a quarter of a second'],
];

for (const [kind, name, says] of kinds) {
  $('starters').append(el('button', {type: 'button', title: says, 'data-kind': kind,
    onclick: attempt(() => ask(`/api/pieces/${kind}`, {method: 'POST'}))}, name));
}

const finished = 4; // pieces that are still shown

export function showWork(all) {
  let left = finished;
  const pieces = all.filter((p) => p.state === 'running' || left-- > 0);
  $('no-pieces').hidden = pieces.length > 0;
  keyed($('pieces'), pieces, (p) => p.id, make, update);
}

function make(piece) {
  return el('li', {},
    el('div', {class: 'line'},
      el('span', {class: 'dot', 'aria-hidden': 'true'}), el('b', {}, piece.kind), el('span', {class: 'state'}),
      el('button', {type: 'button', class: 'small', 'aria-label': `Cancel ${piece.kind} ${piece.id}`,
        onclick: attempt(() => ask(`/api/pieces/${piece.id}`, {method: 'DELETE'}))}, 'Cancel')),
    el('pre', {hidden: true, tabindex: '0', 'aria-label': `What came of ${piece.kind} ${piece.id}`}));
}

function update(li, piece) {
  li.dataset.state = piece.state;
  const [, , state, cancel] = li.firstChild.children;
  text(state, `${piece.state}, ${duration(piece.for_ms)}`);
  cancel.hidden = piece.state !== 'running';
  li.lastChild.hidden = piece.outcome === '';
  text(li.lastChild, piece.outcome);
}
