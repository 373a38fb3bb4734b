/** One VS Code window with the packaged extension, for one test file. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";
import { launchOptions } from "../../../scripts/environment/chromium.mjs";
import { viewport } from "../../../scripts/environment/traceWindow.mjs";
import { startVscodeServer } from "../../../scripts/environment/vscodeSession.mjs";
import { Workbench } from "./workbench";

const root = path.resolve(import.meta.dirname, "../../..");
export const resultsFolder = path.join(root, "test/results");

export interface Window {
  readonly workbench: Workbench;
  /** Everything the page has written to the console. */
  readonly console: readonly string[];
  /** Where to put a picture that people should look at. */
  picture(name: string): string;
  close(): Promise<void>;
}

/** The package that `npm run package` makes. Tests run on what users install, so it must be there. */
function packagedExtension(): string {
  const { name, version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as Record<string, string>;
  const vsix = path.join(root, `${name}-${version}.vsix`);
  if (!existsSync(vsix)) throw new Error(`${vsix} is missing: run "npm run package" first.`);
  return vsix;
}

/** Opens a window on a folder. An untrusted one is in Restricted Mode. */
export async function openWindow(options: {
  readonly folder: string;
  readonly trusted?: boolean;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: NodeJS.ProcessEnv;
}): Promise<Window> {
  const { folder, trusted = true, settings = {}, env = {} } = options;
  mkdirSync(resultsFolder, { recursive: true });
  const server = await startVscodeServer({ vsix: packagedExtension(), settings, trusted, env });
  const browser = await chromium.launch(await launchOptions()).catch((error: unknown) => {
    server.dispose();
    throw error;
  });
  const close = async () => {
    await browser.close();
    server.dispose();
  };
  try {
    const page = await browser.newPage({ viewport });
    const messages: string[] = [];
    page.on("console", (message) => messages.push(message.text()));
    await page.goto(server.url(folder));
    const workbench = new Workbench(page);
    await workbench.ready();
    await workbench.commandAvailable("Bootscope: Show Log");
    return {
      workbench,
      console: messages,
      picture: (name) => path.join(resultsFolder, `${name}.png`),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
