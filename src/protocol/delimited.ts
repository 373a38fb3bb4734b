/** Fields of tables as text. */

/** A field of comma-separated values, quoted by RFC 4180 where it has to be. */
export const csvField = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** A field of tab-separated values as spreadsheets paste them: a tab or line break inside of it becomes a space. */
export const tsvField = (text: string): string => text.replace(/[\t\r\n]+/g, " ");
