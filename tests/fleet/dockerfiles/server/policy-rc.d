#!/bin/sh
# Packages start their services on the running server, but not while its image is built. The file
# must exist either way: without one, invoke-rc.d starts nothing where it knows no init system.
test ! -e /run/rig-building || exit 101
