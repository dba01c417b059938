// The operator's desk: shows the state that the desk sends, and sends what is pressed. It decides nothing.
'use strict';

const SILENT_MS = 1500;      // five times a second something comes
const AGAIN_MS = 10000;
const REFUSAL_MS = 8000;
const MAIN_MS = 100, THUMB_MS = 250;
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

let state = null, connected = false, lastMs = 0, triedMs = 0, source = null;
let main = null, blend = 'blend';
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

// Write an age or a difference of times, marked when it is more than allowed; return whether it is much more.
function age(element, name, ms, most) {
  const known = typeof ms === 'number';
  element.classList.toggle('late', connected && !(known && ms <= most));
  write(element, name + (!known ? 'none' : ms >= 9950 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms)} ms`));
  return !(known && ms <= 10 * most);
}

function renderViews() {
  const most = state.max_age_ms;
  byId('main').classList.toggle('old', age(byId('mainage'), 'age ', state.age_ms[main], most));
  write(byId('mainname'), words(main ?? ''));
  show(byId('skew'), state.views.length > 1);
  age(byId('skew'), 'skew ', state.skew_ms, state.max_skew_ms);
  show(byId('trouble'), Boolean(state.trial.views_trouble));
  write(byId('trouble'), state.trial.views_trouble ?? '');
  for (const thumb of thumbs) {
    show(thumb.button, thumb.view !== main);
    thumb.button.classList.toggle('old', age(thumb.age, '', state.age_ms[thumb.view], most));
  }
}

function renderReference() {
  const version = state.reference[main], overlay = byId('overlay');
  const opacity = Number(byId('opacity').value);
  const laying = ['resetting', 'homing', 'ready'].includes(state.trial.state) || state.can.includes('capture_reference');
  show(byId('laying'), laying);
  show(overlay, laying && version !== undefined && (opacity > 0 || blend === 'difference'));
  const wanted = version === undefined ? '' : `/reference/${main}.jpg?v=${version}`;
  if (overlay.dataset.from !== wanted) {
    overlay.dataset.from = wanted;
    if (wanted) overlay.src = wanted; else overlay.removeAttribute('src');
  }
  overlay.className = blend === 'blend' ? '' : blend;
  overlay.style.opacity = blend === 'difference' ? 1 : opacity / 100;
  write(byId('percent'), `${opacity} %`);
  byId('opacity').disabled = version === undefined || blend === 'difference';
  for (const button of document.querySelectorAll('[data-blend]')) {
    button.setAttribute('aria-checked', String(button.dataset.blend === blend));
    button.disabled = version === undefined;
  }
  write(byId('scene'), state.scene === null ? 'Scene' : `Scene ${state.scene}${version === undefined ? ': no reference' : ''}`);
}

const teleoperates = t => Object.keys(t.teleop ?? {}).length > 0;

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

function renderStages(t) {
  const stages = Array.isArray(t.stages) ? t.stages : [], list = byId('stages');
  const names = JSON.stringify(stages.map(stage => stage.name));
  if (list.dataset.names !== names) { list.dataset.names = names; list.replaceChildren(...stages.map(stageRow)); }
  let points = 0, maximum = 0;
  stages.forEach((stage, index) => {
    const row = list.children[index], done = achieved(stage), retries = stage.retries ?? 0;
    points += stage.points; maximum += stage.max_points;
    row.classList.toggle('done', done);
    const [mark, worth, tries] = row.children;
    mark.disabled = !can('stage') || pending.has(`stage ${stage.name}`);
    mark.setAttribute('aria-pressed', String(done));
    write(mark.firstElementChild, done ? '✓' : String(index + 1));
    write(worth.firstElementChild, number(stage.points));
    write(worth.lastElementChild, ` / ${number(stage.max_points)}`);
    const [less, count, more] = tries.children, busy = pending.has(`retry ${stage.name}`);
    less.disabled = !can('retry') || busy || retries < 1;
    more.disabled = !can('retry') || busy;
    write(count, String(retries));
    count.classList.toggle('some', retries > 0);
  });
  write(byId('points'), stages.length ? number(points) : '–');
  write(byId('maximum'), stages.length ? `of ${number(maximum)} points` : '');
  const verdict = byId('verdict');
  let said = t.success ?? (t.outcome ? t.outcome === 'success' : null);
  if (t.failure_class === 'unmarked') said = null;
  write(verdict, t.outcome === 'aborted' ? 'aborted' : said === null ? 'not marked' : said ? 'success' : 'failure');
  verdict.className = `pill ${said === null || t.outcome === 'aborted' ? '' : said ? 'good' : 'bad'}`;
}

const achieved = stage => stage.achieved ?? stage.points > 0;

function stageRow(stage) {
  const row = make('li'), mark = make('button', 'mark'), worth = make('span', 'worth'), tries = make('span', 'tries');
  mark.type = 'button';
  mark.append(make('i'), make('span', '', stage.name));
  mark.addEventListener('click', () => toggle(stage.name));
  worth.append(make('span'), make('small'));
  const less = make('button', '', '−'), more = make('button', '', '+');
  for (const [button, change, title] of [[less, -1, 'one retry less'], [more, 1, 'one retry more']]) {
    button.type = 'button';
    button.setAttribute('aria-label', `${stage.name}: ${title}`);
    button.addEventListener('click', () => send({ verb: 'retry', name: stage.name, change }));
  }
  tries.append(less, make('span'), more);
  row.append(mark, worth, tries);
  return row;
}

function toggle(name) {
  const stage = (state?.trial.stages ?? []).find(each => each.name === name);
  if (stage) send({ verb: 'stage', name, achieved: !achieved(stage) });
}

function classButton(name) {
  const button = make('button', '', words(name));
  button.type = 'button';
  button.dataset.name = name;
  button.addEventListener('click', () => classify(name));
  return button;
}

// What is pressed again is taken back.
const classify = name => send({ verb: 'failure_class', name: state?.trial.failure_class === name ? null : name });

function renderMore(t) {
  show(byId('classes'), t.kind !== 'demonstrations');
  const classes = byId('classes').lastElementChild;
  if (classes.children.length !== state.failure_classes.length) classes.replaceChildren(...state.failure_classes.map(classButton));
  for (const button of classes.children) {
    button.disabled = !can('failure_class') || pending.has('failure_class ');
    button.setAttribute('aria-pressed', String(t.failure_class === button.dataset.name));
  }
  const teleop = t.teleop;
  show(byId('teleop'), teleoperates(t));
  if (teleoperates(t)) {
    write(byId('phase'), words(teleop.phase ?? ''));
    write(byId('teleopdetail'), teleop.detail ?? '');
    const lag = parseFloat(teleop.lag_rad ?? teleop.lag), behind = parseFloat(teleop.lag_s);
    write(byId('lag'), [Number.isFinite(lag) && `lag ${lag.toFixed(2)} rad`, behind > 0 && `${Math.round(1000 * behind)} ms behind`].filter(Boolean).join(', '));
  }
  const recorded = ['running', 'stopping', 'marking'].includes(t.state), quality = recorded || !t.last ? t.quality : t.last.quality;
  const findings = Array.isArray(quality) ? quality : quality?.findings ?? [], demo = t.kind === 'demonstrations';
  show(byId('quality'), demo || findings.length > 0);
  write(byId('whose'), recorded || !t.last ? 'Quality of the recording' : `Quality of demonstration ${t.last.trial_id}: ${words(quality?.verdict ?? '')}`);
  const list = byId('findings'), told = JSON.stringify(findings);
  if (list.dataset.told !== told) {
    list.dataset.told = told;
    list.replaceChildren(...(findings.length ? findings.map(finding) : [make('li', 'fine', 'nothing wrong so far')]));
  }
}

function finding(found) {
  if (typeof found === 'string') return make('li', '', words(found));
  const severe = ['bad', 'error'].includes(String(found.severity ?? ''));
  const name = words(found.check ?? found.name ?? ''), detail = String(found.detail ?? '').replaceAll('/image/compressed', '');
  return make('li', severe ? 'fail' : '', [name, detail].filter(Boolean).join(': '));
}

const comment = byId('comment');
let commentTimer = 0, commentTrial = null, typed = false;
function renderComment(t) {
  if (commentTrial !== t.trial_id) { commentTrial = t.trial_id; typed = false; clearTimeout(commentTimer); }
  if (!typed) { if (comment.value !== (t.comment ?? '')) comment.value = t.comment ?? ''; }
  comment.disabled = !can('comment');
  write(byId('saved'), typed ? 'not sent yet' : comment.value ? 'sent' : '');
}
async function sendComment() {
  clearTimeout(commentTimer);
  if (!typed) return;
  const text = comment.value, trial = commentTrial;
  const done = await send({ verb: 'comment', text });
  if (done && comment.value === text && trial === commentTrial) { typed = false; if (state) state.trial.comment = text; render(); }
  else if (typed && trial === commentTrial) commentTimer = setTimeout(saveComment, 1500);
}
let saving = Promise.resolve();
const saveComment = () => { saving = saving.then(sendComment); return saving; };
comment.addEventListener('input', () => { typed = true; clearTimeout(commentTimer); commentTimer = setTimeout(saveComment, 900); render(); });
comment.addEventListener('blur', saveComment);

// A seal is for good, and of demonstrations the verdict is one: what is typed goes before it.
async function press(verb) {
  const verdict = state?.trial.kind === 'demonstrations' && ['success', 'failure', 'discard'].includes(verb);
  if (verb === 'seal' || verdict) {
    await saveComment();
    if (typed && can('comment')) return;   // it was refused, which is shown
  }
  send({ verb });
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

// --- live views -----------------------------------------------------------------------------------------------------

let thumbs = [];
function build() {
  if (thumbs.map(thumb => thumb.view).join() === state.views.join()) return;
  thumbs = state.views.map(view => {
    const button = make('button'), frame = make('div', 'frame'), image = make('img'), cap = make('div', 'cap'), ageText = make('span', 'age');
    button.type = 'button';
    button.title = `show ${words(view)} large`;
    image.alt = view;
    frame.append(image, make('div', 'nopicture', 'no picture yet'));
    cap.append(make('span', '', words(view)), ageText);
    button.append(frame, cap);
    button.addEventListener('click', () => { main = view; render(); });
    follow(() => (view === main ? null : view), image, frame, THUMB_MS);
    return { view, button, age: ageText };
  });
  byId('thumbs').parentElement.classList.toggle('alone', thumbs.length < 2);
  byId('thumbs').replaceChildren(...thumbs.map(thumb => thumb.button));
}

// Show the newest picture of the view that `which` names; the next is asked for only when this one is shown.
async function follow(which, image, frame, periodMs) {
  let stamp = '', shown = null, url = null;
  for (;;) {
    const began = performance.now(), view = which();
    if (view !== null && connected && !document.hidden) {
      if (view !== shown) stamp = '';
      try {
        const answer = await fetch(`/view/${view}.jpg?after=${stamp}`, { cache: 'no-store', signal: AbortSignal.timeout(3000) });
        if (answer.status === 200) {
          const next = URL.createObjectURL(await answer.blob());
          image.src = next;
          await image.decode().catch(() => {});
          if (url) URL.revokeObjectURL(url);
          url = next; shown = view; stamp = answer.headers.get('x-stamp-ns') ?? '';
          frame.classList.add('has');
          if (image.naturalHeight) frame.style.aspectRatio = `${image.naturalWidth} / ${image.naturalHeight}`;
        } else if (answer.status !== 204 && view !== shown) frame.classList.remove('has');
      } catch (error) { /* the state tells that the connection is lost */ }
    }
    await new Promise(done => setTimeout(done, Math.max(20, periodMs - (performance.now() - began))));
  }
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
