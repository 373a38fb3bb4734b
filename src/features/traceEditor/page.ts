/** The HTML around the trace editor's page. It holds no data: everything comes by message. */
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

/** The only folder whose files the page may load. */
export const pageResources = (extension: vscode.Uri): vscode.Uri => vscode.Uri.joinPath(extension, "dist", "webview");

/** What the page shows until its script runs; the script shows the same. */
const opening = `<main class="whole-page"><vscode-progress-ring></vscode-progress-ring><p>Opening the trace…</p></main>`;

/**
 * The page may run our one script (by its nonce), use our style sheets and font, and nothing else: no inline style or
 * script, no `eval`, no network.
 */
export function pageHtml(webview: vscode.Webview, extension: vscode.Uri): string {
  const scriptNonce = randomBytes(24).toString("base64");
  // The controls add one empty style element to find out what the browser can do; they take its nonce from a meta element.
  const styleNonce = randomBytes(24).toString("base64");
  const resource = (name: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(pageResources(extension), name)).toString();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${scriptNonce}'`,
    `style-src ${webview.cspSource} 'nonce-${styleNonce}'`,
    `font-src ${webview.cspSource}`,
    `img-src ${webview.cspSource}`,
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta property="csp-nonce" content="${styleNonce}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bootscope Trace</title>
<link rel="stylesheet" href="${resource("codicon.css")}">
<link rel="stylesheet" href="${resource("traceEditor.css")}">
</head>
<body>
<div id="root">${opening}</div>
<script nonce="${scriptNonce}" src="${resource("traceEditor.js")}"></script>
</body>
</html>`;
}
