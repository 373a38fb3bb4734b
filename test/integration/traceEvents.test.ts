import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";

/** Waits until the value is there, and says what for when it does not come. */
async function until<T>(what: string, get: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  for (const deadline = Date.now() + 30_000; ; await sleep(50)) {
    const value = await get();
    if (value !== undefined && value !== false) return value;
    assert.ok(Date.now() < deadline, `waited for ${what}`);
  }
}

const real = "/usr/share/qemu/trace-events-all";

describe("trace-events", function () {
  this.timeout(60_000);
  const { fsPath: workspace } = vscode.workspace.workspaceFolders![0].uri;
  const list = path.join(workspace, ".bootscope", "trace-boot.qemu-events");
  let folder: string;

  const open = async (name: string, text: string): Promise<vscode.TextEditor> => {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(file));
  };
  const rulesOf = ({ document }: vscode.TextEditor): unknown[] =>
    vscode.languages.getDiagnostics(document.uri).map(({ code }) => code);

  before(async () => {
    await vscode.extensions.getExtension("bootscope.bootscope")!.activate();
  });
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "bootscope events "));
    rmSync(list, { force: true });
  });
  afterEach(async () => {
    await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    rmSync(folder, { recursive: true, force: true });
    rmSync(list, { force: true });
  });

  it("adds and takes the word “disable”, and not a byte else", async () => {
    const before = '# accel.c\r\nfoo(void) "x"  \r\ndisable bar(int a) "a %d"\t\r\n\r\nbaz(void)';
    const editor = await open("a/trace-events", before);
    assert.equal(editor.document.languageId, "qemu-trace-events");
    editor.selections = [new vscode.Selection(0, 0, 1, 2), new vscode.Selection(4, 0, 4, 0)];
    await vscode.commands.executeCommand("bootscope.disableEvent");
    await vscode.commands.executeCommand("bootscope.enableEvent", editor.document.uri, 2);
    const after = '# accel.c\r\ndisable foo(void) "x"  \r\nbar(int a) "a %d"\t\r\n\r\ndisable baz(void)';
    assert.equal(editor.document.getText(), after);
    await editor.document.save();
    assert.equal(readFileSync(editor.document.uri.fsPath, "utf8"), after);
    await vscode.commands.executeCommand("undo");
    await vscode.commands.executeCommand("undo");
    assert.equal(editor.document.getText(), before);
    await editor.document.save();
    assert.equal(readFileSync(editor.document.uri.fsPath, "utf8"), before);
  });

  it("marks lines that the build would refuse, by the rules of the tree's release", async () => {
    writeFileSync(path.join(folder, "VERSION"), "7.2.22\n");
    const editor = await open("hw/trace-events", 'foo()\nbar (void)\nvcpu ok(void)\ntcg old(void)\nlast(void) "x"');
    const expected = ["empty-arguments", "malformed", "removed-property", "final-newline"];
    await until("diagnostics", () => rulesOf(editor).length === expected.length);
    assert.deepEqual(rulesOf(editor), expected);
    await editor.edit((edit) => {
      edit.replace(new vscode.Range(0, 0, 3, 0), "foo(void)\nbar(void)\n");
      edit.insert(new vscode.Position(5, 0), "\n");
    });
    await until("fewer diagnostics", () => rulesOf(editor).length === 1);
  });

  it("outlines QEMU's whole list of events and offers lenses for each", async function () {
    if (!existsSync(real)) this.skip();
    const editor = await open("trace-events-all", readFileSync(real, "utf8"));
    const { uri } = editor.document;
    const started = performance.now();
    const outline = await vscode.commands.executeCommand<vscode.DocumentSymbol[]>(
      "vscode.executeDocumentSymbolProvider",
      uri,
    );
    const events = outline.flatMap(({ children }) => children);
    assert.ok(events.length > 1000);
    const section = outline.find(({ name }) => name === "accel/tcg/cputlb.c" || name === "cputlb.c");
    assert.ok(section !== undefined && section.children.length > 0);
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>("vscode.executeCodeLensProvider", uri, 4);
    assert.deepEqual(
      lenses.slice(0, 2).map(({ command }) => command?.title),
      ["Disable", "Enable for Trace Boot"],
    );
    console.log(`      ${events.length} events: outline and lenses in ${(performance.now() - started).toFixed(0)} ms`);
    await sleep(1000);
    assert.deepEqual(rulesOf(editor), []);
  });

  /** Saving truncates the file and writes it: a reader beside VS Code may look in between. */
  const listIs = (text: string): Promise<unknown> =>
    until(`a list of ${JSON.stringify(text)}`, () => readFileSync(list, "utf8") === text);

  it("puts events on the list of Trace Boot and takes them off", async () => {
    const editor = await open("trace-events", "foo(void)\nexec_tb(void *tb, uintptr_t pc)\n");
    const command = "bootscope.enableEventsForTraceBoot";
    await vscode.commands.executeCommand(command, { add: ["exec_tb", "foo"], remove: [] });
    await listIs("exec_tb\nfoo\n");
    const titles = async (): Promise<string[]> => {
      const { uri } = editor.document;
      const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>("vscode.executeCodeLensProvider", uri, 9);
      return lenses.map(({ command }) => command?.title ?? "").filter((title) => title.includes("Trace Boot"));
    };
    assert.deepEqual(await titles(), ["Remove from Trace Boot", "Remove from Trace Boot"]);
    await vscode.commands.executeCommand(command, { add: [], remove: ["exec_tb"] });
    await listIs("foo\n");
    // Somebody else's list may have every fault that QEMU stumbles over.
    writeFileSync(list, "# mine\r\nfoo \r\nvirtio_*");
    await until("the list as it is on disk", async () => {
      const { document } = await vscode.window.showTextDocument(vscode.Uri.file(list));
      return document.getText().includes("mine");
    });
    await vscode.commands.executeCommand(command, { add: ["bar"], remove: [] });
    await listIs("# mine\nfoo\nvirtio_*\nbar\n");
  });

  it("checks the names of a list against the QEMU found", async () => {
    const editor = await open("mine.qemu-events", "exec_tb\nnonsense\nqxl_io_write_vga\nvirtio_*\nnonsense_*\nfoo");
    assert.equal(editor.document.languageId, "qemu-event-list");
    await until("diagnostics", () => rulesOf(editor).length >= 5);
    assert.deepEqual(rulesOf(editor), ["unknown-event", "compiled-out", "no-match", "unknown-event", "final-newline"]);
    editor.selection = new vscode.Selection(0, 0, 0, 0);
    await vscode.commands.executeCommand("bootscope.disableEvent");
    assert.equal(editor.document.lineAt(0).text, "-exec_tb");
    await vscode.commands.executeCommand("bootscope.enableEvent");
    assert.equal(editor.document.lineAt(0).text, "exec_tb");
  });
});

describe("Rebuild QEMU and Trace Boot", function () {
  this.timeout(60_000);
  const { fsPath: workspace } = vscode.workspace.workspaceFolders![0].uri;
  const tasksFile = path.join(workspace, ".vscode", "tasks.json");
  const started: string[] = [];
  const ended: (number | undefined)[] = [];
  const subscriptions: vscode.Disposable[] = [];
  let folder: string;

  const configure = async (values: Record<string, string | undefined>): Promise<void> => {
    const settings = vscode.workspace.getConfiguration("bootscope");
    for (const [name, value] of Object.entries(values)) {
      await settings.update(name, value, vscode.ConfigurationTarget.Workspace);
    }
  };

  before(async () => {
    await vscode.extensions.getExtension("bootscope.bootscope")!.activate();
    folder = mkdtempSync(path.join(os.tmpdir(), "bootscope rebuild "));
    // A QEMU whose event is compiled out until the build task has run.
    const qemu = path.join(folder, "qemu-system-x86_64");
    const built = path.join(folder, "built");
    const refuses = `echo "qemu: warning: trace event 'my_event' is not traceable" >&2`;
    writeFileSync(qemu, `#!/bin/sh\necho my_event\ncase "$*" in *events=*) [ -e "${built}" ] || ${refuses};; esac\n`);
    chmodSync(qemu, 0o755);
    const task = (label: string, script: string) => ({
      label,
      type: "process",
      command: "/bin/sh",
      args: ["-c", script],
    });
    mkdirSync(path.dirname(tasksFile), { recursive: true });
    const tasks = [task("build qemu", `touch "${built}"; echo "#" >> "${qemu}"`), task("broken build", "exit 3")];
    writeFileSync(tasksFile, JSON.stringify({ version: "2.0.0", tasks }));
    await configure({ "qemu.path": qemu });
    const file = path.join(folder, "trace-events");
    writeFileSync(file, "my_event(void)\n");
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(file));
    await until("the tasks", async () => {
      const found = await vscode.tasks.fetchTasks();
      return found.some(({ name }) => name === "broken build");
    });
    subscriptions.push(
      vscode.tasks.onDidStartTask(({ execution }) => started.push(execution.task.definition.type)),
      vscode.tasks.onDidEndTaskProcess(({ exitCode }) => ended.push(exitCode)),
    );
  });
  after(async () => {
    for (const subscription of subscriptions) subscription.dispose();
    for (const execution of vscode.tasks.taskExecutions) execution.terminate();
    await configure({ "qemu.path": undefined, "traceEvents.buildTask": undefined });
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    rmSync(folder, { recursive: true, force: true });
    rmSync(tasksFile, { force: true });
  });

  it("does not boot after a build that failed", async () => {
    await configure({ "traceEvents.buildTask": "broken build" });
    await vscode.commands.executeCommand("bootscope.rebuildAndTraceBoot");
    assert.deepEqual(ended, [3]);
    assert.deepEqual(started, ["process"]);
  });

  it("boots after a build that brought the event", async () => {
    await configure({ "traceEvents.buildTask": "build qemu" });
    const done = vscode.commands.executeCommand("bootscope.rebuildAndTraceBoot");
    await until("Trace Boot", () => started.includes("bootscope"));
    assert.deepEqual(ended.slice(0, 2), [3, 0]);
    // This QEMU cannot boot anything: Trace Boot ends with its message.
    void done;
  });
});
