#!/bin/sh
# verify-backup.sh BACKUP: every file of a base backup is what its manifest says. Needs no program of PostgreSQL's, so that
# it runs where backups are kept.
set -eu
cd "$1"
grep -q '"Checksum-Algorithm": "SHA256"' backup_manifest
sed -n 's/.*"Path": "\([^"]*\)".*"Checksum": "\([0-9a-f]*\)".*/\2  \1/p' backup_manifest | sha256sum --check --quiet --strict -
