// One file to run: a shell script with the release behind it. The first start unpacks it into a folder
// named by its hash; later ones run what lies there.

/** Unpacks with what every Debian has: sh, tail, sha256sum, tar, gzip, flock. */
const STUB = `#!/bin/sh
# asterisk-vox-bot @VERSION@, in one file. Unpacked once, into @CACHE@.
set -eu
cache=\${VOXBOT_CACHE:-\${XDG_CACHE_HOME:-\${HOME:-/var/cache}/.cache}/asterisk-vox-bot}
home=$cache/@SHA256@
if ! [ -e "$home/bin/asterisk-vox-bot" ]; then
  mkdir -p "$cache"
  # Whoever comes second waits, and finds it unpacked.
  exec 9>"$cache/lock"
  flock 9
  if ! [ -e "$home/bin/asterisk-vox-bot" ]; then
    payload() { tail -n +@LINE@ "$0"; }
    if [ "$(payload | sha256sum | cut -d ' ' -f 1)" != @SHA256@ ]; then
      echo "$0 is damaged: its checksum is wrong. Download it again." >&2
      exit 1
    fi
    rm -rf "$cache/unpacking"
    mkdir "$cache/unpacking"
    payload | tar -xzf - -C "$cache/unpacking" --strip-components=1 --no-same-owner
    mv "$cache/unpacking" "$home"
  fi
  exec 9>&-
fi
exec "$home/bin/asterisk-vox-bot" "$@"
exit 1
`;

/**
 * The file's bytes.
 *
 * @param archive a tar.gz with one folder, in which lies bin/asterisk-vox-bot.
 */
export async function selfExtracting(
  { version, archive }: {
    readonly version: string;
    readonly archive: Uint8Array<ArrayBuffer>;
  },
): Promise<Uint8Array> {
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", archive)).toHex();
  const stub = STUB.replaceAll("@VERSION@", version)
    .replaceAll("@CACHE@", "~/.cache/asterisk-vox-bot")
    .replaceAll("@SHA256@", sha256)
    .replaceAll("@LINE@", String(STUB.split("\n").length));
  const head = new TextEncoder().encode(stub);
  const file = new Uint8Array(head.length + archive.length);
  file.set(head);
  file.set(archive, head.length);
  return file;
}
