// SPDX-License-Identifier: Apache-2.0
// What the program does now: the server's events, and where on the page they go. Nobody looks, nothing is sent.
import {$, duration, el, keyed, text} from './dom.js';
import {showTasks} from './tasks.js';
import {showWork} from './work.js';

let source = null;

export function watch(looking) {
  if (looking === (source !== null)) return;
  if (!looking) {
    source.close();
    source = null;
    state('paused', 'paused');
    return;
  }
  source = new EventSource('/api/live');
  source.onopen = () => state('live', 'live');
  source.onerror = () => state('lost', 'connection lost, trying again');
  source.onmessage = (event) => show(JSON.parse(event.data));
}

function state(name, words) {
  $('live-state').className = `pill ${name}`;
  text($('live-state'), words);
}

function show(now) {
  showGauges(now);
  showWarnings(now.program.warnings);
  showWork(now.work);
  showRequests(now.traffic.in_flight);
  showHistogram(now.traffic);
  showTasks(now.program.loops, now.traffic.in_flight);
}

const lags = [];

function showGauges(now) {
  lags.push(now.loop.lag_max_ms);
  if (lags.length > 60) lags.shift();
  const per_second = (n) => `${Math.round(n * 2)} /s`;
  const gauges = [
    ['Tasks', now.loop.tasks, `${now.loop.tasks_created} in all`],
    ['Loop lag', duration(now.loop.lag_max_ms), 'the longest since the last look'],
    ['Ready', now.loop.ready, 'can run, and wait for their turn'],
    ['Steps', per_second(now.loop.steps), `in ${per_second(now.loop.turns)} turns of the loop`],
    ['Busy', `${Math.min(100, now.loop.busy_ms / 5).toFixed(1)} %`, `${now.loop.backend}, one thread`],
    ['Looking', now.watchers, `${now.chatting} in the chat`],
  ];
  keyed($('gauges'), gauges, (g) => g[0],
    ([name]) => el('div', {}, el('dt', {}, name), el('dd', {}), el('p', {class: 'quiet'}),
      ...(name === 'Loop lag' ? [spark()] : [])),
    (place, [, value, more]) => {
      text(place.children[1], String(value));
      text(place.children[2], more);
      place.querySelector('polyline')?.setAttribute('points', line());
    });
}

function spark() {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 60 20');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(document.createElementNS('http://www.w3.org/2000/svg', 'polyline'));
  return svg;
}

/** By the logarithm: a tenth of a millisecond is at the bottom, a second at the top. */
const line = () => lags.map((ms, i) => {
  const height = Math.min(1, Math.max(0, (Math.log10(Math.max(ms, 0.1)) + 1) / 4));
  return `${i + 60 - lags.length},${(19 - 18 * height).toFixed(1)}`;
}).join(' ');

function showWarnings(warnings) {
  keyed($('warnings'), warnings, (w) => w.is + w.text, (w) => el('p', {class: 'warning'}, el('b', {}, w.is), ` ${w.text}`));
}

function showRequests(requests) {
  keyed($('requests'), requests, (r) => r.id,
    (r) => el('li', {},
      el('span', {class: 'method'}, r.method), el('span', {class: 'path'}, r.path), el('span', {class: 'quiet'}),
      el('a', {href: `#task-${r.task}`, class: 'task-link', onclick: goToTask}, `task #${r.task}`)),
    (li, r) => text(li.children[2], r.is_stream ? `stream, ${duration(r.for_ms)}` : duration(r.for_ms)));
}

/** The address says which page is shown, so it stays. */
function goToTask(event) {
  event.preventDefault();
  const task = document.querySelector(event.currentTarget.getAttribute('href'));
  if (!task) return;
  task.querySelector('details').open = true;
  task.querySelector('summary').focus();
  task.scrollIntoView({block: 'center'});
}

function showHistogram({bounds_us, counts}) {
  const most = Math.max(1, ...counts);
  const name = (i) => (i < bounds_us.length ? `≤ ${us(bounds_us[i])}` : `> ${us(bounds_us.at(-1))}`);
  const us = (n) => (n < 1000 ? `${n} µs` : n < 1e6 ? `${n / 1000} ms` : `${n / 1e6} s`);
  keyed($('histogram'), counts.map((count, i) => ({count, i})), (b) => b.i,
    (b) => el('div', {title: name(b.i)}, el('i'), el('small', {}, b.i % 3 === 0 && b.i < bounds_us.length ? us(bounds_us[b.i]) : '')),
    (bar, b) => bar.firstChild.style.setProperty('height', `${(Math.log1p(b.count) / Math.log1p(most)) * 100}%`));
  const said = counts.map((count, i) => [count, name(i)]).filter(([count]) => count).map(([count, n]) => `${count} ${n}`);
  $('histogram').setAttribute('aria-label', `Latency: ${said.join(', ')}`);
}
