/**
 * Whether a host name belongs to the public internet as far as the name tells. Loopback, private and link-local addresses and
 * names of local networks do not: what they name is different on every machine.
 */
export function isPublicHost(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, '');
  if (host.startsWith('[')) return isPublicIpv6(host.slice(1, -1));
  const parts = host.split('.').map(Number);
  // URLs write every spelling of an IPv4 address (hex, octal, one number) as four decimal parts.
  if (parts.length === 4 && parts.every((part) => Number.isInteger(part) && part >= 0 && part < 256)) {
    return isPublicIpv4(parts as [number, number, number, number]);
  }
  if (!host.includes('.')) return false;
  return !/\.(localhost|local|internal|lan|home|corp|intranet|private|home\.arpa)$/.test(host);
}

/** Special blocks of the IANA registry (RFC 6890 and its successors). */
function isPublicIpv4([a, b, c]: readonly [number, number, number, number]): boolean {
  if (a === 0 || a === 10 || a === 127 || a >= 224) return false;
  if (a === 100 && b >= 64 && b < 128) return false;
  if (a === 169 && b === 254) return false;
  if (a === 172 && b >= 16 && b < 32) return false;
  if (a === 192 && (b === 168 || (b === 0 && (c === 0 || c === 2)))) return false;
  if (a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) return false;
  return !(a === 203 && b === 0 && c === 113);
}

/** Only global unicast (2000::/3), and of it neither documentation nor addresses that carry an IPv4 one (6to4, Teredo). */
function isPublicIpv6(address: string): boolean {
  const [first = ''] = address.split(':');
  const head = Number.parseInt(first || '0', 16);
  if (head < 0x2000 || head > 0x3fff) return false;
  return head !== 0x2002 && !/^2001:(?:0?:|0{0,3}db8:|db8:|:)/.test(`${address}:`);
}

/** Whether `hostname` (with its port, where it has one) is `pattern`, or below it where the pattern begins with `*.`. */
export function matchesHost(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return host === pattern;
  return host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1;
}

/** A host pattern as the settings take it: a host with an optional port, or `*.` and a name of at least two parts. */
export const HOST_PATTERN =
  /^(?:\*\.[a-z0-9-]+(?:\.[a-z0-9-]+)+|[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/;
