const longestAddressCharacters = 254;
const longestLocalCharacters = 64;
const longestLabelCharacters = 63;

function isAlphanumeric(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

const atextSymbols = new Set([..."!#$%&'*+-/=?^_`{|}~"].map((symbol) => symbol.charCodeAt(0)));

/** Dot-separated parts, none of them empty or too long, of characters that `accepts`. */
function isDotted(text: string, longest: number, accepts: (code: number) => boolean): boolean {
  let length = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 46) {
      if (length === 0) return false;
      length = 0;
    } else {
      if (!accepts(code)) return false;
      length += 1;
      if (length > longest) return false;
    }
  }
  return length > 0;
}

function isDomain(text: string): boolean {
  if (!isDotted(text, longestLabelCharacters, (code) => isAlphanumeric(code) || code === 45)) return false;
  return text.split('.').every((label) => !label.startsWith('-') && !label.endsWith('-'));
}

/**
 * True for a plain ASCII mailbox: dot-atom, `@`, host name. No quoted local part, comment, display name, group or address literal: those
 * forms have carried mail to the wrong domain. Looks at each character once. Source: RFC 5321 4.1.2, narrowed.
 */
export function isMailbox(text: string): boolean {
  if (text.length > longestAddressCharacters) return false;
  const at = text.indexOf('@');
  if (at < 1) return false;
  const local = text.slice(0, at);
  return (
    local.length <= longestLocalCharacters &&
    isDotted(local, longestLocalCharacters, (code) => isAlphanumeric(code) || atextSymbols.has(code)) &&
    isDomain(text.slice(at + 1))
  );
}
