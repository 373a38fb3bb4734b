/** Marks lines that QEMU's build or QEMU itself would refuse, and says how to mend them. */
import * as vscode from "vscode";
import { problemsOfListLine } from "../../qemu/traceEventList";
import { needsFinalNewline, oldest, type Problem, problemsOfLine } from "../../qemu/traceEventRules";
import { affects } from "../settings";
import { eventListLanguage, isGenerated, linesOf, traceEventsLanguage } from "./languages";
import { knownEvents } from "./qemuEvents";
import { releaseOf } from "./release";

/** Typing changes a line many times; a file of 5,000 events takes a few milliseconds to check. */
const settleMs = 300;
/** A wrong file would fill the Problems view; its first lines say it as well. */
const maximumProblems = 500;

const severities = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
} as const;

function diagnostic(row: number, { start, end, rule, severity, message, fix }: Problem): vscode.Diagnostic {
  const found = new vscode.Diagnostic(
    new vscode.Range(row, start, row, end),
    `${message} ${fix}`,
    severities[severity],
  );
  found.source = "bootscope";
  found.code = rule;
  return found;
}

/** Problems of all lines, and of the end of the file. */
function check(
  document: vscode.TextDocument,
  problemsOf: (text: string) => readonly Problem[],
  finalNewline: Pick<Problem, "severity" | "message"> | undefined,
): vscode.Diagnostic[] {
  const found: vscode.Diagnostic[] = [];
  let row = 0;
  for (const text of linesOf(document)) {
    for (const problem of problemsOf(text)) found.push(diagnostic(row, problem));
    if (found.length >= maximumProblems) return found;
    row++;
  }
  const last = document.lineAt(document.lineCount - 1);
  if (finalNewline !== undefined && last.text !== "") {
    const fix = "Add an empty line at the end.";
    const at = { start: Math.max(0, last.text.length - 1), end: last.text.length };
    found.push(diagnostic(last.lineNumber, { ...at, ...finalNewline, rule: "final-newline", fix }));
  }
  return found;
}

async function checkEvents(document: vscode.TextDocument): Promise<vscode.Diagnostic[]> {
  // What a build has put together it has accepted: the rules of later releases are no help there.
  const release = (await releaseOf(document)) ?? (isGenerated(document) ? oldest : null);
  const severity = needsFinalNewline(release);
  const message = "The file does not end with a line end, which QEMU's build demands.";
  return check(document, (text) => problemsOfLine(text, release), severity && { severity, message });
}

async function checkList(document: vscode.TextDocument, log: vscode.LogOutputChannel): Promise<vscode.Diagnostic[]> {
  const known = await knownEvents(log);
  const message = "QEMU chops the last letter of a name that no line end follows.";
  const found = check(document, (text) => problemsOfListLine(text, known), { severity: "error", message });
  if (document.eol === vscode.EndOfLine.CRLF) {
    const message = "QEMU takes the carriage return of each line for a part of the name.";
    const fix = "Change the line ends to LF.";
    found.unshift(diagnostic(0, { start: 0, end: 1, rule: "line-ends", severity: "error", message, fix }));
  }
  return found;
}

export class EventDiagnostics implements vscode.Disposable {
  private readonly collection = vscode.languages.createDiagnosticCollection("bootscope.events");
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly subscriptions: readonly { dispose(): unknown }[];

  constructor(private readonly log: vscode.LogOutputChannel) {
    this.subscriptions = [
      this.collection,
      vscode.workspace.onDidOpenTextDocument((document) => this.schedule(document, 0)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.schedule(document, settleMs)),
      vscode.workspace.onDidCloseTextDocument((document) => this.forget(document)),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.checkAll()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (affects(event, "qemu.path")) this.checkAll();
      }),
    ];
    this.checkAll();
  }

  dispose(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private checkAll(): void {
    for (const document of vscode.workspace.textDocuments) this.schedule(document, 0);
  }

  private forget(document: vscode.TextDocument): void {
    clearTimeout(this.timers.get(document.uri.toString()));
    this.timers.delete(document.uri.toString());
    this.collection.delete(document.uri);
  }

  private schedule(document: vscode.TextDocument, delay: number): void {
    if (document.languageId !== traceEventsLanguage && document.languageId !== eventListLanguage) return;
    const key = document.uri.toString();
    clearTimeout(this.timers.get(key));
    const timer = setTimeout(() => {
      this.timers.delete(key);
      this.check(document).catch((thrown: unknown) => this.log.error(`Checking ${key}: ${String(thrown)}`));
    }, delay);
    this.timers.set(key, timer);
  }

  private async check(document: vscode.TextDocument): Promise<void> {
    const { version } = document;
    const found =
      document.languageId === traceEventsLanguage ? await checkEvents(document) : await checkList(document, this.log);
    if (!document.isClosed && document.version === version) this.collection.set(document.uri, found);
  }
}
