/** The event list that Trace Boot gives to QEMU: where it is, what it asks for, and how it changes. */
import path from "node:path";
import * as vscode from "vscode";
import { BootscopeError } from "../../protocol/failure";
import { changeList, enabledNames } from "../../qemu/traceEventList";
import { diskFolders } from "../diskFolders";
import { eventListPath } from "../eventListPath";
import { affects, setting, settingPath } from "../settings";

/** Undefined when the list has no place. */
function listUri(): vscode.Uri | undefined {
  const given = setting("traceEvents.file").trim();
  const file = eventListPath(given === "" ? undefined : settingPath(given), diskFolders());
  return file === undefined ? undefined : vscode.Uri.file(file);
}

/** The smallest replacement that turns the document's text into another. */
function replacement(document: vscode.TextDocument, text: string): vscode.TextEdit {
  const old = document.getText();
  let start = 0;
  while (start < old.length && start < text.length && old[start] === text[start]) start++;
  let behind = 0;
  const most = Math.min(old.length, text.length) - start;
  while (behind < most && old[old.length - 1 - behind] === text[text.length - 1 - behind]) behind++;
  const range = new vscode.Range(document.positionAt(start), document.positionAt(old.length - behind));
  return vscode.TextEdit.replace(range, text.slice(start, text.length - behind));
}

export class EventListFile implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  /** The list asks for other events. */
  readonly onDidChange = this.changed.event;
  private names: ReadonlySet<string> = new Set();
  private watch: readonly { dispose(): unknown }[] = [];
  private readonly subscriptions: readonly { dispose(): unknown }[];

  constructor(private readonly log: vscode.LogOutputChannel) {
    this.subscriptions = [
      this.changed,
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (affects(event, "traceEvents.file")) this.follow();
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.follow()),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document.uri.toString() === listUri()?.toString()) this.take(document.getText());
      }),
    ];
    this.follow();
  }

  dispose(): void {
    for (const subscription of [...this.watch, ...this.subscriptions]) subscription.dispose();
  }

  /** Names that are on in the list, patterns included. */
  get enabled(): ReadonlySet<string> {
    return this.names;
  }

  /**
   * Switches events on and off in the list and saves it; makes the file when there is none. Undo in the list's editor works.
   * Rejects with BootscopeError when the list has no place or cannot be written.
   */
  async change(add: readonly string[], remove: readonly string[]): Promise<vscode.Uri> {
    const uri = listUri();
    if (uri === undefined) {
      throw new BootscopeError(
        "unwritable",
        "There is no folder for the event list.",
        "Open a folder, or set bootscope.traceEvents.file.",
      );
    }
    const edit = new vscode.WorkspaceEdit();
    // An editor may still hold a list whose file is gone.
    if (!(await exists(uri))) {
      edit.createFile(uri, { ignoreIfExists: true });
      await vscode.workspace.applyEdit(edit);
    }
    const document = await vscode.workspace.openTextDocument(uri);
    const text = changeList(document.getText(), add, remove);
    const edits = [vscode.TextEdit.setEndOfLine(vscode.EndOfLine.LF), replacement(document, text)];
    const change = new vscode.WorkspaceEdit();
    change.set(uri, edits);
    if (!(await vscode.workspace.applyEdit(change)) || !(await document.save())) {
      throw new BootscopeError("unwritable", `${uri.fsPath} could not be written.`, "Check its permissions.");
    }
    this.take(text);
    return uri;
  }

  private follow(): void {
    for (const subscription of this.watch) subscription.dispose();
    const uri = listUri();
    if (uri === undefined) {
      this.watch = [];
      this.take("");
      return;
    }
    const pattern = new vscode.RelativePattern(vscode.Uri.joinPath(uri, ".."), path.basename(uri.path));
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    const read = (): void => {
      this.read(uri).catch((thrown: unknown) => this.log.warn(`Reading ${uri.fsPath}: ${String(thrown)}`));
    };
    this.watch = [watcher, watcher.onDidCreate(read), watcher.onDidChange(read), watcher.onDidDelete(read)];
    read();
  }

  private async read(uri: vscode.Uri): Promise<void> {
    this.take((await exists(uri)) ? new TextDecoder().decode(await vscode.workspace.fs.readFile(uri)) : "");
  }

  private take(text: string): void {
    const names = new Set(enabledNames(text));
    if (names.size === this.names.size && [...names].every((name) => this.names.has(name))) return;
    this.names = names;
    this.changed.fire();
  }
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
