import { open } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { BootscopeError } from "../../protocol/failure";

/** What one download may take. */
export interface DownloadLimits {
  /** Larger files are refused. */
  readonly bytes: number;
  /** At least `leastBytes` have to come in each stretch of so many milliseconds. */
  readonly stallMs: number;
  readonly leastBytes: number;
  readonly redirects: number;
}

export const usualLimits: Omit<DownloadLimits, "bytes"> = { stallMs: 30_000, leastBytes: 1 << 16, redirects: 5 };

/** @param total Infinity where the server does not tell */
export type ByteProgress = (done: number, total: number) => void;

/**
 * Writes what a URL has to a new file. False: the server has nothing there (404). Follows redirects to http and https, but not
 * from https to http.
 *
 * Rejects with BootscopeError "unreadable" (the server failed: message says how) or "unsupported" (too large), and with what
 * aborted `signal`. The file is then as far as it came.
 */
export async function download(
  url: URL,
  target: string,
  limits: DownloadLimits,
  signal: AbortSignal,
  progress: ByteProgress,
): Promise<boolean> {
  const pace = new Pace(limits);
  try {
    const response = await get(url, limits, AbortSignal.any([signal, pace.signal]));
    if (response === null) return false;
    await write(response, target, limits, pace, progress);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BootscopeError) throw error;
    const why = pace.signal.aborted ? `sends too little in ${limits.stallMs / 1000} s` : reasonOf(error);
    throw serverFailed(url, why, error);
  } finally {
    pace.stop();
  }
}

/** The first answer that is no redirect; null for 404. */
async function get(url: URL, limits: DownloadLimits, signal: AbortSignal): Promise<Response | null> {
  let at = url;
  for (let redirects = 0; ; redirects++) {
    const headers = { "Accept-Encoding": "identity", "User-Agent": "bootscope" };
    const response = await fetch(at, { redirect: "manual", headers, signal });
    if (response.ok) return response;
    await response.body?.cancel();
    if (response.status === 404) return null;
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null) {
      throw serverFailed(url, `answers ${response.status} ${response.statusText}`.trimEnd());
    }
    if (redirects === limits.redirects) throw serverFailed(url, `redirects more than ${limits.redirects} times`);
    const next = URL.canParse(location, at.href) ? new URL(location, at.href) : null;
    const isAllowed = next !== null && (next.protocol === "https:" || next.protocol === at.protocol);
    if (!isAllowed || !/^https?:$/.test(next.protocol))
      throw serverFailed(url, "redirects to a place that is not safe");
    at = next;
  }
}

async function write(
  response: Response,
  target: string,
  limits: DownloadLimits,
  pace: Pace,
  progress: ByteProgress,
): Promise<void> {
  const total = sizeOf(response);
  if (total > limits.bytes && total !== Infinity) throw tooLarge(response.url, limits);
  const file = await open(target, "wx");
  let done = 0;
  try {
    progress(0, total);
    for await (const chunk of response.body ?? []) {
      const bytes = chunk as Uint8Array;
      done += bytes.length;
      pace.came(bytes.length);
      if (done > limits.bytes) throw tooLarge(response.url, limits);
      await file.writeFile(bytes);
      progress(done, Math.max(done, total));
    }
    if (total !== Infinity && done < total) throw serverFailed(new URL(response.url), "ends before the file does");
  } finally {
    progress(done, done);
    await file.close();
  }
}

/** What the server says of the size. debuginfod has a header of its own for answers that it sends in chunks. */
function sizeOf({ headers }: Response): number {
  if (headers.has("content-encoding")) return Infinity;
  const size = Number(headers.get("content-length") ?? headers.get("x-debuginfod-size") ?? Number.NaN);
  return Number.isSafeInteger(size) && size >= 0 ? size : Infinity;
}

/** Aborts when too few bytes come. */
class Pace {
  readonly #tooSlow = new AbortController();
  readonly #stopped = new AbortController();
  #bytes = 0;

  constructor({ stallMs, leastBytes }: DownloadLimits) {
    const watch = async (): Promise<void> => {
      for (let before = 0; ; before = this.#bytes) {
        await setTimeout(stallMs, undefined, { signal: this.#stopped.signal, ref: false });
        if (this.#bytes - before < leastBytes) this.#tooSlow.abort();
      }
    };
    watch().catch(() => undefined); // stopped
  }

  get signal(): AbortSignal {
    return this.#tooSlow.signal;
  }

  came(bytes: number): void {
    this.#bytes += bytes;
  }

  stop(): void {
    this.#stopped.abort();
  }
}

/** fetch says "fetch failed" or "terminated", and why in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  const code = "code" in cause ? String(cause.code) : cause.message;
  return code === "UND_ERR_SOCKET" ? "ends before the file does" : `cannot be used (${code})`;
}

const serverFailed = ({ origin }: URL, how: string, cause?: unknown): BootscopeError =>
  new BootscopeError("unreadable", `The debuginfod server ${origin} ${how}.`, serverAdvice, { cause });

const serverAdvice = "Try again later, or give the file yourself.";

function tooLarge(url: string, { bytes }: DownloadLimits): BootscopeError {
  const most = `${Math.round(bytes / 2 ** 20)} MiB`;
  const message = `${new URL(url).origin} sends a file of more than ${most}, which is all that the cache may hold.`;
  return new BootscopeError("unsupported", message, "Raise bootscope.cache.maximumMegabytes.");
}
