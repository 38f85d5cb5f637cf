// The add-on of this page does not answer. Asks it now and then, while somebody looks and for half an hour at most, and
// shows it as soon as it does.

const STILL_AWAY = [429, 502, 503, 504];
const LONGEST_PAUSE = 15_000;
const HALF_AN_HOUR = 30 * 60_000;

// A page that was just shown again in vain waits longer than one that a person came to.
const [navigation] = performance.getEntriesByType('navigation');
let pause = navigation?.type === 'reload' ? 5_000 : 2_000;
const until = Date.now() + HALF_AN_HOUR;

async function isAway() {
  try {
    const answer = await fetch(location.href, { method: 'HEAD', cache: 'no-store', redirect: 'manual' });
    return STILL_AWAY.includes(answer.status);
  } catch {
    return true;
  }
}

async function look() {
  if (document.visibilityState === 'visible' && !(await isAway())) {
    location.reload();
  } else if (Date.now() < until) {
    pause = Math.min(pause * 1.5, LONGEST_PAUSE);
    setTimeout(look, pause);
  }
}

setTimeout(look, pause);
