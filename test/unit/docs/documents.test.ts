/** The documents agree with the manifest and with the tree: what they name is there, what is there is named. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../../..");
const read = (name: string): string => readFileSync(path.join(root, name), "utf8");

interface Manifest {
  readonly scripts: Record<string, string>;
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly category: string; readonly title: string }[];
    readonly configuration: { readonly properties: Record<string, unknown> };
    readonly walkthroughs: readonly {
      readonly steps: readonly { readonly description: string; readonly media: { readonly svg: string } }[];
    }[];
  };
}
const { contributes, scripts } = JSON.parse(read("package.json")) as Manifest;
const documents = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "test/README.md"].concat(
  readdirSync(path.join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
);

/** As GitHub makes it of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
const matches = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1]);

describe("README", () => {
  it("names exactly the settings that there are", () => {
    const named = matches(read("README.md"), /^\| `(bootscope\.[\w.]+)` \|/gm);
    expect(named.sort()).toEqual(Object.keys(contributes.configuration.properties).sort());
  });

  it("names only commands that there are", () => {
    const titles = contributes.commands.map(({ category, title }) => `${category}: ${title}`);
    for (const named of matches(read("README.md"), /\*\*(Bootscope: [^*]+)\*\*/g)) expect(titles).toContain(named);
  });
});

describe("documents", () => {
  it.each(documents)("%s links to files that there are", (document) => {
    for (const link of matches(read(document), /\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
      expect(existsSync(path.join(root, path.dirname(document), link)), link).toBe(true);
    }
  });

  it.each(documents)("%s links to headings that there are", (document) => {
    for (const [, file, anchor] of read(document).matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)) {
      const target = file === "" ? document : path.join(path.dirname(document), file);
      const headings = matches(read(target), /^#+ (.+)$/gm);
      expect(headings.map(anchorOf), `${target}#${anchor}`).toContain(anchor);
    }
  });

  it.each(documents)("%s names npm scripts that there are", (document) => {
    for (const name of matches(read(document), /npm run ([\w:-]+)/g)) expect(Object.keys(scripts)).toContain(name);
  });

  it.each(documents)("%s names source files that there are", (document) => {
    const paths = matches(read(document), /`((?:src|webview|recorder|scripts|test(?!\/results)|media)\/[\w./-]*)`/g);
    for (const name of paths) expect(existsSync(path.join(root, name)), name).toBe(true);
  });
});

describe("walkthrough", () => {
  it("shows pictures and offers commands that there are", () => {
    const commands = new Set(contributes.commands.map(({ command }) => command));
    for (const { description, media } of contributes.walkthroughs.flatMap(({ steps }) => steps)) {
      expect(existsSync(path.join(root, media.svg))).toBe(true);
      const offered = matches(description, /\(command:(bootscope\.\w+)/g);
      expect(offered.length).toBeGreaterThan(0);
      for (const command of offered) expect(commands).toContain(command);
    }
  });
});
