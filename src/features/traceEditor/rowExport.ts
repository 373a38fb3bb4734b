/** Copies rows to the clipboard and saves them to files. The rows come from the engine, not from the page. */
import * as vscode from "vscode";
import type { ExportFormat, PageEventNamesQuery, PageEventsQuery, PageFunctionsQuery } from "../../protocol/page";
import type { Engine, OpenTrace } from "../services";
import { eventLines, eventsHeading } from "./exportEvents";
import { exportedRows, toCsv, toJson, toTsv, type ExportedRow } from "./exportRows";

/** Rows asked of the engine at once. */
const pageRows = 5000;
/** More rows than this are not put on the clipboard: saving is for that. */
const clipboardRows = 100_000;

async function rowsOf(
  engine: Engine,
  trace: OpenTrace,
  query: PageFunctionsQuery,
  signal: AbortSignal,
): Promise<ExportedRow[]> {
  const rows: ExportedRow[] = [];
  while (rows.length < query.limit) {
    const offset = query.offset + rows.length;
    const limit = Math.min(pageRows, query.limit - rows.length);
    const page = await engine.request("functions", { ...query, trace: trace.handle, offset, limit }, signal);
    rows.push(...exportedRows(page));
    if (page.name.length === 0 || offset + page.name.length >= page.matched) break;
  }
  return rows;
}

/** Answers how many rows were copied. */
export async function copyRows(
  engine: Engine,
  trace: OpenTrace,
  query: PageFunctionsQuery,
  signal: AbortSignal,
): Promise<number> {
  const limit = Math.min(query.limit, clipboardRows);
  const rows = await rowsOf(engine, trace, { ...query, limit }, signal);
  await vscode.env.clipboard.writeText(toTsv(rows));
  return rows.length;
}

/** Answers how many events were copied. */
export async function copyEvents(
  engine: Engine,
  trace: OpenTrace,
  query: PageEventsQuery,
  signal: AbortSignal,
): Promise<number> {
  const limit = Math.min(query.limit, clipboardRows);
  const lines: string[] = [];
  let heading = "";
  for (let more = true; more && lines.length < limit;) {
    const offset = query.offset + lines.length;
    const part = { offset, limit: Math.min(pageRows, limit - lines.length) };
    const page = await engine.request("events", { ...query, ...part, trace: trace.handle }, signal);
    heading = eventsHeading(page, trace.summary.clock);
    lines.push(...eventLines(page));
    more = page.name.length > 0 && offset + page.name.length < page.matched;
  }
  await vscode.env.clipboard.writeText(heading + lines.join(""));
  return lines.length;
}

/** Asks where, and writes every row that matches. Answers the path, or null when the person cancelled. */
export async function saveRows(
  engine: Engine,
  trace: OpenTrace,
  query: PageFunctionsQuery,
  format: ExportFormat,
  signal: AbortSignal,
): Promise<string | null> {
  const target = await chooseTarget(trace, "functions", format);
  if (target === undefined) return null;
  const rows = await rowsOf(engine, trace, query, signal);
  const text = format === "csv" ? toCsv(rows) : toJson(rows);
  await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(text));
  return target.fsPath;
}

/** Asks where, and lets the engine write every event that matches. Answers the path, or null when the person cancelled. */
export async function saveEvents(
  engine: Engine,
  trace: OpenTrace,
  query: PageEventNamesQuery,
  format: ExportFormat,
  signal: AbortSignal,
): Promise<string | null> {
  const target = await chooseTarget(trace, "events", format);
  if (target === undefined) return null;
  const output = target.fsPath;
  await engine.request("exportEvents", { ...query, trace: trace.handle, output, format }, signal);
  return output;
}

const chooseTarget = (
  { uri }: OpenTrace,
  what: "functions" | "events",
  format: ExportFormat,
): Thenable<vscode.Uri | undefined> =>
  vscode.window.showSaveDialog({
    defaultUri: uri.with({ path: `${uri.path}.${what}.${format}` }),
    filters: format === "csv" ? { "Comma-separated values": ["csv"] } : { JSON: ["json"] },
    title: what === "functions" ? "Save Functions" : "Save Events",
  });
