// What a script is doing, told to the person (or the log) in front of it.
const interactive = process.stdout.isTTY === true;
const seconds = (start) => `${((Date.now() - start) / 1000).toFixed(1)} s`;

/**
 * Does one piece of work under a title. On a terminal one line shows the progress; elsewhere a line every 15 seconds does.
 *
 * @template T
 * @param {string} title A verb first: "Download the kernel".
 * @param {(update: (detail: string) => void) => Promise<T>} work `update` says what is going on inside.
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const start = Date.now();
  let detail = "";
  if (!interactive) console.log(`→ ${title}`);
  const show = () => {
    const room = Math.max(20, (process.stdout.columns ?? 120) - 4);
    const text = `${title} (${seconds(start)})${detail === "" ? "" : `  ${detail}`}`;
    if (interactive) process.stdout.write(`\r\x1b[2K→ ${text.slice(0, room)}`);
    else console.log(`  … ${text.slice(0, 160)}`);
  };
  const timer = setInterval(show, interactive ? 200 : 15_000);
  timer.unref();
  const end = (mark) => {
    clearInterval(timer);
    console.log(`${interactive ? "\r\x1b[2K" : ""}${mark} ${title} (${seconds(start)})`);
  };
  try {
    const result = await work((text) => (detail = text.trim()));
    end("✓");
    return result;
  } catch (error) {
    end("✗");
    throw error;
  }
}

/** Says that a step had nothing to do. */
export const skipped = (title, why) => console.log(`✓ ${title}: ${why}`);

/** Ends the script with the message of an expected failure; a stack only when it is asked for. */
export function fail(error) {
  console.error(`\n${process.env.DEBUG ? error.stack : error.message}`);
  process.exitCode = 1;
}
