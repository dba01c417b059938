// The operator's desk: shows the state that the desk sends, and sends what is pressed. It decides nothing.
'use strict';

const SILENT_MS = 1500;      // five times a second something comes
const AGAIN_MS = 10000;

let lastMs = 0, triedMs = 0, source = null;

// --- what is shown --------------------------------------------------------------------------------------------------

function headline() {
  const t = state?.trial ?? {}, demo = t.kind === 'demonstrations', what = demo ? 'demonstration' : 'trial';
  if (['scored', 'closing'].includes(t.state) && t.index === t.of && !(connected && state.live))
    return ['calm', 'The sitting is over', `${demo ? 'Demonstration' : 'Trial'} ${t.trial_id} is sealed: ${t.outcome}. The report is in the sitting's folder.`];
  if (!connected) return ['fault', 'Connection to the desk lost', 'What you see is old. Buttons work again when it is back.'];
  if (state.silent_s === null) return ['wait', 'Waiting for the first trial', 'The station is coming up.'];
  if (!state.live) return ['fault', `The trial has said nothing for ${Math.round(state.silent_s)} s`, 'Its process may have ended; look at the terminal.'];
  if (state.mode === 'FAULT') {
    const why = state.cause ?? t.cause;
    const next = state.can.includes('seal') ? `Score the ${what} and seal it; before the next the robot is recovered.` : '';
    return ['fault', why ? `FAULT: ${words(why)}` : 'FAULT', [state.cause_detail ?? t.detail, next].filter(Boolean).join('. ')];
  }
  const detail = t.detail ?? '';
  if (t.state === 'closing') return ['calm', 'All demonstrations are recorded', detail];
  if (state.can.includes('seal')) return ['wait', `Score the ${what}, then seal it`, demo && t.failure_class === 'unmarked' ? 'Nobody said yet whether it succeeded.' : ''];
  switch (t.state) {
    case 'resetting': return state.can.includes('start')
      ? ['wait', 'Lay the scene out', state.reference[main] ? 'Move the objects until the live view and the reference coincide.' : 'There is no reference picture of this scene in this view yet.']
      : ['wait', 'The scene is being laid out', ''];
    case 'homing': return ['move', 'The robot moves home: keep clear', ''];
    case 'ready': return state.can.includes('start')
      ? ['wait', 'Ready: press Start', demo ? 'The recording begins.' : 'The policy begins to move the robot: keep clear.']
      : ['wait', 'Waiting for the station', detail];
    case 'preparing': return ['wait', 'The recording begins', detail];
    case 'running': return state.mode === 'TELEOP'
      ? ['drive', demo ? 'Recording: you drive' : 'You have taken over', detail]
      : ['run', demo ? 'Recording' : 'The policy drives', detail || (state.cause ? words(state.cause) : inference(t))];
    case 'stopping': return ['move', 'Stopping the robot', detail];
    case 'scored': return ['calm', `${demo ? 'Demonstration' : 'Trial'} ${t.trial_id ?? ''} is sealed: ${t.outcome ?? ''}`,
      t.valid === false ? `It does not count: ${words(t.cause)}` : (t.comment ?? '')];
    default: return ['wait', t.state ? words(t.state) : 'Waiting for the first trial', detail];
  }
}

const inference = t => (t.latency_ms ? `inference ${Math.round(t.latency_ms)} ms` : '');

function renderTop(t) {
  const [tone, title, detail] = headline();
  byId('banner').dataset.tone = tone;
  write(byId('headline'), title);
  write(byId('detail'), detail);
  write(byId('prompt'), t.prompt ?? "Operator's desk");
  write(byId('about'), [t.task, t.robot, t.policy].filter(Boolean).join(' · '));
  const what = t.kind === 'demonstrations' ? 'Demonstration' : 'Trial';
  write(byId('episode'), t.index && t.of ? `${what} ${t.index} of ${t.of}` : t.trial_id ? `${what} ${t.trial_id}` : '');
  write(byId('mode'), state?.mode ?? '');
  byId('mode').dataset.mode = state?.mode ?? '';
  show(byId('takeovers'), Boolean(t.takeovers));
  write(byId('takeovers'), `${t.takeovers} ${t.takeovers === 1 ? 'takeover' : 'takeovers'}`);
  write(byId('link'), connected ? 'connected' : 'no connection');
  const left = t.time_limit_s - t.elapsed_s, runs = t.time_limit_s > 0 && (t.state === 'running' || t.state === 'stopping');
  show(byId('clock'), runs);
  if (runs) {
    write(byId('left'), left > -1 ? minutes(left) : `+${minutes(-left)}`);
    write(byId('limit'), `${left > -1 ? 'left of' : 'over'} ${minutes(t.time_limit_s)}`);
  }
  byId('clock').classList.toggle('ending', runs && left < 10);
  byId('elapsed').firstElementChild.style.width = runs ? `${Math.min(100, 100 * t.elapsed_s / t.time_limit_s)}%` : '0';
  document.title = `${title}${t.index ? ` · ${t.index}/${t.of}` : ''}`;
  const steps = Array.isArray(t.reset) ? t.reset : t.reset ? [t.reset] : [];
  const list = byId('reset');
  show(list, connected && t.state === 'resetting' && steps.length > 0);
  if (list.dataset.text !== steps.join('\n')) {
    list.dataset.text = steps.join('\n');
    list.replaceChildren(...steps.map(step => make('li', '', step)));
  }
}

function renderButtons(t) {
  document.body.dataset.kind = t.kind === 'demonstrations' ? 'demonstrations' : 'trials';
  const device = teleoperates(t) || can('take_over') || can('hand_back');
  document.body.classList.toggle('nodevice', !device);
  const takeover = byId('takeover'), back = can('hand_back') || (state?.mode === 'TELEOP' && !can('take_over'));
  takeover.dataset.verb = back ? 'hand_back' : 'take_over';
  write(takeover.firstElementChild, back ? 'Hand back' : 'Take over');
  write(takeover.lastElementChild, back ? 'g' : 't');
  const before = ['resetting', 'homing', 'ready', 'closing'].includes(t.state);   // the one that is meant is the last
  write(byId('discarding'), before ? 'Drop last' : 'Discard');
  write(byId('redoing'), before ? 'Redo last' : 'Redo');
  write(byId('starting'), t.state === 'resetting' ? 'Scene is laid out' : 'Start');
  write(byId('sealing'), t.state === 'closing' ? 'End the sitting' : t.index && t.index === t.of ? 'Seal' : 'Seal and next');
  for (const button of document.querySelectorAll('button[data-verb]')) {
    const busy = pending.has(`${button.dataset.verb} `);
    button.disabled = busy || !can(button.dataset.verb);
    button.classList.toggle('busy', busy);
  }
}

function render() {
  document.body.classList.toggle('lost', !connected);
  if (state === null) return;
  const t = state.trial;
  renderTop(t);
  if (main === null || !state.views.includes(main)) main = state.views[0] ?? null;
  build();
  renderViews();
  renderReference();
  renderButtons(t);
  renderStages(t);
  renderMore(t);
  renderComment(t);
}

// --- connection -----------------------------------------------------------------------------------------------------

function connect() {
  triedMs = performance.now();
  if (source) source.close();
  source = new EventSource('/events');
  source.addEventListener('message', event => {
    state = JSON.parse(event.data);
    lastMs = performance.now();
    connected = true;
    for (const [key, count] of pending) if (state.count > count) pending.delete(key);
    render();
  });
  source.addEventListener('error', lose);
}

function lose() {
  if (connected) { connected = false; render(); }
  document.body.classList.add('lost');
  write(byId('link'), 'no connection');
  if (state === null) write(byId('headline'), 'No connection to the desk');
}

setInterval(() => {
  if (document.hidden) return;
  if (connected && performance.now() - lastMs > SILENT_MS) lose();
  // A browser gives up where a desk refuses it, and never notices that a network went; else it tries again by itself.
  const patience = source === null || source.readyState === EventSource.CLOSED ? SILENT_MS : AGAIN_MS;
  if (!connected && performance.now() - triedMs > patience) connect();
}, 250);
document.addEventListener('visibilitychange', () => {
  if (document.hidden) { source?.close(); lose(); } else connect();
});

// --- buttons and keys -----------------------------------------------------------------------------------------------

for (const button of document.querySelectorAll('button[data-verb]'))
  button.addEventListener('click', () => press(button.dataset.verb));
for (const button of document.querySelectorAll('[data-blend]'))
  button.addEventListener('click', () => { blend = button.dataset.blend; render(); });
byId('opacity').addEventListener('input', render);
comment.addEventListener('input', () => { typed = true; clearTimeout(commentTimer); commentTimer = setTimeout(saveComment, 900); render(); });
comment.addEventListener('blur', saveComment);

// As in a terminal that teleoperates (teleop/key_map.py).
const KEYS = { Escape: ['stop'], y: ['success'], n: ['failure'], x: ['discard'], b: ['rerecord'], t: ['take_over'], g: ['hand_back'], Enter: ['seal', 'start'] };
let prefix = '';             // what the next digit counts; r: a retry more, u: one less, f: a failure class
// What was pressed by hand is not pressed again by enter.
document.addEventListener('click', event => { if (event.detail > 0) event.target.closest('button')?.blur(); });
document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.target === comment) {
    if (event.key === 'Escape' || (event.key === 'Enter' && !event.shiftKey)) { event.preventDefault(); comment.blur(); }
    return;
  }
  if (event.key === 'Enter' && event.target.closest('button')) return;   // that button is pressed
  const digit = /^[0-9]$/.test(event.key) ? Number(event.key) || 10 : 0, was = prefix;
  prefix = '';
  if (digit && was === 'f') {
    const name = state?.failure_classes[digit - 1];
    if (name) classify(name);
    return;
  }
  if (digit) {
    const stage = (state?.trial.stages ?? [])[digit - 1];
    if (stage && was) send({ verb: 'retry', name: stage.name, change: was === 'r' ? 1 : -1 });
    else if (stage) toggle(stage.name);
  } else if (['r', 'u', 'f'].includes(event.key)) prefix = event.key;
  else if (event.key === 'c') { event.preventDefault(); comment.focus(); }
  else if (Object.hasOwn(KEYS, event.key)) {
    const verb = KEYS[event.key].find(can);
    if (verb) { event.preventDefault(); press(verb); }
  }
});

follow(() => main, byId('live'), byId('main').querySelector('.frame'), MAIN_MS);
connect();
