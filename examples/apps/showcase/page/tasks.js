// SPDX-License-Identifier: Apache-2.0
// The tree of tasks: below each those that it awaits, then those that it has created.
import {$, duration, el, keyed, text} from './dom.js';

export function showTasks(loops, requests) {
  const rows = loops.flatMap((loop, number) => inOrder(loop.tasks, number));
  const asked = new Map(requests.map((r) => [r.task, `${r.method} ${r.path}`]));
  keyed($('tasks'), rows, (row) => row.key, make, (li, row) => update(li, row, row.loop === 0 && asked.get(row.task.id)));
}

/** The tree, flattened: each task with how deep it stands. */
function inOrder(tasks, loop) {
  const known = new Map(tasks.map((t) => [t.id, t]));
  const parent = new Map();
  for (const t of tasks) for (const id of t.awaits) if (!parent.has(id) && id !== t.id) parent.set(id, t.id);
  for (const t of tasks) if (!parent.has(t.id) && known.has(t.creator) && t.creator < t.id) parent.set(t.id, t.creator);
  const below = Map.groupBy ? Map.groupBy(tasks, (t) => parent.get(t.id)) : group(tasks, (t) => parent.get(t.id));

  const rows = [], seen = new Set();
  const visit = (t, depth) => {
    if (seen.has(t.id)) return;
    seen.add(t.id);
    rows.push({key: `${loop}-${t.id}`, loop, task: t, depth});
    for (const each of below.get(t.id) ?? []) visit(each, depth + 1);
  };
  for (const t of below.get(undefined) ?? []) visit(t, 0);
  for (const t of tasks) visit(t, 0); // those that wait for one another in a circle
  return rows;
}

function group(items, key) {
  const groups = new Map();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

function make({task, loop}) {
  return el('li', {id: loop === 0 ? `task-${task.id}` : false},
    el('details', {},
      el('summary', {},
        el('span', {class: 'dot', 'aria-hidden': 'true'}),
        el('span', {class: 'who'}), el('span', {class: 'badge', hidden: true}),
        el('span', {class: 'state'}), el('span', {class: 'waits'}), el('span', {class: 'where'})),
      el('ol', {class: 'stack', 'aria-label': 'Its chain of awaits, the innermost last'})));
}

function update(li, {task, depth}, request) {
  li.style.setProperty('--depth', depth);
  li.dataset.state = task.state;
  const summary = li.firstChild.firstChild;
  const [, who, badge, state, waits, where] = summary.children;
  text(who, `#${task.id} ${task.name}`);
  badge.hidden = !request;
  text(badge, request || '');
  text(state, `${task.state} ${duration(task.for_ms)}`);
  text(waits, task.waits_for);
  const inner = own(task.stack);
  text(where, inner ? `${inner.file.split('/').at(-1)}:${inner.line}` : '');
  keyed(li.firstChild.lastChild, task.stack.map((frame, i) => ({...frame, i})), (f) => `${f.i}${f.function}${f.file}${f.line}`,
    (f) => el('li', {class: f.function.startsWith('weft::') ? 'theirs' : ''},
      el('code', {}, f.function), ` ${f.file}:${f.line}`));
}

/** The innermost coroutine that is not the library's own, or the innermost. */
const own = (stack) => stack.findLast((f) => !f.function.startsWith('weft::')) ?? stack.at(-1);
