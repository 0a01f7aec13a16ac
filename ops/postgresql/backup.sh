#!/bin/sh
# backup.sh FOLDER: a base backup of the running server that PGHOST, PGPORT and PGUSER name, checked before it counts.
# FOLDER must not be there yet. The role needs REPLICATION.
set -eu
folder=$1
if [ -e "$folder" ]; then echo "$folder is there already" >&2; exit 1; fi
pg_basebackup --pgdata "$folder.part" --checkpoint=fast --wal-method=stream --manifest-checksums=SHA256
"$(dirname "$0")/verify-backup.sh" "$folder.part"
mv "$folder.part" "$folder"
