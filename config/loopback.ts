// Which addresses only this machine can reach.

/** Whether `hostname` is a loopback address or `localhost`; an IPv6 address may be in brackets. */
export function isLoopback(hostname: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(hostname) || /^(::1|\[::1\]|localhost)$/i.test(hostname);
}
