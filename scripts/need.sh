#!/bin/sh
# need.sh PACKAGE COMMAND…: succeed if one of the commands is there; as root on Debian, install the package for it.
set -eu
package=$1
shift
for command in "$@"; do
    if command -v "$command" >/dev/null 2>&1; then exit 0; fi
done
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "maildock: $package is not installed; on Debian: sudo apt-get install $package" >&2
    exit 1
fi
echo "maildock: installing Debian's package $package for the tests" >&2
export DEBIAN_FRONTEND=noninteractive
# PostgreSQL's package would set up and start a server of its own; the tests bring theirs.
settings=/etc/postgresql-common/createcluster.d/maildock-tests.conf
if [ "$package" = postgresql ]; then
    mkdir -p "${settings%/*}"
    echo 'create_main_cluster = false' >"$settings"
    trap 'rm -f "$settings"' EXIT
fi
apt-get update -q >/dev/null
apt-get install -q -y --no-install-recommends "$package" >/dev/null
