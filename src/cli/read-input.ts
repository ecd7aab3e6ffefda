import { type FileText, readFileText } from '../config/read-file.js';

/** The text of a file, or of standard input where `-` is given, up to a limit. Never throws. */
export async function readInput(file: string, maxBytes: number): Promise<FileText> {
  if (file !== '-') return readFileText(file, maxBytes);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > maxBytes) return { kind: 'unusable', why: `more than ${maxBytes} bytes`, fault: 'content' };
    chunks.push(chunk);
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
    return { kind: 'text', text, mode: 0 };
  } catch {
    return { kind: 'unusable', why: 'bytes that are not UTF-8', fault: 'content' };
  }
}
