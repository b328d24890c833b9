// SPDX-License-Identifier: Apache-2.0
// Which of the pages is shown, as the address says.
import {$} from './dom.js';
import * as live from './live.js';
import './chat.js';
import './stepper.js';
import * as story from './story.js';

const pages = ['inside', 'story', 'chat'];

function show() {
  const asked = location.hash.slice(1);
  const page = pages.includes(asked) ? asked : pages[0];
  for (const each of pages) $(`page-${each}`).hidden = each !== page;
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === `#${page}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  live.watch(page === 'inside' && !document.hidden);
  if (page === 'story') story.open();
}

addEventListener('hashchange', () => {
  if (location.hash !== '#main') show();
});
document.addEventListener('visibilitychange', show);
show();
