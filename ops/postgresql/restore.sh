#!/bin/sh
# restore.sh BACKUP ARCHIVE DATA [INSTANT]: make DATA, the data folder of a server that does not run, out of a base backup
# and the archived log, to the end of the log or to INSTANT ('2026-11-22 14:59:59+01'). Run it as the user that runs
# PostgreSQL, then start the server on DATA: it recovers, and takes writes once it has.
set -eu
backup=$1 archive=$2 data=$3 instant=${4:-}
if [ -e "$data" ]; then echo "$data is there already" >&2; exit 1; fi
"$(dirname "$0")/verify-backup.sh" "$backup"
cp -a "$backup" "$data"
chmod 700 "$data"
{
  echo "restore_command = 'cp \"$archive/%f\" \"%p\"'"
  echo "recovery_target_action = 'promote'"
  if [ -n "$instant" ]; then echo "recovery_target_time = '$instant'"; fi
} >> "$data/postgresql.auto.conf"
touch "$data/recovery.signal"
