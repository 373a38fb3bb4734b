import { BootscopeError } from "./failure";

/** Where debug information that was split off is looked for, besides where a distribution installs it. */
export interface DebugSources {
  /** Folders with the layout of /usr/lib/debug, looked in before it. */
  readonly folders: readonly string[];
  /** debuginfod servers, by the URL that /buildid is below; asked in this order for what is not on this machine. */
  readonly servers: readonly string[];
}

export const noDebugSources: DebugSources = { folders: [], servers: [] };

/** Stands for the servers that the environment variable of this name lists. */
export const serversOfEnvironment = "DEBUGINFOD_URLS";

/**
 * The debuginfod servers that a setting or an option names, each once.
 * @param entries URLs, and `DEBUGINFOD_URLS` for those of the environment, which are never used unasked
 * @param environment the value of that variable: URLs with spaces between (debuginfod-client-config(7))
 * @throws BootscopeError "unsupported": not the URL of a server
 */
export function debuginfodServers(entries: readonly string[], environment: string | undefined): string[] {
  return usableServers(entries, environment, (refused) => {
    throw refused;
  });
}

/** As `debuginfodServers`, but what is not the URL of a server is only told to `refuse`. */
export function usableServers(
  entries: readonly string[],
  environment: string | undefined,
  refuse: (refused: BootscopeError) => void,
): string[] {
  const named = entries.flatMap((entry) =>
    entry === serversOfEnvironment ? (environment ?? "").split(/\s+/) : [entry.trim()],
  );
  const servers = new Set<string>();
  for (const text of named.filter((entry) => entry !== "")) {
    const url = serverUrl(text);
    if (url === null) refuse(notAServer(text));
    else servers.add(url);
  }
  return [...servers];
}

function serverUrl(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isServer = url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
  return isServer ? url.href.replace(/\/+$/, "") : null;
}

function notAServer(text: string): BootscopeError {
  const advice = "Give a URL such as https://debuginfod.debian.net, without a user name.";
  return new BootscopeError("unsupported", `${text} is not the URL of a debuginfod server.`, advice);
}
