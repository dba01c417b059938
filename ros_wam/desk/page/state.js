// The first of the page's scripts, which share their names: what the desk sent last, and what is sent to it.
'use strict';

const REFUSAL_MS = 8000;
const byId = id => document.getElementById(id);
const show = (element, yes) => { element.hidden = !yes; };
const write = (element, text) => { if (element.textContent !== text) element.textContent = text; };
const make = (tag, name, text) => {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
};
const words = name => String(name).replaceAll('_', ' ');
const number = value => Number(value).toFixed(2).replace(/\.?0+$/, '');
const minutes = s => { const whole = Math.max(0, Math.ceil(s)); return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`; };

let state = null, connected = false;
const pending = new Map();   // what was sent and is not answered or not yet shown: key → count of the state it was answered in

// --- what is sent ---------------------------------------------------------------------------------------------------

const can = verb => connected && state !== null && state.can.includes(verb);
const keyOf = command => [command.verb, command.verb === 'failure_class' ? '' : command.name ?? ''].join(' ');

async function send(command) {
  const key = keyOf(command);
  if (!can(command.verb) || (pending.has(key) && command.verb !== 'comment')) return false;   // comments wait for each other
  pending.set(key, Infinity);
  render();
  let refusal = null;
  try {
    const answer = await fetch('/command', {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(command),
      signal: AbortSignal.timeout(6000), priority: 'high',
    });
    if (!answer.ok) refusal = `${words(command.verb)}: ${await answer.text() || answer.status}`;
  } catch (error) {
    refusal = `${words(command.verb)}: the desk did not answer; look at the state before you try again`;
  }
  pending.set(key, state === null ? -1 : state.count);
  if (refusal !== null) pending.delete(key);
  else setTimeout(() => { pending.delete(key); render(); }, 1000);
  refuse(refusal);
  render();
  return refusal === null;
}

let refusalTimer = 0;
function refuse(text) {
  clearTimeout(refusalTimer);
  const place = byId('refusal');
  show(place, text !== null);
  if (text === null) return;
  write(place, text);
  refusalTimer = setTimeout(() => show(place, false), REFUSAL_MS);
}
