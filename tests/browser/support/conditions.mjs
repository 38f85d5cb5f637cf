// Waiting for things to become true: a condition and a deadline, never a fixed pause.

const PAUSE_BETWEEN_LOOKS = 25;

/** Asks `condition` again and again until it answers something truthy, and gives that back. Throws after `milliseconds`. */
export async function until(what, condition, milliseconds = 15_000) {
  const deadline = Date.now() + milliseconds;
  let last;
  for (;;) {
    try {
      const answer = await condition();
      if (answer) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`after ${milliseconds} ms still not: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, PAUSE_BETWEEN_LOOKS));
  }
}
