// SPDX-License-Identifier: Apache-2.0
// The story: a step runs in the server, which says what happened; here that is played, a lane for each function.
import {$, ask, attempt, el} from './dom.js';
import {SourceView} from './source.js';

const pace = 650; // ms from one event to the next
const source = new SourceView($('story-source'));
let step = null, at = -1, timer = null, opened = false;

/** What a lane is after an event: it runs, it stands and can go on, or it is over. */
const after = (verb) => {
  if (['returns', 'fails'].includes(verb)) return 'over';
  return ['yields', 'waits', 'next', 'send', 'throw', 'close', 'step', 'calls', 'calls back', 'hands over'].includes(verb) ? 'rests' : 'runs';
};

export const open = attempt(async () => {
  if (opened) return;
  opened = true;
  const steps = await ask('/api/story/');
  $('step').append(...steps.map((s) => el('option', {value: s.name}, s.name.replaceAll('_', ' '))));
  await run();
});

const run = attempt(async () => {
  pause();
  const chosen = $('step').value;
  const played = await ask(`/api/story/${chosen}`, {method: 'POST'});
  if (chosen !== $('step').value) return; // another one was chosen meanwhile
  step = played;
  $('step-says').textContent = step.says;
  draw();
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) await go(step.events.length - 1);
  else play();
});

/** All of it, unseen: what is to come is there, and appears when its time has come. */
function draw() {
  const lanes = [...new Set(step.events.map((e) => e.lane))];
  const states = new Map();
  const rows = step.events.map((event, i) => {
    states.set(event.lane, after(event.verb));
    const cells = lanes.map((lane) => {
      const cell = el('div', {class: `cell ${lane === event.lane ? 'now ' : ''}${states.get(lane) ?? 'unborn'}`});
      if (lane === event.lane) cell.append(bubble(event, i));
      return cell;
    });
    return el('div', {class: 'row', hidden: true}, el('time', {}, event.at_us < 1000 ? `${event.at_us} µs` : `${(event.at_us / 1000).toFixed(1)} ms`), ...cells);
  });
  $('lanes').style.setProperty('--lanes', lanes.length);
  $('lanes').replaceChildren(
    el('div', {class: 'row head'}, el('span'), ...lanes.map((lane) => el('b', {}, lane))), ...rows);
  at = -1;
  go(0);
}

function bubble(event, i) {
  return el('button', {type: 'button', class: `bubble ${event.verb.replaceAll(' ', '-')}`, 'aria-label':
    `${event.lane} ${event.verb} ${event.text}, line ${event.line}`, onclick: () => { pause(); go(i); }},
  el('b', {}, event.verb), event.text ? ` ${event.text}` : '');
}

async function go(to) {
  at = Math.max(0, Math.min(to, step.events.length - 1));
  const rows = [...$('lanes').children].slice(1);
  rows.forEach((row, i) => {
    row.hidden = i > at;
    row.classList.toggle('current', i === at);
  });
  const box = $('lanes');
  box.scrollTop = Math.max(0, rows[at].offsetTop - box.clientHeight + rows[at].offsetHeight + 8);
  const cell = rows[at].querySelector('.now'); // on a phone, many lanes are wider than the box
  box.scrollLeft = Math.max(0, cell.offsetLeft + cell.offsetWidth - box.clientWidth + 4);
  await source.show(step.source, step.events[at].line);
}

function play() {
  if (at >= step.events.length - 1) at = -1;
  $('play').textContent = 'Pause';
  timer = setInterval(() => {
    go(at + 1);
    if (at >= step.events.length - 1) pause();
  }, pace);
}

function pause() {
  clearInterval(timer);
  timer = null;
  $('play').textContent = 'Play';
}

$('step').addEventListener('change', run);
$('again').addEventListener('click', run);
$('play').addEventListener('click', () => (timer ? pause() : step && play()));
$('back').addEventListener('click', () => { pause(); if (step) go(at - 1); });
$('on').addEventListener('click', () => { pause(); if (step) go(at + 1); });
