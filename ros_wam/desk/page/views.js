// The live views, how old they are, and the reference picture that is laid over one.
'use strict';

const MAIN_MS = 100, THUMB_MS = 250;
let main = null, blend = 'blend';

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
