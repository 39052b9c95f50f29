# Where the Debian package keeps things. Whoever may be root runs every command as the bot's own user,
# so that no file of the bot belongs to root.
if [ "$(id -u)" = 0 ]; then
  exec runuser -u asterisk-vox-bot -- "$0" "$@"
fi
VOXBOT_ENV_FILE=/etc/asterisk-vox-bot/.env
: "${DENO_DIR:=/var/cache/asterisk-vox-bot}"
cd /var/lib/asterisk-vox-bot
