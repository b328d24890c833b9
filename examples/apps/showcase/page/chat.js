// SPDX-License-Identifier: Apache-2.0
// The chat: a WebSocket from "Enter" on.
import {$, el, notice} from './dom.js';

const longest = 200; // lines that are kept
let socket = null;

$('who').value = `guest ${Math.floor(Math.random() * 900) + 100}`;

$('join').addEventListener('submit', (event) => {
  event.preventDefault();
  socket?.close();
  const name = $('who').value.trim();
  if (!name) return;
  const mine = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/chat/${encodeURIComponent(name)}`);
  socket = mine;
  mine.onopen = () => {
    $('said').replaceChildren();
    enable(true);
    $('words').focus();
  };
  mine.onmessage = (message) => add(JSON.parse(message.data));
  mine.onclose = () => {
    if (socket !== mine) return;
    enable(false);
    notice('You have left the chat, or the server has gone.');
  };
});

$('say').addEventListener('submit', (event) => {
  event.preventDefault();
  const words = $('words').value.trim();
  if (!words || socket?.readyState !== WebSocket.OPEN) return;
  socket.send(words);
  $('words').value = '';
});

function enable(on) {
  $('words').disabled = $('speak').disabled = !on;
}

function add({who, kind, text}) {
  const list = $('said');
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  list.append(kind === 'says'
    ? el('li', {}, el('b', {}, who), el('span', {}, text))
    : el('li', {class: 'quiet'}, `${who} has ${kind}`));
  while (list.children.length > longest) list.firstChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
}
