// The score sheet: stages and retries, failure class, findings, comment; and what a verb waits for.
'use strict';

const teleoperates = t => Object.keys(t.teleop ?? {}).length > 0;

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

// A seal is for good, and of demonstrations the verdict is one: what is typed goes before it.
async function press(verb) {
  const verdict = state?.trial.kind === 'demonstrations' && ['success', 'failure', 'discard'].includes(verb);
  if (verb === 'seal' || verdict) {
    await saveComment();
    if (typed && can('comment')) return;   // it was refused, which is shown
  }
  send({ verb });
}
