// bin/asterisk-vox-bot of a release: a shell script that runs each command with the flags of its task
// in deno.json, and with the Deno beside it. It needs no Node, no npx and no network.

/** Where a release lies cannot have what separates the values of Deno's flags. */
const HEAD = `#!/bin/sh
# Runs asterisk-vox-bot with the Deno beside it. Settings: .env in the folder where it is started, or
# the file that VOXBOT_ENV_FILE names.
set -eu
home=$(dirname "$(dirname "$(readlink -f "$0")")")
case $home in
  *[[:space:],]*)
    echo "asterisk-vox-bot cannot run in $home: put it in a folder without spaces and commas" >&2
    exit 2
    ;;
esac
deno="$home/bin/deno"
# A system package says here where settings, data and compiled code lie.
if [ -r "$home/etc/place.sh" ]; then . "$home/etc/place.sh"; fi
env_file=\${VOXBOT_ENV_FILE:-.env}
[ -e "$env_file" ] || env_file=/dev/null
if [ -z "\${DENO_DIR:-}" ]; then
  DENO_DIR="$home/compiled"
  if ! mkdir -p "$DENO_DIR" 2>/dev/null || ! [ -w "$DENO_DIR" ]; then
    DENO_DIR="\${XDG_CACHE_HOME:-\${HOME:-/nonexistent}/.cache}/asterisk-vox-bot/compiled"
  fi
fi
export DENO_DIR DENO_NO_UPDATE_CHECK=1
command=\${1:-}
[ $# -eq 0 ] || shift
case $command in
`;

const RUN = '"$deno" run --quiet --no-check --cached-only --no-remote --config="$home/deno.json"';

/** What deno.json says of a task. */
export interface Task {
  readonly command: string;
}

/**
 * The script's text. Every task that runs `main.ts NAME` becomes the command NAME; anything else, such
 * as --version, reaches main.ts with the permission to read the release and no other.
 */
export function launcher(tasks: Readonly<Record<string, Task>>): string {
  const cases = Object.values(tasks).flatMap(({ command }) => {
    const [, name] = /\bmain\.ts (\w+)$/.exec(command) ?? [];
    return name === undefined ? [] : [`  ${name}) exec ${installed(command)} "$@" ;;\n`];
  });
  const other = `${RUN} --no-prompt --allow-env --allow-read="$home" "$home/main.ts"`;
  return `${HEAD}${cases.join("")}  "") exec ${other} ;;
  *) exec ${other} "$command" "$@" ;;
esac
`;
}

/** A task's command as it runs where nothing can be installed, in any folder. */
function installed(command: string): string {
  return command
    .replace(/ --(?:frozen|cached-only)\b/g, "")
    .replaceAll("deno run", RUN)
    .replaceAll("--env-file=.env", '--env-file="$env_file"')
    .replaceAll("--allow-read=. ", '--allow-read="$home",. ')
    .replace(/ (\w+\/\w+\.ts|main\.ts)\b/g, ' "$home/$1"');
}
